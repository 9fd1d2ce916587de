"""An attack has to find an adversarial example that is known to be there: Zimmermann et al., 2022 (arXiv 2206.13991).

Round each image the model's last layer is replaced by a linear one that tells points deep in the ball from one point on
its surface (algorithm 1). That point is in the ball, so an attack that works finds it, or another like it. One that
does not find what was planted proves nothing where it finds nothing.
"""

import torch
from torch import Tensor, nn

from advlab.attacks.ball import Norm, lengths, per_image, projected
from advlab.attacks.pgd import REACH, ascent
from advlab.models.inference import device_of, evaluation_mode

#: Points in the ball of each image, no further out than this share of its radius.
INNER, DEPTH = 64, 0.9
#: How far the threshold lies on the way from the points inside to the planted one: at 1 only that very point would do.
#: With this a network trained on PGD's images, whose gradients are known to be sound, solves every problem.
HARDNESS = 0.2
#: Added to the variance of the features, as a share of their mean variance, so that it can be inverted.
RIDGE = 1.0


def features(model: nn.Module, images: Tensor) -> Tensor:
    """What goes into the linear layer that ran last; the outputs of a model that has none."""
    seen: list[Tensor] = []
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    hooks = [layer.register_forward_hook(lambda _, given, __: seen.append(given[0])) for layer in layers]
    try:
        outputs = model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return seen[-1] if seen and seen[-1].ndim == 2 and len(seen[-1]) == len(images) else outputs


def planted_found(model: nn.Module, images: Tensor, epsilon: float, norm: Norm, steps: int, seed: int) -> list[bool]:
    """Of the images round which a point could be planted, those whose planted class PGD finds in the ball."""
    generator = torch.Generator().manual_seed(seed)
    images = images.to(device_of(model))
    weights, thresholds, planted = [], [], []
    with evaluation_mode(model), torch.inference_mode(False):
        for image in images:
            points = _points(image, epsilon, norm, generator)
            with torch.no_grad():
                of_points = features(model, points).double()
            weight, threshold, separate = _readout(of_points)
            weights.append(weight)
            thresholds.append(threshold)
            planted.append(separate)
        keep = torch.tensor(planted)
        if not keep.any():
            return []
        images, weight, threshold = images[keep], torch.stack(weights)[keep], torch.stack(thresholds)[keep]

        class Binary(nn.Module):
            def forward(self, given: Tensor) -> Tensor:
                return (features(model, given).double() * weight).sum(1) - threshold

        labels = torch.zeros(len(images), dtype=torch.long, device=images.device)
        size = REACH * epsilon / steps
        with torch.enable_grad():
            found = ascent(Binary(), images, labels, None, images, epsilon, norm, steps, size, _score)
        with torch.no_grad():
            return (Binary()(found) > 0).tolist()


def _score(logits: Tensor, labels: Tensor, targets: Tensor | None = None) -> Tensor:
    """The loss of the planted problem is its one logit."""
    return logits


def _points(image: Tensor, epsilon: float, norm: Norm, generator: torch.Generator) -> Tensor:
    """Points deep in the ball of an image, and one on its surface, last; cut off by [0, 1] as attacks are."""
    drawn = torch.randn((INNER + 1, *image.shape), generator=generator, dtype=torch.float64).to(image)
    if norm == "Linf":
        sizes = torch.rand(drawn.shape, generator=generator, dtype=torch.float64).to(image) * DEPTH
        sizes[-1] = 1.0
        change = drawn.sign() * sizes
    else:
        radius = torch.rand(INNER + 1, generator=generator, dtype=torch.float64).to(image) * DEPTH
        radius[-1] = 1.0
        change = drawn * per_image(radius / lengths(drawn, "L2"), drawn)
    whole = image.expand_as(drawn)
    return projected(whole + epsilon * change, whole, epsilon, norm)


def _readout(of_points: Tensor) -> tuple[Tensor, Tensor, bool]:
    """Fisher's linear discriminant of the last point against all others, and whether it tells them apart.

    The threshold stands between the nearest inner point and the planted one.
    """
    inner, outer = of_points[:-1], of_points[-1]
    centred = inner - inner.mean(0)
    ridge = RIDGE * centred.square().mean() + torch.finfo(torch.float64).tiny
    # (C'C / n + r I)^-1 d, by the small matrix CC' of as many rows as there are points.
    away = outer - inner.mean(0)
    small = centred @ centred.T / INNER + ridge * torch.eye(INNER, dtype=centred.dtype, device=centred.device)
    weight = (away - centred.T @ torch.linalg.solve(small, centred @ away) / INNER) / ridge
    weight = weight / weight.norm().clamp_min(torch.finfo(torch.float64).tiny)
    nearest, planted = (inner @ weight).max(), outer @ weight
    return weight, nearest + HARDNESS * (planted - nearest), bool(planted > nearest)
