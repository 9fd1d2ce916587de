"""Square Attack, a random search that uses only logits: Andriushchenko et al. 2020 (arXiv 1912.00049)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.attacks.ball import TINY, Norm, lengths, per_image
from advlab.attacks.losses import margin

#: Queries, of 10,000, after which the fraction p of pixels that a square covers is halved (section 5, "schedule").
HALVINGS = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)
#: Number of squares along a side with which the first guess in L2 tiles the picture (section 3.4).
TILES = 5


@attack
def square(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    queries: int = 5000,
    p_init: float = 0.8,
) -> Float[Tensor, "batch channels height width"]:
    """Paints squares of one colour at random places and keeps each that reduces the margin; uses no gradient.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; only the logits are used.
        images: `[batch, channels, height, width]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: draws places and signs, on the CPU.
        norm: "Linf" or "L2".
        queries: the largest number of queries for each image, the unchanged image included, at least 1.
        p_init: fraction of the pixels that the first squares cover, in (0, 1].

    Returns:
        Images in the ball and in [0, 1]. An image misclassified from the start comes back unchanged.

    Raises:
        ValueError: images are not pictures `[batch, channels, height, width]`; `p_init` lies outside (0, 1].
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Andriushchenko et al. 2020 (arXiv 1912.00049), algorithm 1.
    """
    return _search(model, images, labels, epsilon, generator, norm, queries, p_init)[0]


@attack
def square_queries(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    epsilon: float,
    *,
    generator: torch.Generator,
    norm: Norm = "Linf",
    queries: int = 5000,
    p_init: float = 0.8,
) -> Int[Tensor, " batch"]:
    """Number of queries that `square`, run with the same arguments, needs for each image until it is misclassified.

    Args:
        model: takes pixels in [0, 1], returns logits `[batch, classes]`; only the logits are used.
        images: `[batch, channels, height, width]`, in [0, 1].
        labels: `[batch]`, the true classes.
        epsilon: radius of the ball, in pixel units; in [0, 1] for L-infinity.
        generator: draws places and signs, on the CPU.
        norm: "Linf" or "L2".
        queries: the largest number of queries for each image, the unchanged image included, at least 1.
        p_init: fraction of the pixels that the first squares cover, in (0, 1].

    Returns:
        `[batch]`, 1 for an image misclassified from the start, `queries` + 1 for one that is never misclassified.

    Raises:
        ValueError: images are not pictures `[batch, channels, height, width]`; `p_init` lies outside (0, 1].
        ValueError, TypeError: other bad input; see `advlab.attacks.attack.attack`.

    Source: Andriushchenko et al. 2020 (arXiv 1912.00049), algorithm 1.
    """
    return _search(model, images, labels, epsilon, generator, norm, queries, p_init)[1]


def _search(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float,
    generator: torch.Generator,
    norm: Norm,
    queries: int,
    p_init: float,
) -> tuple[Tensor, Tensor]:
    """Algorithm 1 for each image by itself: the images, and the number of queries that each took."""
    if not 0 < p_init <= 1:
        raise ValueError(f"p_init must be a fraction of the pixels, in (0, 1]; got {p_init!r}")
    found, taken = images.clone(), torch.full_like(labels, queries + 1)
    index = torch.arange(len(images), device=images.device)  # places in the batch of images still attacked
    best, lead = images, images.new_full((len(images),), -torch.inf)
    with torch.no_grad():
        for query in range(1, queries + 1):
            if query == 1:
                asked = images
            elif query == 2:
                asked = _first_guess(images, epsilon, norm, generator)
                lead.fill_(-torch.inf)  # from here on the search stays on the ball's surface
            else:
                side = _side(square_fraction(query, queries, p_init), images)
                asked = _moved(images, best, epsilon, side, norm, generator)
            logits = model(asked)
            leads = margin(logits, labels)
            better = leads > lead
            best, lead = torch.where(per_image(better, asked), asked, best), torch.where(better, leads, lead)
            fooled = logits.argmax(1) != labels
            if fooled.any():
                found[index[fooled]], taken[index[fooled]] = asked[fooled], query
                images, labels, index, best, lead = (of[~fooled] for of in (images, labels, index, best, lead))
                if len(index) == 0:
                    break
    found[index] = best
    return found, taken


def square_fraction(query: int, queries: int, p_init: float) -> float:
    """The fraction p of pixels that a square covers at this query: halved along `HALVINGS`, stretched to the budget.

    Args:
        query: number of the query, from 1 to `queries`.
        queries: the whole budget for an image, at least 1.
        p_init: the fraction at the beginning, in (0, 1].

    Returns:
        A fraction in (0, 1].

    Source: Andriushchenko et al. 2020 (arXiv 1912.00049), section 5, "schedule".
    """
    scaled = query * 10_000 / queries
    return float(p_init / 2 ** sum(scaled > at for at in HALVINGS))


def _side(p: float, images: Tensor) -> int:
    """Side, in pixels, of the square that comes nearest to a fraction p of the picture's pixels."""
    height, width = images.shape[2:]
    return min(max(round((p * height * width) ** 0.5), 1), height, width)


def _first_guess(images: Tensor, epsilon: float, norm: Norm, generator: torch.Generator) -> Tensor:
    """The first point: vertical stripes one pixel wide (L-infinity), or a grid of tiles shaped like `_bump` (L2)."""
    batch, channels, height, width = images.shape
    if norm == "Linf":
        stripes = _signs((batch, channels, 1, width), generator, images)
        return (images + epsilon * stripes).clamp(0, 1)
    change = torch.zeros_like(images)
    side = max(min(height, width) // TILES, 1)
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            bumps = _bump(side, batch, generator, images)
            change[:, :, top : top + side, left : left + side] = bumps * _signs(
                (batch, channels, 1, 1), generator, images
            )
    return _to_length(images, change, epsilon)


def _moved(images: Tensor, best: Tensor, epsilon: float, side: int, norm: Norm, generator: torch.Generator) -> Tensor:
    """The next point to query: algorithm 2 (L-infinity) or 3 (L2)."""
    batch, channels = images.shape[:2]
    if norm == "Linf":
        # A step of 2 epsilon, clipped to the ball, ends at one of its two sides wherever it began.
        wall = (images + epsilon * _signs((batch, channels, 1, 1), generator, images)).clamp(0, 1)
        return torch.where(_window(images, side, generator), wall, best)
    side = min(max(side, 3) | 1, *images.shape[2:])
    change = best - images
    here, there = _window(images, side, generator), _window(images, side, generator)
    unused = (epsilon**2 - lengths(change, "L2").square()).clamp_min(0)
    both = (change * (here | there)).square().sum((2, 3), keepdim=True)
    budget = (both + per_image(unused, images) / channels).sqrt()
    bump = _bump(side, batch, generator, images) * _signs((batch, channels, 1, 1), generator, images)
    old = change[here.expand_as(change)].view(batch, channels, side, side)
    new = bump + old / old.norm(dim=(2, 3), keepdim=True).clamp_min(TINY)
    new = new / new.norm(dim=(2, 3), keepdim=True).clamp_min(TINY) * budget
    change = change.masked_fill(there, 0)
    change[here.expand_as(change)] = new.flatten()
    return _to_length(images, change, epsilon)


def _to_length(images: Tensor, change: Tensor, epsilon: float) -> Tensor:
    """The images plus the change scaled to length epsilon, then clipped to [0, 1]."""
    return (images + change * per_image(epsilon / lengths(change, "L2").clamp_min(TINY), change)).clamp(0, 1)


def _window(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Mask `[batch, 1, height, width]` of one square in each image, uniformly placed."""
    batch, _, height, width = images.shape
    top = torch.randint(0, height - side + 1, (batch, 1, 1, 1), generator=generator).to(images.device)
    left = torch.randint(0, width - side + 1, (batch, 1, 1, 1), generator=generator).to(images.device)
    rows = torch.arange(height, device=images.device)[:, None]
    columns = torch.arange(width, device=images.device)
    return (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)


def _signs(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    return (torch.randint(0, 2, shape, generator=generator) * 2 - 1).to(like)


def _bump(side: int, batch: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """A hill next to a dale, of length 1 together, stacked or side by side; [batch, 1, side, side] (section 3.4)."""
    upper = _hill(side // 2, side, like)
    bump = torch.cat([upper, -_hill(side - side // 2, side, like)])
    bump = bump / bump.norm().clamp_min(TINY)
    lying = torch.randint(0, 2, (batch, 1, 1, 1), generator=generator).bool().to(like.device)
    return torch.where(lying, bump, bump.T)


def _hill(height: int, width: int, like: Tensor) -> Tensor:
    """Rings about the middle; the ring at distance d has the height 1/(d+1)^2 + ... + 1/(n+1)^2."""
    n = max(height, width) // 2
    rows, columns = torch.arange(height, device=like.device), torch.arange(width, device=like.device)
    distance = torch.maximum((rows - height // 2).abs()[:, None], (columns - width // 2).abs())
    rings = torch.arange(1, n + 2, device=like.device).to(like).pow(-2)
    return rings.flip(0).cumsum(0).flip(0)[distance.clamp_max(n)]
