"""HopSkipJumpAttack: Chen, Jordan, Wainwright 2020 (arXiv 1904.02144), algorithms 1 and 2. It asks only for classes."""

import math
from itertools import count, cycle

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import TINY, Norm, lengths, per_image, steepest
from advlab.models.inference import CHUNK

#: The paper's B0: queries of the first gradient estimate; the t-th estimate takes sqrt(t) times as many.
SAMPLES = 100
#: Radius of the first estimate, in pixel units (L2), when the distance of the boundary is still unknown.
FIRST_DELTA = 0.1
#: Noise that is tried as a start, in this order: (weight of the noise against the image, brightness of the noise).
TRIALS = ((1.0, 1.0), (1.0, 0.3), (0.7, 1.0), (0.7, 0.3), (0.5, 1.0), (0.5, 0.3), (0.3, 1.0))
#: The result lies this fraction of its distance beyond the point found on the boundary, where rounding in the model's
#: arithmetic might decide otherwise.
OVERSHOOT = 1e-3


@attack
def hopskipjump(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],
    labels: Int[Tensor, " batch"],
    *,
    generator: Generator,
    norm: Norm = "L2",
    queries: int = 2500,
    starts: Float[Tensor, "batch *shape"] | None = None,
) -> Float[Tensor, "batch *shape"]:
    """Walks along the decision boundary towards the image, using only the predicted class of each query.

    Every iteration estimates the boundary's normal from the classes of nearby points, takes a step along it, halved
    until the class is wrong, and returns to the boundary by a binary search between the point and the image.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; only the index of the largest logit is used.
        images: `[batch, *shape]`, in [0, 1].
        labels: `[batch]`, the true classes.
        generator: source of all noise, on the CPU.
        norm: the distance to minimise, "L2" or "Linf".
        queries: the largest number of queries for each image, at least 1. The first is the image itself. (The check of
            the model's output on the first image, which every attack makes, is not counted.)
        starts: `[batch, *shape]`, images to begin with, in [0, 1]. Where none is given or it is classified as the
            label, uniform noise is tried: bright or dark, pure or blended with the image.

    Returns:
        The nearest misclassified images found, in [0, 1]; an image unchanged where it was misclassified already, or
            where no start was found.

    Raises:
        ValueError, TypeError: bad input; see `advlab.attacks.attack.attack`.

    Source: Chen, Jordan, Wainwright 2020 (arXiv 1904.02144), algorithms 1 and 2.
    """
    answers = _Answers(model, labels, queries)
    everyone = torch.arange(len(images), device=images.device)
    active = everyone[~answers.fooled(images, everyone)]
    found, active = _started(answers, images, starts, active, generator)
    found[active] = _boundary(answers, images, found, active, norm)
    d, nearest = images[0].numel(), found.clone()
    for t in count(1):
        # Queries for one binary search are set aside, with one for the step and one for the end.
        spare = answers.left - _halvings(d, norm) - 2
        active = active[spare[active] > 0]
        if not len(active):
            break
        distances = lengths(found[active] - images[active], norm)
        samples = spare[active].clamp_max(math.ceil(SAMPLES * math.sqrt(t)))
        delta = distances / d if t > 1 else torch.full_like(distances, FIRST_DELTA)
        gradient = _gradient(answers, found[active], active, samples, delta, norm, generator)
        direction = steepest(gradient, norm)
        found[active] = _stepped(answers, found, active, direction, distances / math.sqrt(t), _halvings(d, norm))
        found[active] = _boundary(answers, images, found, active, norm)
        nearer = lengths(found - images, norm) < lengths(nearest - images, norm)
        nearest[nearer] = found[nearer]
    beyond = (images + (1 + OVERSHOOT) * (nearest - images)).clamp(0, 1)
    changed = everyone[(nearest != images).flatten(1).any(1) & (answers.left > 0)]
    sure = changed[answers.fooled(beyond[changed], changed)]
    nearest[sure] = beyond[sure]
    return nearest


class _Answers:
    """The model as the attacker sees it, with a budget of queries for each image: is this point misclassified?"""

    def __init__(self, model: nn.Module, labels: Int[Tensor, " batch"], queries: int) -> None:
        self.model = model
        self.labels = labels
        self.left = torch.full_like(labels, queries)

    def fooled(self, points: Float[Tensor, "n *shape"], owners: Int[Tensor, " n"]) -> Bool[Tensor, " n"]:
        """Mask of misclassified points; each query counts for the image that `owners` names."""
        self.left -= owners.bincount(minlength=len(self.left))
        with torch.no_grad():
            classes = [self.model(part).argmax(1) for part in points.split(CHUNK) if len(part)]
        return torch.cat([*classes, owners[:0]]) != self.labels[owners]

    def able(self, owners: Int[Tensor, " n"], kept: int) -> Int[Tensor, " m"]:
        """Those of `owners` that have more than `kept` queries left."""
        return owners[self.left[owners] > kept]


def _started(
    answers: _Answers, images: Tensor, starts: Tensor | None, active: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Algorithm 2, "initialize": a misclassified start for each active image, and the images that have one."""
    found = images.clone()
    searching, lucky = answers.able(active, 1), [active[:0]]
    for share, brightness in cycle(TRIALS):
        if not len(searching):
            break
        if starts is not None:
            trial, starts = starts[searching], None
        else:
            noise = torch.rand(images.shape, generator=generator, dtype=images.dtype).to(images.device)
            trial = images[searching].lerp(brightness * noise[searching], share)
        fooled = answers.fooled(trial, searching)
        found[searching[fooled]] = trial[fooled]
        lucky.append(searching[fooled])
        searching = answers.able(searching[~fooled], 1)
    return found, torch.cat(lucky).sort().values


def _halvings(d: int, norm: Norm) -> int:
    """Queries of one binary search: until the interval left is the paper's theta, d**-1.5 or d**-2 of the first."""
    return math.ceil(math.log2(d) * (1.5 if norm == "L2" else 2))


def _boundary(answers: _Answers, images: Tensor, found: Tensor, active: Tensor, norm: Norm) -> Tensor:
    """Algorithm 1, Bin-Search: from each misclassified point towards its image, as long as the class stays wrong."""
    low, high = (torch.full((len(images),), end, dtype=images.dtype, device=images.device) for end in (0.0, 1.0))
    for _ in range(_halvings(images[0].numel(), norm)):
        asked = answers.able(active, 1)
        middle = (low + high) / 2
        fooled = answers.fooled(_between(images[asked], found[asked], middle[asked], norm), asked)
        high[asked] = torch.where(fooled, middle[asked], high[asked])
        low[asked] = torch.where(fooled, low[asked], middle[asked])
    return _between(images[active], found[active], high[active], norm)


def _between(images: Tensor, points: Tensor, shares: Tensor, norm: Norm) -> Tensor:
    """The point at this fraction of the distance from its image: a blend in L2, a clipped change in L-infinity."""
    if norm == "L2":
        return images.lerp(points, per_image(shares, images))
    limit = per_image(shares * lengths(points - images, norm), images)
    return points.clamp(images - limit, images + limit)


def _gradient(
    answers: _Answers, points: Tensor, owners: Tensor, samples: Tensor, delta: Tensor, norm: Norm, generator: Generator
) -> Tensor:
    """Section III-C: the boundary's normal from `samples` points around each, with the mean answer as baseline."""
    signed, plain = torch.zeros_like(points), torch.zeros_like(points)
    balance = torch.zeros(len(points), dtype=points.dtype, device=points.device)
    rows = torch.arange(len(points), device=points.device).repeat_interleave(samples)
    for part in rows.split(CHUNK):
        noise = _unit_noise(points[part], norm, generator)
        size = per_image(delta[part].clamp_min(TINY), noise)
        moved = (points[part] + size * noise).clamp(0, 1)
        noise = (moved - points[part]) / size  # the part of it within [0, 1]
        answer = torch.where(answers.fooled(moved, owners[part]), 1.0, -1.0).to(points.dtype)
        signed.index_add_(0, part, per_image(answer, noise) * noise)
        plain.index_add_(0, part, noise)
        balance.index_add_(0, part, answer)
    mean = balance / samples
    mean[mean.abs() == 1] = 0  # all answers alike: the baseline would cancel everything
    return signed - per_image(mean, plain) * plain


def _unit_noise(like: Tensor, norm: Norm, generator: Generator) -> Tensor:
    """One random direction for each image, of Euclidean length 1: Gaussian for L2, from a cube for L-infinity."""
    if norm == "L2":
        noise = torch.randn(like.shape, generator=generator, dtype=like.dtype)
    else:
        noise = 2 * torch.rand(like.shape, generator=generator, dtype=like.dtype) - 1
    return (noise / per_image(lengths(noise, "L2").clamp_min(TINY), noise)).to(like.device)


def _stepped(
    answers: _Answers, found: Tensor, active: Tensor, direction: Tensor, sizes: Tensor, halvings: int
) -> Tensor:
    """Section IV-B: a step along the normal, halved until the class stays wrong; no step where it never does."""
    result, sizes = found[active], sizes.clone()
    waiting = torch.arange(len(active), device=active.device)
    for _ in range(halvings):
        # The binary search comes afterwards and needs its queries.
        waiting = waiting[answers.left[active[waiting]] > halvings + 1]
        step = per_image(sizes[waiting], direction[waiting]) * direction[waiting]
        trial = (found[active[waiting]] + step).clamp(0, 1)
        fooled = answers.fooled(trial, active[waiting])
        result[waiting[fooled]] = trial[fooled]
        sizes[waiting] /= 2
        waiting = waiting[~fooled]
    return result
