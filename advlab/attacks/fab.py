"""The fast adaptive boundary attack: Croce, Hein 2020 (arXiv 1907.02044), algorithm 1."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import TINY, Norm, lengths, per_image
from advlab.attacks.boundary import crossed, linearised, nearest, rivals, shortest
from advlab.attacks.losses import margin

#: alpha_max of the paper: the largest weight with which the next point is drawn towards the original image.
ALPHA_MAX = 0.1
#: eta of the paper: each projection goes slightly beyond its hyperplane.
OVERSHOOT = 1.05
#: beta of the paper: after crossing, the search continues from this fraction of the way from the original image.
BACKWARD = 0.9
#: Steps of the final search on the way back to the original image. Each goes nine tenths of the way to the point where
#: the margin would be 0 if it were linear: the whole way would end on the boundary itself, on neither of its sides.
FINAL_STEPS, FINAL_SHARE = 3, 0.9
#: Radius of random restarts while nothing is found, of which half is used: the paper's epsilon for MNIST.
RESTART_RADIUS: dict[Norm, float] = {"Linf": 0.3, "L2": 2.0}
#: Number of classes besides the label that the untargeted form considers, the likeliest first: all, with ten classes.
RIVALS = 9


@attack
def fab(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    steps: int = 100,
    restarts: int = 1,
    targets: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Projects onto the boundary, taken as a hyperplane, within [0, 1], while being drawn back to the original image.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        generator: draws the random starts, on the CPU; the first of the `restarts` begins at the image itself.
        norm: "Linf" or "L2".
        steps: projections in each restart, at least 1.
        restarts: number of searches, at least 1; the nearest success of all counts.
        targets: `[batch]`, the only class whose boundary with the label is searched (FAB-T; Croce and Hein 2020,
            AutoAttack): one backward pass a step instead of one for each class. Any misclassification on the way
            counts.

    Returns:
        The nearest misclassified image found, in [0, 1]; the image unchanged where it was misclassified already or none
            was found.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Croce, Hein 2020 (arXiv 1907.02044), algorithm 1.
    """
    with torch.no_grad():
        logits = model(images)
    right = torch.nonzero(logits.argmax(1) == labels)[:, 0]
    result = images.clone()
    if len(right) == 0:
        return result
    others = rivals(logits, labels, RIVALS) if targets is None else targets[:, None]
    originals, labels, others = images[right], labels[right], others[right]
    found, sizes = originals.clone(), torch.full_like(logits[right, 0], torch.inf)
    points = originals
    for restart in range(restarts):
        if restart > 0:
            points = _start(originals, sizes.clamp_max(RESTART_RADIUS[norm]) / 2, norm, generator)
        for _ in range(steps):
            points = _next(points, originals, *linearised(model, points, labels, others), norm)
            with torch.no_grad():
                valid = crossed(model(points), labels)
            found, sizes = shortest(found, points, originals, valid, sizes, norm)
            back = originals + BACKWARD * (points - originals)
            points = torch.where(per_image(valid, points), back, points)
    result[right] = _final_search(model, found, originals, labels)
    return result


def _next(
    points: Float[Tensor, "batch *shape"],
    originals: Float[Tensor, "batch *shape"],
    differences: Float[Tensor, "batch others"],
    slopes: Float[Tensor, "batch others *shape"],
    norm: Norm,
) -> Float[Tensor, "batch *shape"]:
    """Equation 9: projections of the point and of the original onto the nearest hyperplane, and a mean of the two."""
    f, w, _ = nearest(differences, slopes, norm)
    at_original = f + (w * (originals - points)).flatten(1).sum(1)
    both = onto_hyperplane(
        torch.cat([points, originals]), w.repeat(2, *[1] * (w.ndim - 1)), torch.cat([f, at_original]), norm
    )
    change, change_of_original = both.chunk(2)
    one, other = lengths(change, norm), lengths(change_of_original, norm)
    alpha = per_image((one / (one + other).clamp_min(TINY)).clamp_max(ALPHA_MAX), points)
    ahead = points + OVERSHOOT * change
    return ((1 - alpha) * ahead + alpha * (originals + OVERSHOOT * change_of_original)).clamp(0, 1)


def onto_hyperplane(
    points: Float[Tensor, "batch *shape"],
    w: Float[Tensor, "batch *shape"],
    f: Float[Tensor, " batch"],
    norm: Norm,
) -> Float[Tensor, "batch *shape"]:
    """The smallest change d with f + w · d = 0 and points + d in [0, 1].

    Where the hyperplane misses the box, the change goes as far towards it as the box allows. Each pixel moves along its
    weight at a speed, 1 in L-infinity and |w| in L2, until it meets the edge of the box; all pixels stop at the same
    time. That time is exact and found for all images at once, by sorting the pixels by when they meet the edge.

    Args:
        points: `[batch, *shape]`, in [0, 1].
        w: `[batch, *shape]`, the normals of the hyperplanes.
        f: `[batch]`, the values of the linear functions at the points.
        norm: the norm in which the change is smallest, "Linf" or "L2".

    Returns:
        `[batch, *shape]`, the change d, in pixel units.

    Source: Croce, Hein 2020 (arXiv 1907.02044), section 2.2, equation 4.
    """
    flat = w.flatten(1)
    scale = flat.abs().amax(1).clamp_min(torch.finfo(w.dtype).tiny)  # squares of tiny weights would underflow
    needed = (f / scale).abs()
    v = flat / -torch.copysign(scale, f)[:, None]
    # Weights that are mere rounding would move to the edge of the box, gain nothing, and cost length.
    v = torch.where(v.abs() < 8 * torch.finfo(w.dtype).eps, 0, v)
    room = torch.where(v > 0, 1 - points.flatten(1), points.flatten(1))
    speed = torch.ones_like(v) if norm == "Linf" else v.abs()
    gain = v.abs() * speed  # per unit of time
    ends = torch.where(gain > 0, room / speed.clamp_min(torch.finfo(w.dtype).tiny), 0)
    ends, order = ends.sort(dim=1)
    gain = gain.gather(1, order)
    stopped = (gain * ends).cumsum(1)
    moving = gain.flip(1).cumsum(1).flip(1)  # gain of this pixel and of those that meet the edge later
    gained = stopped + ends * (moving - gain)
    last = torch.searchsorted(gained, needed[:, None]).clamp_max(flat.shape[1] - 1)  # the first short of its edge
    at = [of.gather(1, last) for of in (needed[:, None] - stopped + gain * ends, moving, ends)]
    time = torch.minimum(at[0].clamp_min(0) / at[1].clamp_min(TINY), at[2])
    return (v.sign() * torch.minimum(time * speed, room)).view_as(points)


def _start(
    originals: Float[Tensor, "batch *shape"],
    radii: Float[Tensor, " batch"],
    norm: Norm,
    generator: torch.Generator,
) -> Float[Tensor, "batch *shape"]:
    """A random point at the given distance from each image, then clipped to [0, 1]."""
    if norm == "Linf":
        noise = 2 * torch.rand(originals.shape, generator=generator, dtype=originals.dtype) - 1
    else:
        noise = torch.randn(originals.shape, generator=generator, dtype=originals.dtype)
    noise = noise.to(originals.device)
    return (originals + noise * per_image(radii / lengths(noise, norm), noise)).clamp(0, 1)


def _final_search(
    model: nn.Module,
    found: Float[Tensor, "batch *shape"],
    originals: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
) -> Float[Tensor, "batch *shape"]:
    """Back along the line to the original, by the margins at the nearest known points on both sides of the boundary."""
    inside, outside = originals, found
    with torch.no_grad():
        margins = [margin(model(points), labels) for points in (inside, outside)]
        for _ in range(FINAL_STEPS):
            share = FINAL_SHARE * margins[1] / (margins[1] - margins[0]).clamp_min(TINY)
            between = outside + per_image(share.clamp(0, 1), outside) * (inside - outside)
            logits = model(between)
            now, valid = margin(logits, labels), crossed(logits, labels)
            inside, outside = (
                torch.where(per_image(valid, between), inside, between),
                torch.where(per_image(valid, between), between, outside),
            )
            margins = [torch.where(valid, margins[0], now), torch.where(valid, now, margins[1])]
    return outside
