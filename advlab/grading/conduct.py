"""What every attack owes its caller: it changes nothing of the caller's, and its result keeps ball and domain."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from advlab.grading import probes
from advlab.grading.verdict import Mistake, Solution

#: Form in which attacks of all kinds are checked: (model, images, classes, epsilon) -> images.
Call = Callable[[nn.Module, Tensor, Tensor, float], Tensor]
FORGIVEN = 1e-5
#: An epsilon so large that limits in normalised units, such as -0.42, are reached.
LARGE = 0.5

HINTS = {
    "in_place": "The caller's images are no longer what they were: an operation that ends in an underscore, or one on "
    "a slice, has written into them. A comparison of before and after now compares an image with itself.",
    "accumulates_in_images": "The caller's own tensor was marked for gradients, and the result of backward() was left "
    "on it. The next call adds its gradient to this one, and steps along the sum.",
    "marks_the_images": "Your function left requires_grad set on the caller's images. Whatever the caller computes "
    "with them from now on is recorded too.",
    "fills_the_weights": "Your backward() has filled the gradients of the weights too, and they add up over calls. In "
    "a training loop the next optimizer step would follow them.",
    "changes_the_model": "Your function has changed the model's parameters. An attack changes images only.",
    "attached": "The result is still attached to the graph of your computation: it keeps all of it in memory, and a "
    "later backward() would run through your attack.",
    "train_mode": "The model came in train mode, and your function attacked it in that mode. Dropout and batch "
    "statistics make a network that exists for one pass only; attack the one that will answer.",
    "missing_clamp": "Pixels lie outside [0, 1]. No image file can hold them, and the attack looks stronger than any "
    "possible one.",
    "clamp_unit": "The images are clipped at limits that are not black and white. In which unit are your limits, and "
    "in which are the images? With epsilon at zero an attack must return the given images.",
    "outside_ball": "Some pixels moved by more than epsilon.",
}


def untouched(solution: Solution, call: Call, classes: Tensor) -> None:
    """Check that one call leaves everything of the caller's as it was.

    Args:
        solution: collects a remark if the model's mode was changed.
        call: the attack.
        classes: [40], the labels or targets of `probes.digits()`.

    Raises:
        Mistake: images, classes, the model or its gradients were changed, or the result is still attached to a graph.

    Source: advlab's own, from faults of published attack libraries.
    """
    model, images = probes.network(), probes.digits().images.clone()
    before, weights = images.clone(), {name: value.clone() for name, value in model.state_dict().items()}
    labels = classes.clone()
    found = call(model, images, labels, 0.1)
    if not torch.equal(images.detach(), before):
        raise Mistake("in_place", f"{_share(images.detach() != before)} of the pixels of the given images have changed")
    if not torch.equal(labels, classes):
        raise Mistake("in_place", "the given classes have changed")
    if images.grad is not None:
        raise Mistake("accumulates_in_images", "after the call images.grad holds a gradient")
    if images.requires_grad:
        raise Mistake("marks_the_images", "images.requires_grad is True after the call")
    filled = [name for name, p in model.named_parameters() if p.grad is not None and bool(p.grad.any())]
    if filled:
        raise Mistake("fills_the_weights", f"after the call {len(filled)} parameters of the model hold gradients")
    if any(not torch.equal(value, weights[name]) for name, value in model.state_dict().items()):
        raise Mistake("changes_the_model", "state_dict() differs before and after the call")
    if found.requires_grad:
        raise Mistake("attached", "the result has requires_grad set")
    solution.remarks += [] if not model.training else ["the model came in evaluation mode and was left in train mode"]


def within_domain(call: Call, classes: Tensor) -> None:
    """Check that pixels stay in [0, 1] at an epsilon so large that limits in normalised units would be reached too.

    Args:
        call: the attack.
        classes: [40], the labels or targets of `probes.digits()`.

    Raises:
        Mistake: a pixel lies outside [0, 1].

    Source: advlab's own, made for the book's exercises.
    """
    found = call(probes.network(), probes.digits().images.clone(), classes, LARGE)
    low, high = (float(end) for end in found.aminmax())
    if low < -FORGIVEN or high > 1 + FORGIVEN:
        free = max(abs(low + LARGE), abs(high - 1 - LARGE)) < 1e-3  # as far as epsilon goes: nothing is clamped at all
        raise Mistake("missing_clamp" if free else "clamp_unit", f"pixels from {low:.3f} to {high:.3f}")


def within_ball(found: Tensor, images: Tensor, epsilon: float, hint: str) -> None:
    """Check that no pixel moved further than epsilon.

    Args:
        found: what the attack returned.
        images: what it was given, of the same shape.
        epsilon: radius of the L-infinity ball, in pixel units; `FORGIVEN` more is tolerated.
        hint: the key of the hint of this mistake.

    Raises:
        Mistake: a pixel moved further.

    Source: advlab's own, made for the book's exercises.
    """
    reach = float((found - images).abs().max())
    if reach > epsilon + FORGIVEN:
        raise Mistake(hint, f"epsilon is {epsilon:g}, and a pixel moved by {reach:.3f}")


def nothing_at_zero(call: Call, classes: Tensor) -> None:
    """Check that an epsilon of 0 changes nothing.

    Args:
        call: the attack.
        classes: [40], the labels or targets of `probes.digits()`.

    Raises:
        Mistake: a pixel changed.

    Source: advlab's own, made for the book's exercises.
    """
    images = probes.digits().images
    found = call(probes.network(), images.clone(), classes, 0.0)
    if not torch.allclose(found, images, atol=FORGIVEN):
        changed = _share((found - images).abs() > FORGIVEN)
        raise Mistake("clamp_unit", f"at an epsilon of 0, {changed} of the pixels changed")


def in_evaluation_mode(solution: Solution, call: Call, classes: Tensor, expected: Tensor, epsilon: float) -> None:
    """Check that the attack gives the same result on a model that comes in training mode.

    Args:
        solution: collects a remark if the model is left in evaluation mode.
        call: the attack.
        classes: [40], the labels or targets of `probes.digits()`.
        expected: the right result, in evaluation mode.
        epsilon: radius of the L-infinity ball, in pixel units.

    Raises:
        Mistake: the result differs, or running statistics moved.

    Source: advlab's own, made for the book's exercises.
    """
    model, images = probes.network().train(), probes.digits().images
    statistics = {name: value.clone() for name, value in model.named_buffers()}
    found = call(model, images.clone(), classes, epsilon)
    if any(not torch.equal(value, statistics[name]) for name, value in model.named_buffers()):
        raise Mistake("train_mode", "your attack moved the running statistics of batch normalisation")
    if not probes.same(found, expected):
        raise Mistake("train_mode", f"{_share((found - expected).abs() > probes.ROUNDING)} of the pixels differ")
    if not all(module.training for module in model.modules()):
        solution.remarks.append(
            "the model came in train mode and is in evaluation mode now; a training loop that calls your function "
            "would go on without dropout"
        )


def moves_by_signs(found: Tensor, start: Tensor, slope: Tensor, free: Tensor, step: float) -> None:
    """Check that one step follows the sign of the gradient alone and not its size.

    Args:
        found: the images after one step.
        start: the images before it.
        slope: the gradient of the loss there.
        free: mask of pixels that no limit stopped.
        step: how far each of those should have moved, in pixel units.

    Raises:
        Mistake: pixels moved in the right direction by different amounts.

    Source: advlab's own, made for the book's exercises.
    """
    change = (found - start)[free]
    agree = float((change.sign() == slope[free].sign()).float().mean())
    if agree > 0.9 and len(change):
        sizes = change.abs()
        if float(sizes.median()) < 0.7 * float(sizes.max()):
            seen = f"one step of {step:g}: half of the pixels moved by less than {float(sizes.median()):.4f}"
            raise Mistake("no_sign", f"{seen}, one by {float(sizes.max()):.4f}")


def suspected(found: Tensor, expected: Tensor, suspects: Mapping[str, Tensor], seen: str) -> None:
    """Check that the images are the expected ones; if not, name the mistake whose result they resemble most.

    Args:
        found: the solution's images.
        expected: the right ones.
        suspects: for each hint, the images that its mistake would produce.
        seen: what the reader is shown of the mistake.

    Raises:
        Mistake: the images are not the expected ones.

    Source: advlab's own, made for the book's exercises.
    """
    if probes.same(found, expected):
        return
    likeness = {hint: probes.alike(found, wrong) for hint, wrong in suspects.items()}
    best = max(likeness, key=lambda hint: likeness[hint])
    if likeness[best] >= 0.95 and likeness[best] > probes.alike(found, expected):
        raise Mistake(best, seen)
    raise Mistake("another_direction", f"{_share((found - expected).abs() > probes.ROUNDING)} of the pixels differ")


def _share(which: Tensor) -> str:
    return f"{float(which.float().mean()):.0%}"
