# --8<-- [start:mask]
import copy

import torch

from advlab import trained

model = trained("standard")
masked = copy.deepcopy(model)
with torch.no_grad():
    masked.fc2.weight *= 1000  # the order of the logits stays
    masked.fc2.bias *= 1000
# --8<-- [end:mask]

# --8<-- [start:look]
import torch.nn.functional as F

from advlab.attacks import fgsm
from advlab.data import subset

test = subset(100)
images = test.images.clone().requires_grad_()
loss = F.cross_entropy(masked(images), test.labels, reduction="sum")
(gradient,) = torch.autograd.grad(loss, images)
vanished = (gradient.flatten(1) == 0).all(dim=1).float().mean().item()
print("same answers:", torch.equal(masked(test.images).argmax(1), model(test.images).argmax(1)))
print("nine gradients in ten are zero in every pixel:", vanished > 0.9)

attacked = fgsm(masked, test.images, test.labels, 0.3)
right = (masked(attacked).argmax(1) == test.labels).float().mean().item()
print("more than nine in ten survive FGSM:", right > 0.9)
# --8<-- [end:look]
