"""Graders of the attacks that take one step: fgsm, and its targeted form."""

from torch import Tensor, nn

from advlab.attacks import fgsm
from advlab.data import STD
from advlab.grading import conduct, probes
from advlab.grading.verdict import COMMON, Exercise, Mistake, Solution

EPSILON = 0.1

HINTS = {
    **COMMON,
    **conduct.HINTS,
    "wrong_sign": "The step goes down the loss instead of up: it makes the model surer of the right answer.",
    "wrong_label": "The step is right for another class than the true one. Whose loss do you raise: that of the "
    "labels, or that of what the model answers?",
    "no_sign": "The pixels moved by different amounts. The worst case in this ball moves every pixel as far as it may; "
    "only the direction comes from the gradient.",
    "epsilon_unit": "The direction is right but the size is not: epsilon is in pixel units, and was used in others.",
    "softmax_twice": "The gradient is that of a loss with one softmax too many. The model returns logits.",
    "another_direction": "The step is not along the sign of the gradient of the cross-entropy. This grader does not "
    "recognise the mistake.",
}

TARGETED_HINTS = {
    **HINTS,
    "wrong_sign": "The images move away from their targets. To move towards a class, one of two signs changes, that of "
    "the loss or that of the step, and exactly one.",
    "wrong_label": "The step is right for another class than the target. Whose loss do you lower?",
}


def _grade(solution: Solution, targeted: bool) -> list[str]:
    digits, model = probes.digits(), probes.network()
    images, labels = digits.images, digits.labels
    classes = (labels + 3) % 10 if targeted else labels

    def call(model: nn.Module, images: Tensor, classes: Tensor, epsilon: float) -> Tensor:
        return solution.images(model, images, classes, epsilon, like=images)

    def ours(classes: Tensor, epsilon: float) -> Tensor:
        return (
            fgsm(model, images, labels, epsilon, targets=classes) if targeted else fgsm(model, images, classes, epsilon)
        )

    conduct.untouched(solution, call, classes)
    towards = -1 if targeted else 1
    slope = towards * probes.gradient(model, images, classes)
    conduct.within_domain(call, classes)

    conduct.nothing_at_zero(call, classes)
    found = call(model, images.clone(), classes, EPSILON)
    reach = float((found - images).abs().max())
    if reach > EPSILON + conduct.FORGIVEN:
        unit = abs(reach - EPSILON / STD) < 1e-3 or reach > 0.9
        raise Mistake(
            "epsilon_unit" if unit else "outside_ball", f"epsilon is {EPSILON:g}, a pixel moved by {reach:.3f}"
        )

    twice = images.detach().clone().requires_grad_()
    nn.functional.cross_entropy(model(twice).softmax(1), classes, reduction="sum").backward(inputs=[twice])
    assert twice.grad is not None
    suspects = {
        "wrong_sign": (images - EPSILON * slope.sign()).clamp(0, 1),
        "no_sign": (images + EPSILON * slope).clamp(0, 1),
        "softmax_twice": (images + EPSILON * (towards * twice.grad).sign()).clamp(0, 1),
    }
    before, after = (probes.loss(model, batch, classes) for batch in (images, found))
    seen = f"the loss of the {'targets' if targeted else 'labels'} went from {before:.2f} to {after:.2f}"
    expected = ours(classes, EPSILON)
    if not probes.same(found, expected):
        _units(found, images, slope)
        conduct.moves_by_signs(found, images, slope, (found > 0) & (found < 1) & (found != images), EPSILON)
        _classes(found, model, images, classes, towards, seen)
        conduct.suspected(found, expected, suspects, seen)
    conduct.in_evaluation_mode(solution, call, classes, expected, EPSILON)
    return [
        "the images given, their flags and the gradients of the weights stay as they were",
        "every pixel within epsilon and in [0, 1]; an epsilon of zero changes nothing",
        f"the step is ours on {probes.alike(found, expected):.1%} of the pixels of {len(images)} digits",
        "a model that comes in train mode is attacked in evaluation mode",
    ]


def _units(found: Tensor, images: Tensor, slope: Tensor) -> None:
    """Raise Mistake if the step is the right one for an epsilon in another unit."""
    for factor, unit in ((STD, "normalised units"), (1 / 255, "n/255")):
        if probes.same(found, (images + EPSILON * factor * slope.sign()).clamp(0, 1)):
            reach = float((found - images).abs().max())
            raise Mistake(
                "epsilon_unit", f"epsilon is {EPSILON:g}; no pixel moved by more than {reach:.4f}, as in {unit}"
            )


def _classes(found: Tensor, model: nn.Module, images: Tensor, classes: Tensor, towards: int, seen: str) -> None:
    """Raise Mistake if the step is the right one for other classes than those given."""
    others = {"what the model answers": probes.answers(model, images)}
    others |= {f"the class {by} further" if by < 9 else "the class before": (classes + by) % 10 for by in range(1, 10)}
    others |= {f"{digit} for all": classes * 0 + digit for digit in range(10)}
    for words, other in others.items():
        step = EPSILON * towards * probes.gradient(model, images, other).sign()
        for sign in (1, -1):
            if probes.same(found, (images + sign * step).clamp(0, 1)):
                raise Mistake("wrong_label", f"the gradient is that of {words}; {seen}")


def _fgsm(solution: Solution) -> list[str]:
    return _grade(solution, targeted=False)


def _targeted(solution: Solution) -> list[str]:
    return _grade(solution, targeted=True)


FGSM = Exercise(_fgsm, HINTS)
TARGETED_FGSM = Exercise(_targeted, TARGETED_HINTS)
