# --8<-- [start:function]
import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, steps, generator):
    """The model is in evaluation mode and takes pixels in [0, 1]."""
    step = 2.5 * epsilon / steps
    start = torch.rand(images.shape, generator=generator, dtype=images.dtype)
    moved = (images + epsilon * (2 * start - 1)).clamp(0, 1)
    for _ in range(steps):
        moved.requires_grad_()
        loss = F.cross_entropy(model(moved), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, moved)
        change = moved.detach() + step * gradient.sign() - images
        moved = (images + change.clamp(-epsilon, epsilon)).clamp(0, 1)
    return moved


# --8<-- [end:function]

# --8<-- [start:use]
from advlab import trained
from advlab.data import subset

model, test = trained("standard").eval(), subset(50)
generator = torch.Generator().manual_seed(0)
attacked = pgd(model, test.images, test.labels, 0.2, 20, generator)
change = (attacked - test.images).abs().max().item()
right = (model(attacked).argmax(1) == test.labels).float().mean()
print(f"largest change {change:.3f}")
print("fewer than one in five is right:", bool(right < 0.2))
# --8<-- [end:use]
