"""Graders of the attacks that take many steps: pgd, and bpda through a step without a gradient."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from advlab.attacks.adaptive import StraightThrough
from advlab.grading import conduct, probes
from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

EPSILON, STEP, STEPS = 0.3, 0.1, 5
SEED = 3
#: Grey levels beside black that the preprocessing of `bpda` leaves.
LEVELS = 3

HINTS = {
    **COMMON,
    **{key: words for key, words in conduct.HINTS.items() if key != "outside_ball"},
    "no_projection": "Pixels moved by more than epsilon. Each step is small enough, and together they leave the ball: "
    "something has to bring them back after each one, to the ball around the images, not around the last point.",
    "start_outside": "With no step at all, what comes out lies outside the ball already: so does your start.",
    "no_random_start": "The search begins at the same point whatever the generator holds. On some models that point is "
    "the one where nothing can be seen.",
    "ignores_the_generator": "Twice the same seed, and two results. Draw from the generator that you are given, or "
    "nobody can repeat your figure.",
    "wrong_sign": "The steps go down the loss instead of up.",
    "wrong_label": "The steps follow the loss of what the model answers, not that of the labels. On every image that "
    "it gets wrong, and on every one that you have just broken, they lead somewhere else.",
    "no_sign": "The pixels of a step move by different amounts. Only the direction comes from the gradient.",
    "too_few_steps": "What comes out is what fewer steps than asked for would reach.",
    "stale_gradient": "Every step goes in the same direction: the gradient was taken once. The loss bends.",
    "accumulates": "From the second step on you do not follow the gradient but the sum of all gradients so far: "
    "what backward() adds up has to be emptied, or never be added up.",
    "softmax_twice": "The gradient is that of a loss with one softmax too many. The model returns logits.",
    "another_direction": "The steps do not follow the sign of the gradient of the cross-entropy at each point. It is "
    "none of the mistakes that this grader knows by sight.",
}

BPDA_HINTS = {
    **{key: HINTS[key] for key in HINTS if key not in ("start_outside", "no_random_start", "ignores_the_generator")},
    "no_gradient": "The images came back as they were. Rounding is a staircase, flat nearly everywhere: the gradient "
    "through it is zero, and its sign is, too. The attack stands still, and the defense looks perfect.",
    "ignores_the_defense": "Your gradient is the bare model's, at an image that it will never see. What you attack is "
    "not what answers: the defense rounds first.",
    "returns_preprocessed": "What came back is the rounded image. The defense rounds by itself; hand it the image.",
}

#: The gradient that a step follows, at a point: of the loss, upwards.
Slope = Callable[[Tensor], Tensor]


def path(images: Tensor, start: Tensor, slope: Slope, steps: int = STEPS) -> Tensor:
    """Steps along the sign of `slope`, each followed by a return to ball and domain: what pgd and bpda share."""
    at = start
    for _ in range(steps):
        at = at + STEP * slope(at).sign()
        at = images + (at - images).clamp(-EPSILON, EPSILON)
        at = at.clamp(0, 1)
    return at


def summed(slope: Slope) -> Slope:
    """The sum of all gradients so far: what a forgotten `zero_()` makes of it."""
    before: list[Tensor] = []

    def following(at: Tensor) -> Tensor:
        before.append(slope(at))
        return torch.stack(before).sum(0)

    return following


def wrong_paths(images: Tensor, start: Tensor, slope: Slope, answers: Slope, twice: Slope) -> dict[str, Tensor]:
    """Where each mistake would end, by its hint."""
    first = slope(start)
    return {
        "wrong_sign": path(images, start, lambda at: -slope(at)),
        "wrong_label": path(images, start, answers),
        "stale_gradient": path(images, start, lambda at: first),
        "accumulates": path(images, start, summed(slope)),
        "softmax_twice": path(images, start, twice),
    } | {f"too_few_steps {steps}": path(images, start, slope, steps) for steps in (1, STEPS - 1)}


def judged(found: Tensor, expected: Tensor, suspects: dict[str, Tensor], seen: str) -> None:
    """As `conduct.suspected`; several suspects may share a hint, told apart by what follows a blank."""
    try:
        conduct.suspected(found, expected, suspects, seen)
    except Mistake as mistake:
        raise Mistake(mistake.hint.partition(" ")[0], mistake.seen) from None


def first_step(found: Tensor, images: Tensor, start: Tensor, slope: Slope) -> None:
    """Raises Mistake if the first step moves pixels by different amounts, where neither ball nor domain stops them."""
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
        raise Mistake("no_random_start", "two seeds, and the same images after no step")
    if not torch.equal(start, call(model, images.clone(), labels, EPSILON, steps=0)):
        raise Mistake("ignores_the_generator", "the same seed twice, and other images after no step")
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
    """To black, white and two greys between: flat nearly everywhere."""
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
