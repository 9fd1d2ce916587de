# --8<-- [start:masked]
import torch
import torch.nn.functional as F


def wear(model, images, targets, mask, steps=20, step=0.125):
    """Moves the pixels of the mask, and no others, until the model reads the targets."""
    worn = images
    for _ in range(steps):
        worn = worn.detach().requires_grad_()
        loss = F.cross_entropy(model(worn), targets, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, worn)
        moved = (worn.detach() - step * gradient.sign()).clamp(0, 1)
        worn = torch.where(mask, moved, images)
    return worn


# --8<-- [end:masked]
# --8<-- [start:try]
from advlab import trained
from advlab.attacks import masked, spectacles
from advlab.data import subset

model, test, mask = trained("standard").eval(), subset(100), spectacles()
targets = (test.labels + 1) % 10
worn = wear(model, test.images, targets, mask)

options = {"mask": mask, "steps": 20, "targets": targets}
library = masked(model, test.images, test.labels, **options)
outside = (worn != test.images)[:, ~mask]
print("outside the frame, pixels that moved:", int(outside.sum()))


def hits(images):
    with torch.no_grad():
        return float((model(images).argmax(1) == targets).float().mean())


close = abs(hits(worn) - hits(library)) < 0.05
print("within a few images of the library's:", close)
grey = test.images.masked_fill(mask, 0.5)
more = hits(worn) > hits(grey) + 0.1
print("read as the wanted digit more often than in grey:", more)
# --8<-- [end:try]
