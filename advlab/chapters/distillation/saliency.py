"""The attack that defensive distillation was made against: Papernot et al., 2016 (arXiv 1511.07528), in a few lines.

It whitens pixels two at a time, those that most raise a target's probability and lower all others. Since
probabilities sum to one, whatever raises the target's lowers the sum of the others. So the two pixels with the largest
derivatives are the best pair, and no search over pairs is needed.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.models.inference import CHUNK
from advlab.models.rewriting import for_attacks


def saliency(
    model: nn.Module, images: Float[Tensor, "batch *shape"], targets: Int[Tensor, " batch"], pixels: int
) -> Float[Tensor, "batch *shape"]:
    """Images with up to `pixels` pixels made white, chosen by the gradient of the target's probability.

    Args:
        model: in evaluation mode; returns logits.
        images: in [0, 1].
        targets: the classes that the images should be read as.
        pixels: the most pixels that may change; each step changes two.

    Returns:
        The images at which the target was reached, or no pair of pixels raised its probability any more.
    """
    fast = for_attacks(model)
    chunks = zip(images.split(CHUNK), targets.split(CHUNK), strict=True)
    return torch.cat([_whitened(fast, chunk, aims, pixels // 2) for chunk, aims in chunks])


def _whitened(model: nn.Module, images: Tensor, targets: Tensor, steps: int) -> Tensor:
    found = images.clone()
    going = torch.arange(len(images))
    for _ in range(steps):
        here = found[going].requires_grad_()
        logits = model(here)
        probability = logits.softmax(1).gather(1, targets[going, None])
        (gradient,) = torch.autograd.grad(probability.sum(), here)
        usable = gradient.masked_fill(here.detach() == 1, -torch.inf).flatten(1)
        best, places = usable.topk(2, dim=1)
        # A pair has to raise the target (equation 8 of the paper); where the gradient is zero, none does.
        going_on = (best.sum(1) > 0) & (logits.argmax(1) != targets[going])
        going, places = going[going_on], places[going_on]
        if len(going) == 0:
            break
        found[going] = found[going].flatten(1).scatter(1, places, 1.0).view_as(found[going])
    return found
