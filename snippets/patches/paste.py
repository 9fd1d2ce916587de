# --8<-- [start:paste]
import math

import torch
import torch.nn.functional as F


def paste(image, patch, row, column, degrees, scale):
    """The circle of a square patch, laid over an image: its centre, in pixels."""
    height, width = image.shape[-2:]
    down = torch.arange(height)[:, None] + 0.5 - row
    right = torch.arange(width)[None, :] + 0.5 - column
    turn, half = math.radians(degrees), scale * patch.shape[-1] / 2
    x = (right * math.cos(turn) - down * math.sin(turn)) / half
    y = (right * math.sin(turn) + down * math.cos(turn)) / half
    where = torch.stack([x, y], dim=-1)  # where in the patch each pixel looks
    options = {"padding_mode": "border", "align_corners": False}
    seen = F.grid_sample(patch[None], where[None], **options)
    return torch.where(where.norm(dim=-1) < 1, seen, image)


# --8<-- [end:paste]
# --8<-- [start:check]
from advlab.attacks.transformations import Placements, apply_patch

image = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
patch = torch.full((1, 11, 11), 0.5, requires_grad=True)

pasted = paste(image, patch, 12.0, 16.0, 30.0, 1.2)
there = Placements(*(torch.tensor([value]) for value in (12.0, 16.0, 30.0, 1.2)))
library = apply_patch(image, patch, there)
print("as the library does it:", torch.allclose(pasted, library, atol=1e-6))

pasted.sum().backward()
moved = int((patch.grad != 0).sum())
print(f"pixels that get a gradient: {moved} of {patch.numel()}")
# --8<-- [end:check]
