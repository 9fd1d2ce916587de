"""What each exercise asks for: the file that a reader starts from. Nothing here needs torch."""

import ast
import difflib


class WrongUsage(ValueError):
    """An exercise, a file, or a function of the required name and arguments does not exist."""


def names() -> list[str]:
    """Names of the exercises that have a grader, easiest first."""
    return list(TEMPLATES)


def template(name: str) -> str:
    """File to start from: imports, the function's signature, and what it has to do.

    Args:
        name: of the exercise.

    Raises:
        WrongUsage: there is no such exercise.
    """
    if name not in TEMPLATES:
        near = difflib.get_close_matches(name, TEMPLATES, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise WrongUsage(f"there is no exercise {name!r}; there are {', '.join(TEMPLATES)}.{meant}")
    return TEMPLATES[name].lstrip("\n")


def arguments(name: str) -> list[str]:
    """Names of the arguments of an exercise's function, in order."""
    return [argument.arg for argument in _function(name).args.args]


def signature(name: str) -> str:
    """Name and arguments of an exercise's function, as its template shows them.

    >>> signature("certified_radius")
    'certified_radius(count, n, alpha, sigma)'
    """
    return f"{name}({', '.join(arguments(name))})"


def title(name: str) -> str:
    """What an exercise's function does, in one line."""
    return (ast.get_docstring(_function(name)) or "").splitlines()[0]


def _function(name: str) -> ast.FunctionDef:
    (function,) = (node for node in ast.parse(template(name)).body if isinstance(node, ast.FunctionDef))
    return function


FGSM = '''
import torch
import torch.nn.functional as F


def fgsm(model, images, labels, epsilon):
    """One step of size epsilon along the sign of the loss's gradient.

    model takes pixels in [0, 1] and returns logits; it may come in train mode, and is attacked in evaluation mode.
    images are [batch, 1, 28, 28] in [0, 1], labels the true classes [batch], epsilon is in pixel units.
    Return new images in [0, 1], detached, no pixel further than epsilon from where it was. Leave images and the
    gradients of the weights as you found them.
    """
    raise NotImplementedError
'''

TARGETED_FGSM = '''
import torch
import torch.nn.functional as F


def targeted_fgsm(model, images, targets, epsilon):
    """One step of size epsilon towards the classes in targets.

    As fgsm, but targets [batch] are the classes that the model should answer. The true labels are not given.
    """
    raise NotImplementedError
'''

PGD = '''
import torch
import torch.nn.functional as F


def pgd(model, images, labels, epsilon, step_size, steps, generator):
    """Many steps along the sign of the gradient, from a random start, back into the ball after each.

    Start at a uniformly random point of the ball of radius epsilon (L-infinity, pixels), drawn from generator. Then
    take as many steps as steps says, each of step_size; after each, project on the ball around images and on
    [0, 1]. Return the last point; with no step at all that is the start. Otherwise as fgsm: evaluation mode, detached,
    nothing of the caller's changed.
    """
    raise NotImplementedError
'''

ROBUST_ACCURACY = '''
import torch


def robust_accuracy(model, surrogate, images, labels, attacks):
    """Proportion of images classified correctly in the worst case over all attacks, as a float in [0, 1].

    attacks is a list of functions (model, images, labels) -> images. The attacker can run each of them on model
    itself, and on surrogate, another network, and give model the result of either. An image counts only if model, in
    evaluation mode, classifies it correctly as it is and after every one of these. Divide by all images.
    """
    raise NotImplementedError
'''

INTERVAL_BOUNDS = '''
import torch
from torch import nn


def interval_bounds(model, images, epsilon):
    """Lower and upper bounds of every logit, over all images within epsilon and in [0, 1].

    model is an nn.Sequential of nn.Flatten, nn.Linear and nn.ReLU. images are in [0, 1], epsilon is a radius in
    L-infinity, in pixel units. Return (lower, upper), each [batch, classes]. They must hold for every image of the
    ball, and be no wider than interval bound propagation makes them.
    """
    raise NotImplementedError
'''

CERTIFIED_RADIUS = '''
def certified_radius(count, n, alpha, sigma):
    """The L2 radius that randomised smoothing proves when count of n noisy draws gave one class.

    Bound the probability of the class from below, one-sided, by Clopper and Pearson, at an error of alpha. The noise
    has standard deviation sigma. Return the radius as a float, in the unit of sigma; 0.0 where nothing is proved.
    """
    raise NotImplementedError
'''

BPDA = '''
import torch
import torch.nn.functional as F


def bpda(preprocess, model, images, labels, epsilon, step_size, steps):
    """Steps along the sign of the gradient, straight through a preprocessing step that has none.

    The defense answers model(preprocess(images)). preprocess rounds pixels: its own gradient is zero. Go forward
    through it, and backward as if it were the identity. Begin at images; take steps steps of step_size along the
    sign, each followed by a projection on the ball of epsilon (L-infinity, pixels) and on [0, 1]. Return the last
    point, as it is handed to the defense. Otherwise as fgsm.
    """
    raise NotImplementedError
'''

TEMPLATES = {
    "fgsm": FGSM,
    "targeted_fgsm": TARGETED_FGSM,
    "pgd": PGD,
    "robust_accuracy": ROBUST_ACCURACY,
    "bpda": BPDA,
    "interval_bounds": INTERVAL_BOUNDS,
    "certified_radius": CERTIFIED_RADIUS,
}
