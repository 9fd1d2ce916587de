"""Training on targets that are no labels of digits: another model's probabilities, or whether an image was attacked.

`advlab.training.train` takes its images and labels from MNIST. Here its loop runs on the data handed in.
"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from advlab.engine.cache import machine
from advlab.models.rewriting import rewritten
from advlab.training import Recipe, check_recipe, descent, lay_out, memory


def fit(
    recipe: Recipe, images: Float[Tensor, "n *shape"], targets: Shaped[Tensor, "n *target"], seed: int
) -> nn.Module:
    """Trains the recipe's model on these images, so that `recipe.loss(logits, targets)` becomes small.

    The seed decides weights, order and dropout, as in `advlab.training.train`, with the same Adam and the same cycle of
    its rate; torch's global generator is left as it was. Of the recipe only architecture, loss, epochs, batch size,
    learning rate and clip are used.

    Returns:
        The model in evaluation mode, on the device of `ADVLAB_DEVICE`.

    Raises:
        ValueError: epochs or batch size below 1, no image, or as many targets as images there are not; a recipe that
            perturbs or has an objective, which this loop does not do.
    """
    check_recipe(recipe)
    if recipe.perturb is not None or recipe.objective is not None:
        raise ValueError("this recipe perturbs its images or has an objective: use advlab.training.train")
    if len(images) != len(targets) or len(images) == 0:
        raise ValueError(f"needs a target for each image and one image at least, got {len(images)} and {len(targets)}")
    memory.keep_freed_blocks()
    device, order = machine.device(), torch.Generator().manual_seed(seed)
    images, targets = images.to(device), targets.to(device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe.architecture().to(device).train()
        lay_out(model, torch.channels_last)
        for _ in descent(model, rewritten(model), recipe, images, targets, order):
            pass
    lay_out(model, torch.contiguous_format)
    return model.eval()
