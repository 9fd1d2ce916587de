# --8<-- [start:use]
import torch

from advlab import trained
from advlab.attacks import fgsm, pgd
from advlab.attacks.losses import margin
from advlab.data import subset
from advlab.defenses import Jpeg, Preprocessed, through
from advlab.evaluation import accuracy

model, test = trained("standard"), subset(60)
images, labels = test.images, test.labels
defended = Preprocessed(Jpeg(75), model)

pixels = images.clone().requires_grad_()
(gradient,) = torch.autograd.grad(defended(pixels).sum(), pixels)
print("pixels with a gradient:", int((gradient != 0).sum()))

static = fgsm(model, images, labels, 0.3)  # made on the undefended model
generator = torch.Generator().manual_seed(0)
adaptive = pgd(through(defended), images, labels, 0.3, generator=generator, steps=20, loss=margin)
left = [accuracy(defended, attacked, labels).value for attacked in (static, adaptive)]
print("the adaptive attack leaves less:", left[1] < left[0])
print("it leaves less than five in a hundred:", left[1] < 0.05)
# --8<-- [end:use]
