# --8<-- [start:load]
import torch

from advlab import zoo
from advlab.attacks import fgsm, pgd
from advlab.attacks.losses import margin
from advlab.data import subset
from advlab.defenses import Cooled
from advlab.engine.cache.profile import current
from advlab.evaluation import accuracy

student, test = zoo.student(current()), subset(100)
images, labels = test.images, test.labels
# --8<-- [end:load]


# --8<-- [start:attack]
def survivors(attacked):
    return accuracy(student, attacked, labels).value  # the student's own verdict, at temperature one


naive = survivors(fgsm(student, images, labels, 0.3))
cooled = survivors(fgsm(Cooled(student, 100), images, labels, 0.3))
generator = torch.Generator().manual_seed(0)
honest = survivors(pgd(student, images, labels, 0.3, generator=generator, steps=20, loss=margin))
print("FGSM changes hardly anything:", naive > accuracy(student, images, labels).value - 0.05)
print("FGSM with logits divided by T leaves much less:", cooled < naive - 0.3)
print("PGD on the margin leaves less than five in a hundred:", honest < 0.05)
# --8<-- [end:attack]
