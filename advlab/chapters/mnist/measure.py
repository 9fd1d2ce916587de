"""What makes MNIST special: how far apart its classes are, how uneven its test set is, how coarse its figures are."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from advlab import zoo
from advlab.attacks import fgsm
from advlab.chapters.fgsm.measure import only_first
from advlab.data import mnist, subset
from advlab.evaluation import Proportion, predict
from advlab.profile import Profile
from advlab.progress import report
from advlab.stored import measurement

#: Test images that are compared with all training images.
COMPARED = 250
#: In pixel units, of the attack on the parts of the test set.
EPSILON = 0.1
#: Parts of the test set, in the order of its file: from where to where.
PARTS = {"the first thousand": (0, 1000), "the first half": (0, 5000), "the second half": (5000, 10_000)}
#: Numbers of test images whose intervals are looked at, and the share of right answers that they are looked at for.
NUMBERS = (100, 200, 500, 1000, 2000, 5000, 10_000)
SHARE = 0.9
NORMS = {"Linf": float("inf"), "L2": 2.0}

Result = dict[str, Any]


@measurement
def separation(profile: Profile) -> Result:
    """From test images to the nearest training image, of the same class and of another, in L-infinity and L2."""
    test = subset(min(COMPARED, profile.slow_images))
    train = mnist("train") if profile.train_images is None else subset(profile.train_images, "train")
    x, known = test.images.flatten(1), train.images.flatten(1)
    found: Result = {"test images": len(test), "train images": len(train)}
    for done, (name, p) in enumerate(NORMS.items()):
        found[name] = nearest(x, test.labels, known, train.labels, p)
        report(done + 1, len(NORMS))
    return found


def nearest(x: Tensor, labels: Tensor, known: Tensor, classes: Tensor, p: float) -> Result:
    """Distances from each row of `x` to the nearest of `known` of its class and of another, in the Lp norm.

    The label of the nearest of all is an answer: nearest-neighbour classification. Where the other class is farther
    than the own one by d, no change shorter than d / 2 alters that answer (the triangle inequality, twice).
    """
    own, other = torch.empty(len(x)), torch.empty(len(x))
    for start in range(0, len(x), 10):
        rows = slice(start, start + 10)
        apart = torch.cdist(x[rows], known, p=p, compute_mode="donot_use_mm_for_euclid_dist")
        same = labels[rows, None] == classes
        own[rows] = apart.masked_fill(~same, float("inf")).amin(1)
        other[rows] = apart.masked_fill(same, float("inf")).amin(1)
    margin = (other - own) / 2
    return {
        "smallest": float(other.min()),
        "median": float(other.median()),
        "own class, median": float(own.median()),
        "right": Proportion(int((own < other).sum()), len(x)).to_json(),
        "margin, median": float(margin.clamp(min=0).median()),
        "distances": [[round(value, 4) for value in pair] for pair in torch.stack([own, other], 1).tolist()],
    }


@measurement(trainings=only_first)
def parts(profile: Profile) -> Result:
    """The standard model on parts of the test set in the order of its file, clean and under FGSM."""
    model, test = zoo.trained(zoo.sized(zoo.STANDARD, profile)), mnist("test")
    every = 1 if profile.test_images is None else -(-len(test) // (4 * profile.test_images))
    index = torch.arange(0, len(test), every)
    x, y = test.images[index], test.labels[index]
    clean = predict(model, x) == y
    stands = predict(model, fgsm(model, x, y, EPSILON)) == y
    found: Result = {"n": len(index), "epsilon": EPSILON, "clean": share(clean), "FGSM": share(stands), "parts": {}}
    for name, (begin, end) in PARTS.items():
        within = (index >= begin) & (index < end)
        found["parts"][name] = {"clean": share(clean[within]), "FGSM": share(stands[within])}
    rows = torch.stack([index, y, clean.long(), stands.long()], 1).tolist()
    return found | {"evidence": {"columns": ["index", "label", "right", "right under FGSM"], "images": rows}}


def share(right: Tensor) -> Result:
    """How many of these are right, with the interval."""
    return Proportion(int(right.sum()), len(right)).to_json()


@measurement
def widths(profile: Profile) -> Result:
    """The width of the 95% Wilson interval round one accuracy, for several numbers of images."""
    rows = {}
    for number in NUMBERS:
        of = Proportion(round(SHARE * number), number)
        rows[str(number)] = of.to_json() | {"width": of.high - of.low}
    return {"share": SHARE, "numbers": rows}


@measurement
def strokes(profile: Profile) -> Result:
    """Black and white by a threshold: how many pixels tell images from the nearest training image of another class."""
    test = subset(min(COMPARED, profile.slow_images))
    train = mnist("train") if profile.train_images is None else subset(profile.train_images, "train")
    x, known = (one.images.flatten(1).round() for one in (test, train))
    differ = []
    for start in range(0, len(x), 50):
        rows = slice(start, start + 50)
        # Of zeros and ones: |a - b| adds up to |a| + |b| - 2 ab, exactly in float32.
        apart = x[rows].sum(1, keepdim=True) + known.sum(1) - 2 * x[rows] @ known.T
        apart[test.labels[rows, None] == train.labels] = float("inf")
        differ.append(apart.amin(1))
    all_of_them = torch.cat(differ)
    return {
        "test images": len(test),
        "train images": len(train),
        "differ": {"smallest": int(all_of_them.min()), "median": int(all_of_them.median())},
        "pixels": x.shape[1],
    }
