"""What every attack owes its caller: nothing of the caller's is changed, and the result keeps ball and domain."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from advlab.grading import probes
from advlab.grading.verdict import Mistake, Solution

#: Attacks of all kinds, with what differs left open: (model, images, classes, epsilon) -> images.
Call = Callable[[nn.Module, Tensor, Tensor, float], Tensor]
FORGIVEN = 1e-5
#: So large that limits in normalised units, as -0.42, are reached.
LARGE = 0.5

HINTS = {
    "in_place": "The caller's images are no longer what they were: an operation that ends in an underscore, or one on "
    "a slice, has written into them. Whoever compares before and after now compares an image with itself.",
    "accumulates_in_images": "The caller's own tensor was marked for gradients, and what backward() found was left on "
    "it. The next call adds its gradient to this one, and steps along the sum.",
    "marks_the_images": "The caller's images came back with requires_grad set. Whatever the caller computes with them "
    "from now on is recorded too.",
    "fills_the_weights": "Your backward() has filled the gradients of the weights too, and they add up over calls. In "
    "a training loop the next optimizer step would follow them.",
    "changes_the_model": "After your function the model's parameters are others. An attack changes images only.",
    "attached": "What comes back is still attached to the graph of your computation: it keeps all of it in memory, "
    "and a later backward() would run through your attack.",
    "train_mode": "The model came in train mode, and your function attacked it so. Dropout and batch statistics belong "
    "to a network that exists for one pass only; attack the one that will answer.",
    "missing_clamp": "Pixels lie outside [0, 1]. No image file can hold them, and the attack looks stronger than any "
    "that is possible.",
    "clamp_unit": "The images are cut off at limits that are not black and white. In which unit are your limits, and "
    "in which are the images? With epsilon at zero an attack must give back the very images that it was given.",
    "outside_ball": "Some pixels moved by more than epsilon.",
}


def untouched(solution: Solution, call: Call, classes: Tensor) -> None:
    """One call; then everything that was the caller's is looked at. Raises Mistake."""
    model, images = probes.network(), probes.digits().images.clone()
    before, weights = images.clone(), {name: value.clone() for name, value in model.state_dict().items()}
    labels = classes.clone()
    found = call(model, images, labels, 0.1)
    if not torch.equal(images.detach(), before):
        raise Mistake("in_place", f"{_share(images.detach() != before)} of the pixels of the images given are others")
    if not torch.equal(labels, classes):
        raise Mistake("in_place", "the classes given have been written to")
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
        raise Mistake("attached", "what came back has requires_grad set")
    solution.remarks += [] if not model.training else ["the model came in evaluation mode and was left in train mode"]


def within_domain(call: Call, classes: Tensor) -> None:
    """At an epsilon at which limits in normalised units are reached too, pixels stay in [0, 1]. Raises Mistake."""
    found = call(probes.network(), probes.digits().images.clone(), classes, LARGE)
    low, high = (float(end) for end in found.aminmax())
    if low < -FORGIVEN or high > 1 + FORGIVEN:
        free = max(abs(low + LARGE), abs(high - 1 - LARGE)) < 1e-3  # as far as epsilon goes: nothing is clamped at all
        raise Mistake("missing_clamp" if free else "clamp_unit", f"pixels from {low:.3f} to {high:.3f}")


def within_ball(found: Tensor, images: Tensor, epsilon: float, hint: str) -> None:
    """Raises Mistake if a pixel moved further than epsilon."""
    reach = float((found - images).abs().max())
    if reach > epsilon + FORGIVEN:
        raise Mistake(hint, f"epsilon is {epsilon:g}, and a pixel moved by {reach:.3f}")


def nothing_at_zero(call: Call, classes: Tensor) -> None:
    """An epsilon of zero changes nothing. Raises Mistake."""
    images = probes.digits().images
    found = call(probes.network(), images.clone(), classes, 0.0)
    if not torch.allclose(found, images, atol=FORGIVEN):
        changed = _share((found - images).abs() > FORGIVEN)
        raise Mistake("clamp_unit", f"at an epsilon of 0, {changed} of the pixels changed")


def in_evaluation_mode(solution: Solution, call: Call, classes: Tensor, expected: Tensor, epsilon: float) -> None:
    """The same again on a model that comes in train mode. Raises Mistake."""
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
    """Raises Mistake if one step follows the size of the gradient as well, whatever that was divided by.

    Args:
        free: which pixels no limit stopped.
        step: how far each of them should have moved.
    """
    change = (found - start)[free]
    agree = float((change.sign() == slope[free].sign()).float().mean())
    if agree > 0.9 and len(change):
        sizes = change.abs()
        if float(sizes.median()) < 0.7 * float(sizes.max()):
            seen = f"one step of {step:g}: half of the pixels moved by less than {float(sizes.median()):.4f}"
            raise Mistake("no_sign", f"{seen}, one by {float(sizes.max()):.4f}")


def suspected(found: Tensor, expected: Tensor, suspects: Mapping[str, Tensor], seen: str) -> None:
    """Nothing where the images are the expected ones; else Mistake, by what they resemble most.

    Args:
        suspects: what each mistake would produce, by its hint.
        seen: of the mistake, for the reader.
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
