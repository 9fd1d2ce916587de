"""An attack must find an adversarial example that is known to be there: Zimmermann et al., 2022 (arXiv 2206.13991).

Around each image, the model's last layer is replaced by a linear one that separates points deep in the ball from one
point on its surface (algorithm 1). That point is in the ball, so an attack that works finds it, or another like it. An
attack that does not find what was planted proves nothing where it finds nothing.
"""

import torch
from torch import Tensor, nn

from advlab.attacks.ball import Norm, lengths, per_image, projected
from advlab.attacks.pgd import REACH, ascent
from advlab.models.inference import device_of, evaluation_mode

#: Number of points deep in each image's ball, and their largest distance from the image as a fraction of the radius.
INNER, DEPTH = 64, 0.9
#: Position of the threshold between the inner points, 0, and the planted one, 1: at 1 only that very point would do. At
#: this value PGD finds every planted point of an adversarially trained network, whose gradients are known to be sound.
HARDNESS = 0.2
#: Added to the covariance of the features, in units of their mean variance, so that it can be inverted.
RIDGE = 1.0


def features(model: nn.Module, images: Tensor) -> Tensor:
    """Input of the linear layer that ran last; the outputs of a model that has no such layer.

    Args:
        model: runs in its present mode.
        images: [batch, *shape], in [0, 1], on the model's device.

    Returns:
        [batch, features]; differentiable in the images.

    Source: Zimmermann et al. 2022 (arXiv 2206.13991), algorithm 1.
    """
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
    """Whether PGD finds the planted class, for each image around which a point could be planted.

    Args:
        model: takes pixels in [0, 1]; it is run in evaluation mode.
        images: [batch, *shape], in [0, 1].
        epsilon: radius of the ball, in pixel units, above 0.
        norm: "Linf" or "L2".
        steps: of PGD, at least 1.
        seed: of the points that are drawn.

    Returns:
        One verdict per image whose planted point can be separated from the inner points; possibly none.

    Source: Zimmermann et al. 2022 (arXiv 2206.13991), algorithm 1.
    """
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
    """The only logit of the planted problem, as its loss."""
    return logits


def _points(image: Tensor, epsilon: float, norm: Norm, generator: torch.Generator) -> Tensor:
    """Points deep in an image's ball, then one on its surface; clipped to [0, 1] as attacks are."""
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
    """Fisher's linear discriminant of the last point against all others, its threshold, and whether it separates them.

    The threshold lies between the nearest inner point and the planted one.
    """
    inner, outer = of_points[:-1], of_points[-1]
    centred = inner - inner.mean(0)
    ridge = RIDGE * centred.square().mean() + torch.finfo(torch.float64).tiny
    # (C'C / n + r I)^-1 d, by way of the small matrix CC', which has one row per point.
    away = outer - inner.mean(0)
    small = centred @ centred.T / INNER + ridge * torch.eye(INNER, dtype=centred.dtype, device=centred.device)
    weight = (away - centred.T @ torch.linalg.solve(small, centred @ away) / INNER) / ridge
    weight = weight / weight.norm().clamp_min(torch.finfo(torch.float64).tiny)
    nearest, planted = (inner @ weight).max(), outer @ weight
    return weight, nearest + HARDNESS * (planted - nearest), bool(planted > nearest)
