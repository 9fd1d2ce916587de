"""Graders of the attacks that take many steps: pgd, and bpda through a step without a gradient."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from advlab.attacks.adaptive import StraightThrough
from advlab.grading import conduct, probes
from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

EPSILON, STEP, STEPS = 0.3, 0.1, 5
SEED = 3
#: Number of grey levels above black that the preprocessing of `bpda` leaves.
LEVELS = 3

HINTS = {
    **COMMON,
    **{key: words for key, words in conduct.HINTS.items() if key != "outside_ball"},
    "no_projection": "Pixels moved by more than epsilon. Each step is small enough, and together they leave the ball: "
    "something has to bring them back after each one, to the ball around the images, not around the last point.",
    "start_outside": "With no step at all, the result already lies outside the ball: your start does.",
    "no_random_start": "The search begins at the same point whatever the state of the generator. On some models the "
    "gradient at just that point says nothing.",
    "ignores_the_generator": "The same seed gives two results. Draw from the generator that you are given, or nobody "
    "can repeat your figure.",
    "wrong_sign": "The steps go down the loss instead of up.",
    "wrong_label": "The steps follow the loss of what the model answers, not that of the labels. On every image that "
    "it gets wrong, and on every one that you have just broken, they lead somewhere else.",
    "no_sign": "The pixels of a step move by different amounts. Only the direction comes from the gradient.",
    "too_few_steps": "The result is what fewer steps than asked for would reach.",
    "stale_gradient": "Every step goes in the same direction: the gradient was taken once. The loss bends.",
    "accumulates": "From the second step on you do not follow the gradient but the sum of all gradients so far: "
    "what backward() adds up has to be emptied, or never be added up.",
    "softmax_twice": "The gradient is that of a loss with one softmax too many. The model returns logits.",
    "another_direction": "The steps do not follow the sign of the gradient of the cross-entropy at each point. This "
    "grader does not recognise the mistake.",
}

BPDA_HINTS = {
    **{key: HINTS[key] for key in HINTS if key not in ("start_outside", "no_random_start", "ignores_the_generator")},
    "no_gradient": "The images came back as they were. Rounding is a staircase, flat nearly everywhere: the gradient "
    "through it is zero, and its sign is, too. The attack stands still, and the defense looks perfect.",
    "ignores_the_defense": "Your gradient is that of the bare model, at an image that it will never see. You do not "
    "attack what answers: the defense rounds first.",
    "returns_preprocessed": "Your function returns the rounded image. The defense rounds by itself; hand it the image.",
}

#: The gradient that a step follows, at a point: of the loss, upwards.
Slope = Callable[[Tensor], Tensor]


def path(images: Tensor, start: Tensor, slope: Slope, steps: int = STEPS) -> Tensor:
    """Images after several steps along the sign of `slope`, each followed by a return to ball and domain.

    Args:
        images: [batch, *shape], the centres of the balls, in [0, 1].
        start: the same shape, where the path begins.
        slope: the gradient that a step follows, of the images there.
        steps: number of steps, of length `STEP`.

    Source: Madry et al. 2018 (arXiv 1706.06083), section 2.1.
    """
    at = start
    for _ in range(steps):
        at = at + STEP * slope(at).sign()
        at = images + (at - images).clamp(-EPSILON, EPSILON)
        at = at.clamp(0, 1)
    return at


def summed(slope: Slope) -> Slope:
    """Gradient function that returns the sum of all gradients so far, as a forgotten `zero_()` does."""
    before: list[Tensor] = []

    def following(at: Tensor) -> Tensor:
        before.append(slope(at))
        return torch.stack(before).sum(0)

    return following


def wrong_paths(images: Tensor, start: Tensor, slope: Slope, answers: Slope, twice: Slope) -> dict[str, Tensor]:
    """For each mistake, by its hint, the images at which its path ends.

    Args:
        images: [batch, *shape], the centres of the balls, in [0, 1].
        start: the same shape, where the paths begin.
        slope: the right gradient.
        answers: the gradient of the loss of the model's own answers.
        twice: the gradient of a loss with one softmax too many.

    Source: advlab's own, made for the book's exercises.
    """
    first = slope(start)
    return {
        "wrong_sign": path(images, start, lambda at: -slope(at)),
        "wrong_label": path(images, start, answers),
        "stale_gradient": path(images, start, lambda at: first),
        "accumulates": path(images, start, summed(slope)),
        "softmax_twice": path(images, start, twice),
    } | {f"too_few_steps {steps}": path(images, start, slope, steps) for steps in (1, STEPS - 1)}


def judged(found: Tensor, expected: Tensor, suspects: dict[str, Tensor], seen: str) -> None:
    """As `conduct.suspected`; several suspects may share a hint, distinguished by words after a blank.

    Args:
        found: the solution's images.
        expected: the right ones.
        suspects: for each hint, the images that its mistake would produce.
        seen: what the reader is shown of the mistake.

    Raises:
        Mistake: the images are not the expected ones.

    Source: advlab's own, made for the book's exercises.
    """
    try:
        conduct.suspected(found, expected, suspects, seen)
    except Mistake as mistake:
        raise Mistake(mistake.hint.partition(" ")[0], mistake.seen) from None


def first_step(found: Tensor, images: Tensor, start: Tensor, slope: Slope) -> None:
    """Check that the first step moves all pixels by the same amount where neither ball nor domain stops them.

    Args:
        found: the images after one step.
        images: [batch, *shape], the centres of the balls, in [0, 1].
        start: the same shape, where the path begins.
        slope: the right gradient.

    Raises:
        Mistake: pixels moved in the right direction by different amounts.

    Source: advlab's own, made for the book's exercises.
    """
    free = (found > 0) & (found < 1) & ((found - images).abs() < EPSILON - conduct.FORGIVEN) & (found != start)
    conduct.moves_by_signs(found, start, slope(start), free, STEP)


def _softmax_twice(model: nn.Module, labels: Tensor) -> Slope:
    def slope(at: Tensor) -> Tensor:
        with torch.enable_grad():
            at = at.detach().clone().requires_grad_()
            loss = nn.functional.cross_entropy(model(at).softmax(1), labels, reduction="sum")
            return torch.autograd.grad(loss, at)[0]

    return slope


def _pgd(solution: Solution) -> list[str]:
    digits, model = probes.digits(), probes.network()
    images, labels = digits.images, digits.labels

    def call(
        model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, seed: int = SEED, steps: int = STEPS
    ) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        step = STEP / EPSILON * epsilon
        return solution.images(model, images, labels, epsilon, step, steps, generator, like=images)

    conduct.untouched(solution, call, labels)
    start = call(model, images.clone(), labels, EPSILON, steps=0).detach()
    conduct.within_ball(start, images, EPSILON, "start_outside")
    if probes.same(start, call(model, images.clone(), labels, EPSILON, seed=SEED + 1, steps=0)):
        raise Mistake("no_random_start", "two seeds give the same images after no step")
    if not torch.equal(start, call(model, images.clone(), labels, EPSILON, steps=0)):
        raise Mistake("ignores_the_generator", "the same seed gives different images after no step")
    found = call(model, images.clone(), labels, EPSILON)

    def slope(at: Tensor) -> Tensor:
        return probes.gradient(model, at, labels)

    conduct.within_ball(found.clamp(0, 1), images, EPSILON, "no_projection")
    conduct.within_domain(call, labels)
    conduct.nothing_at_zero(call, labels)

    expected = path(images, start, slope)
    suspects = wrong_paths(
        images,
        start,
        slope,
        lambda at: probes.gradient(model, at, probes.answers(model, at)),
        _softmax_twice(model, labels),
    )
    suspects["wrong_label clean"] = path(
        images, start, lambda at: probes.gradient(model, at, probes.answers(model, images))
    )
    first_step(call(model, images.clone(), labels, EPSILON, steps=1), images, start, slope)
    before, after = (probes.loss(model, batch, labels) for batch in (images, found))
    judged(found, expected, suspects, f"the loss went from {before:.2f} to {after:.2f}")
    conduct.in_evaluation_mode(solution, call, labels, expected, EPSILON)
    return [
        "the images given, their flags and the gradients of the weights stay as they were",
        "the start is random, in the ball, and follows from the generator",
        "every pixel within epsilon and in [0, 1]; an epsilon of zero changes nothing",
        f"after {STEPS} steps {probes.alike(found, expected):.1%} of the pixels are where ours are",
        "a model that comes in train mode is attacked in evaluation mode",
    ]


def rounded(images: Tensor) -> Tensor:
    """Images rounded to black, white and two greys between: flat nearly everywhere."""
    return (images * LEVELS).round() / LEVELS


def _bpda(solution: Solution) -> list[str]:
    digits, model = probes.digits(), probes.network()
    images, labels = digits.images, digits.labels
    defense = StraightThrough(rounded, model)

    def call(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, steps: int = STEPS) -> Tensor:
        step = STEP / EPSILON * epsilon
        return solution.images(rounded, model, images, labels, epsilon, step, steps, like=images)

    conduct.untouched(solution, call, labels)
    found = call(model, images.clone(), labels, EPSILON)
    if probes.same(found, images):
        raise Mistake("no_gradient", "not one pixel in a hundred moved")

    def slope(at: Tensor) -> Tensor:
        return probes.gradient(defense, at, labels)

    expected = path(images, images, slope)
    if probes.same(found, rounded(expected)) or probes.same(found, rounded(found)):
        raise Mistake("returns_preprocessed", "every pixel lies on one of the grey levels of the rounding")
    conduct.within_ball(found.clamp(0, 1), images, EPSILON, "no_projection")
    conduct.within_domain(call, labels)
    conduct.nothing_at_zero(call, labels)

    suspects = wrong_paths(
        images,
        images,
        slope,
        lambda at: probes.gradient(defense, at, probes.answers(defense, at)),
        _softmax_twice(defense, labels),
    )
    suspects["ignores_the_defense"] = path(images, images, lambda at: probes.gradient(model, at, labels))
    first_step(call(model, images.clone(), labels, EPSILON, 1), images, images, slope)
    before, after = (probes.loss(defense, batch, labels) for batch in (images, found))
    judged(found, expected, suspects, f"the defense's loss went from {before:.2f} to {after:.2f}")
    conduct.in_evaluation_mode(solution, call, labels, expected, EPSILON)
    return [
        "the images given, their flags and the gradients of the weights stay as they were",
        "every pixel within epsilon and in [0, 1]; an epsilon of zero changes nothing",
        f"after {STEPS} steps {probes.alike(found, expected):.1%} of the pixels are where ours are",
        f"the loss of the whole defense rose from {before:.2f} to {after:.2f}",
        "a model that comes in train mode is attacked in evaluation mode",
    ]


PGD = Exercise(_pgd, HINTS)
BPDA = Exercise(_bpda, BPDA_HINTS)
