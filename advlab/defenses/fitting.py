"""Training on targets that are not digits: another model's probabilities, or whether an image was attacked.

`advlab.training.train` takes its images and labels from MNIST. Here the same loop runs on the data handed in.
"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from advlab.engine.cache import machine
from advlab.models.rewriting import rewritten
from advlab.training import Recipe, check_recipe, memory, set_memory_format, training_steps


def fit(
    recipe: Recipe, images: Float[Tensor, "n *shape"], targets: Shaped[Tensor, "n *target"], seed: int
) -> nn.Module:
    """Model trained by the recipe on these images, so that `recipe.loss(logits, targets)` becomes small.

    The seed decides initial weights, order of images and dropout, as in `advlab.training.train`, with the same Adam and
    the same cycle of its learning rate. torch's global generator is left as it was. Of the recipe only architecture,
    loss, epochs, batch size, learning rate and clip are used.

    Args:
        recipe: without `perturb` and `objective`.
        images: [n, *shape], in [0, 1], at least one.
        targets: [n, *target], what the loss compares the logits with.
        seed: any whole number that `torch.manual_seed` takes.

    Returns:
        The model in evaluation mode, on the device of `ADVLAB_DEVICE`.

    Raises:
        ValueError: the recipe's epochs or batch size are below 1, or its clip is not positive; it perturbs or has an
            objective, which this loop does not support; there is no image, or the numbers of images and targets differ.

    Source: advlab's own: the loop of `advlab.training.train`, which takes no data of the caller's.
    """
    check_recipe(recipe)
    if recipe.perturb is not None or recipe.objective is not None:
        raise ValueError("this recipe perturbs its images or has an objective: use advlab.training.train")
    if len(images) != len(targets) or len(images) == 0:
        raise ValueError(f"there must be images and one target for each, got {len(images)} and {len(targets)}")
    memory.keep_freed_blocks()
    device, order = machine.device(), torch.Generator().manual_seed(seed)
    images, targets = images.to(device), targets.to(device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe.architecture().to(device).train()
        set_memory_format(model, torch.channels_last)
        for _ in training_steps(model, rewritten(model), recipe, images, targets, order):
            pass
    set_memory_format(model, torch.contiguous_format)
    return model.eval()
