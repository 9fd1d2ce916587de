"""Four ways to run "the same" FGSM on one network, and what each of them really does to the images.

The network is the book's, taken without its normalisation, so that it eats normalised images as the article's does.
All four ways step along the same sign: normalising is a rising function, so the gradient's sign in normalised units is
its sign in pixels. They differ in the unit of epsilon and in where they clamp.
"""

import copy
from typing import Any

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from advlab import data, zoo
from advlab.chapters import style
from advlab.chapters.fgsm.measure import signs
from advlab.data import MEAN, STD
from advlab.elsewhere import published
from advlab.evaluation import Proportion, logits, predict
from advlab.models import Normalize
from advlab.profile import Profile
from advlab.rewriting import for_attacks
from advlab.stored import Drawing, Table, claim, figure, measurement, table
from advlab.threat import epsilon_units, from_normalised

EPSILONS = (0.0, 0.05, 0.1, 0.2, 0.3)
#: The accuracies that the article prints at these epsilons.
PRINTED = tuple(
    float(published(f"article_fgsm_{size:g}" if size else "article_clean_accuracy")["value"]) for size in EPSILONS
)
#: Each way: its letter and short name, and how pages describe it.
WAYS = {
    "article": ("A: article", "the article's code: normalised epsilon, clamp to [0, 1] after normalising"),
    "repository": ("B: repository", "its repository: normalised epsilon, clamp to [-2, 2]"),
    "normalised": ("C: normalised", "normalised epsilon, clamped where the normalised pixels end"),
    "pixels": ("D: pixels", "epsilon in pixels, clamp to [0, 1] before normalising"),
}
ROLES: dict[str, style.Role] = {"article": "article", "repository": "repository", "normalised": "pgd", "pixels": "fgsm"}
#: Twenty passes over all test images would cost more than the rest of the page is worth: a quarter of them.
IMAGES = 2500
PICTURED = 0.2
#: In normalised units: float32 errs by less, and a grey level is ten thousand times as much.
ROUNDING = 1e-6
CANDIDATES = 200

normalise = Normalize(MEAN, STD)


def without_normalisation(model: nn.Module) -> nn.Module:
    """A copy of the network that takes normalised images."""
    bare = copy.deepcopy(model)
    bare.normalize = nn.Identity()
    return bare


def article(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """A step in normalised units, then the limits of pixels, which are not the limits of normalised ones."""
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(0, 1)


def repository(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """A step in normalised units, then limits that lie far below black and well below white."""
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(-2, 2)


def normalised(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """A step in normalised units, then normalised black and white as limits."""
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    return ((pixels - MEAN) / STD + epsilon * sign).clamp(black, white)


def in_pixels(pixels: Tensor, sign: Tensor, epsilon: float) -> Tensor:
    """A step in pixels, black and white as limits, and only then what the network's own first layer does."""
    return ((pixels + epsilon * sign).clamp(0, 1) - MEAN) / STD


def four_ways(pixels: Tensor, sign: Tensor, epsilon: float) -> dict[str, Tensor]:
    """What the network gets to see under each way: normalised images."""
    return {
        "article": article(pixels, sign, epsilon),
        "repository": repository(pixels, sign, epsilon),
        "normalised": normalised(pixels, sign, epsilon),
        "pixels": in_pixels(pixels, sign, epsilon),
    }


def described(clean: Tensor, without_step: Tensor, seen: Tensor) -> dict[str, float]:
    """What happened to normalised images; sizes in pixel units, shares of all pixels.

    Args:
        clean: the images as normalised, nothing else done.
        without_step: what this way makes of them at epsilon 0.
        seen: what it makes of them at the epsilon in question.
    """
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    return {
        "altered": float(((seen - clean).abs() > ROUNDING).float().mean()),
        "moved": float(((seen - without_step).abs() > ROUNDING).float().mean()),
        "outside": float(((seen < black - ROUNDING) | (seen > white + ROUNDING)).float().mean()),
        "largest": from_normalised(float((seen - clean).abs().max())),
    }


def misfit(accuracies: list[float]) -> float:
    """Mean absolute distance from the accuracies that the article prints, in points of a hundred."""
    return 100 * sum(abs(ours - theirs) for ours, theirs in zip(accuracies, PRINTED, strict=True)) / len(PRINTED)


@measurement(trainings=lambda profile: [zoo.training(zoo.sized(zoo.STANDARD, profile))])
def ways(profile: Profile) -> dict[str, Any]:
    """Accuracy, and what becomes of the pixels, under four ways to run FGSM on one network, seed 0."""
    network = for_attacks(without_normalisation(zoo.trained(zoo.sized(zoo.STANDARD, profile))))
    count = min(IMAGES, profile.test_images or IMAGES)
    test = data.subset(count)
    clean = normalise(test.images)
    sign = signs(network, clean, test.labels)
    right_at_once = predict(network, clean) == test.labels
    start = four_ways(test.images, sign, 0.0)
    result: dict[str, Any] = {way: {} for way in WAYS}
    wrong: dict[str, Any] = {way: {} for way in WAYS}
    indices = data.indices(count)
    for epsilon in EPSILONS:
        for way, seen in four_ways(test.images, sign, epsilon).items():
            right = right_at_once if torch.equal(seen, clean) else predict(network, seen) == test.labels
            result[way][f"{epsilon:g}"] = {
                "accuracy": Proportion(int(right.sum()), len(test)).to_json(),
                **described(clean, start[way], seen),
            }
            wrong[way][f"{epsilon:g}"] = indices[~right].tolist()
    for way in WAYS:
        result[way]["misfit"] = misfit([result[way][f"{e:g}"]["accuracy"]["value"] for e in EPSILONS])
    return {**result, "n": len(test), "evidence": {"misclassified test images, by their index in MNIST": wrong}}


@measurement
def units(profile: Profile) -> dict[str, Any]:
    """The conversions between pixel units, grey levels and normalised units, and where each clamp ends."""
    black, white = (0 - MEAN) / STD, (1 - MEAN) / STD
    as_pixels = {f"{e:g}": epsilon_units(e) for e in EPSILONS}
    as_normalised = {f"{e:g}": epsilon_units(from_normalised(e)) for e in EPSILONS}
    limits = {"article": (0.0, 1.0), "repository": (-2.0, 2.0), "normalised": (black, white), "pixels": (black, white)}
    return {
        "mean": MEAN,
        "std": STD,
        "range": {"low": black, "high": white, "width": white - black},
        "pixels": {name: sizes._asdict() for name, sizes in as_pixels.items()},
        "normalised": {
            name: {**sizes._asdict(), "share": sizes.normalised / (white - black)}
            for name, sizes in as_normalised.items()
        },
        "ratio": 1 / STD,
        "clamps": {way: {"low": low * STD + MEAN, "high": high * STD + MEAN} for way, (low, high) in limits.items()},
    }


@measurement(trainings=lambda profile: [zoo.training(zoo.sized(zoo.STANDARD, profile))])
def pictures(profile: Profile) -> dict[str, Any]:
    """The first digit that D breaks at epsilon 0.2 and A does not, as the network sees it under each way."""
    network = without_normalisation(zoo.trained(zoo.sized(zoo.STANDARD, profile)))
    test = data.subset(CANDIDATES)
    clean = normalise(test.images)
    sign = signs(network, clean, test.labels)
    attacked = four_ways(test.images, sign, PICTURED)
    right = {way: predict(network, seen) == test.labels for way, seen in attacked.items()}
    telling = (predict(network, clean) == test.labels) & right["article"] & ~right["pixels"]
    chosen = int(telling.nonzero()[0]) if telling.any() else 0
    start = four_ways(test.images, sign, 0.0)
    return {
        "index": int(data.indices(CANDIDATES)[chosen]),
        "label": int(test.labels[chosen]),
        "clean": _picture(network, clean[chosen]),
        "0": {way: _picture(network, seen[chosen]) for way, seen in start.items()},
        f"{PICTURED:g}": {way: _picture(network, seen[chosen]) for way, seen in attacked.items()},
    }


def _picture(network: nn.Module, seen: Tensor) -> dict[str, Any]:
    """A normalised image back in pixels, with what the network says to it."""
    confidence, digit = logits(network, seen[None]).softmax(dim=1)[0].max(dim=0)
    pixels = seen[0].double() * STD + MEAN
    return {
        "pixels": [[round(value, 3) for value in row] for row in pixels.tolist()],
        "digit": int(digit),
        "confidence": float(confidence),
    }


def _values(ways_result: dict[str, Any], way: str) -> list[float]:
    return [ways_result[way][f"{epsilon:g}"]["accuracy"]["value"] for epsilon in EPSILONS]


@figure(ways)
def curves(result: dict[str, Any]) -> Drawing:
    """Accuracy against epsilon: four ways, and what the article prints."""
    drawing, axes = plt.subplots()
    labels: dict[str, style.Role] = {}
    for way, (name, _) in WAYS.items():
        rows = [result[way][f"{epsilon:g}"]["accuracy"] for epsilon in EPSILONS]
        axes.plot(EPSILONS, [row["value"] for row in rows], label=name, **style.line(ROLES[way]))
        axes.fill_between(
            EPSILONS,
            [row["low"] for row in rows],
            [row["high"] for row in rows],
            color=style.color(ROLES[way]),
            alpha=0.18,
            linewidth=0,
        )
        labels[name] = ROLES[way]
    ink = style.color("ink")
    axes.plot(EPSILONS, PRINTED, label="printed", color=ink, marker="o", markerfacecolor="none", linestyle="none")
    labels["printed"] = "ink"
    style.percent(axes)
    axes.set(xlabel="the number given as epsilon, whatever its unit", ylabel="accuracy", xticks=EPSILONS)
    style.label_ends(axes, labels, gap=0.075)
    last = f"{EPSILONS[-1]:g}"
    said = "; ".join(f"{name} {100 * result[way][last]['accuracy']['value']:.1f}%" for way, (name, _) in WAYS.items())
    return Drawing(
        drawing,
        alt=f"Four curves of accuracy over epsilon from 0 to {last}, and five rings for what the article prints. "
        f"At {last}: {said}; printed {100 * PRINTED[-1]:.1f}%.",
        caption="One network, one sign of the gradient, five numbers called epsilon, four readings of them. Rings: the "
        f"accuracies that the article prints. n = {result['n']:,} test images; bands are 95% Wilson intervals; one "
        "training seed.",
    )


@figure(units)
def clamps(result: dict[str, Any]) -> Drawing:
    """What each clamp makes of a grey level, without any attack."""
    drawing, axes = plt.subplots(figsize=(style.WIDTH, 3.9))
    before = [step / 255 for step in range(256)]
    names = {"pixels": "C and D", "repository": "B", "article": "A"}
    for way, name in names.items():
        low, high = result["clamps"][way]["low"], result["clamps"][way]["high"]
        after = [min(max(value, low), high) for value in before]
        axes.plot(before, after, label=name, **{**style.line(ROLES[way]), "marker": ""})
    axes.set(
        xlabel="pixel before (0 black, 1 white)", ylabel="pixel that the network sees", xlim=(0, 1), ylim=(0, 1.02)
    )
    style.label_ends(axes, {name: ROLES[way] for way, name in names.items()})
    low, high = result["clamps"]["article"]["low"], result["clamps"]["article"]["high"]
    top = result["clamps"]["repository"]["high"]
    return Drawing(
        drawing,
        alt="Three lines of pixel after the clamp over pixel before. C and D: the diagonal, nothing changes. "
        f"B: the diagonal up to {top:.3f}, flat above. A: flat at {low:.3f}, the diagonal up to {high:.3f}, then flat.",
        caption="What each clamp makes of a grey level when nobody attacks ($\\epsilon = 0$), in pixel units. "
        "It follows from the mean and the standard deviation alone.",
    )


@figure(pictures)
def digits(result: dict[str, Any]) -> Drawing:
    """One digit as the network sees it under each way, at epsilon 0 and at 0.2."""
    rows = ("0", f"{PICTURED:g}")
    drawing, grid = plt.subplots(2, 4, figsize=(style.WIDTH, 4.6))
    for line, epsilon in zip(grid, rows, strict=True):
        for axes, (way, (name, _)) in zip(line, WAYS.items(), strict=True):
            one = result[epsilon][way]
            style.show(axes, one["pixels"], name if epsilon == "0" else "")
            axes.set_xlabel(f"{one['digit']} ({100 * one['confidence']:.0f}%)")
        line[0].set_ylabel(f"epsilon {epsilon}")
    words = "; ".join(
        f"epsilon {epsilon}: " + ", ".join(f"{WAYS[way][0]} read as {result[epsilon][way]['digit']}" for way in WAYS)
        for epsilon in rows
    )
    ends = [value for row in result["0"]["article"]["pixels"] for value in row]
    return Drawing(
        drawing,
        alt=f"A handwritten {result['label']} as the network sees it, in two rows of four. {words}. Under A the "
        f"image is a dim grey on grey, from {min(ends):.2f} to {max(ends):.2f}, before any attack.",
        caption=f"What the network gets to see, drawn in pixels: test image {result['index']}, a {result['label']}, "
        f"the first that D breaks at $\\epsilon = {PICTURED:g}$ and A does not. Below each image: the network's answer "
        "and its confidence. All on one scale from black to white; what lies outside it is drawn as its end.",
    )


@table(ways)
def accuracies(result: dict[str, Any]) -> Table:
    """Accuracy under each way beside the accuracies that the article prints."""
    rows = []
    for epsilon, printed in zip(EPSILONS, PRINTED, strict=True):
        ours = [result[way][f"{epsilon:g}"]["accuracy"] for way in WAYS]
        cells = [f"{100 * one['value']:.1f}%<br>{100 * one['low']:.1f} to {100 * one['high']:.1f}" for one in ours]
        rows.append([f"{epsilon:g}", *cells, f'<span class="published">{100 * printed:.2f}%</span>'])
    distances = [f"{result[way]['misfit']:.1f} points" for way in WAYS]
    rows.append(["mean<br>distance", *distances, ""])
    return Table(
        ["$\\epsilon$", *(name for name, _ in WAYS.values()), "the article prints"],
        rows,
        f"Accuracy on n = {result['n']:,} test images under four ways to run FGSM on one network (L-infinity, "
        "untargeted, white box; one training seed), with 95% Wilson intervals; last, the mean "
        "distance from the printed accuracies. " + " ".join(f"{name}: {what}." for name, what in WAYS.values()),
        "lrrrrr",
    )


@table(ways)
def pixels_changed(result: dict[str, Any]) -> Table:
    """What each way does to pixels at epsilon 0 and at 0.2."""
    rows = []
    for way, (name, _) in WAYS.items():
        start, later = result[way]["0"], result[way][f"{PICTURED:g}"]
        shares = [start["altered"], later["moved"], later["outside"]]
        rows.append(
            [name, f"{100 * shares[0]:.1f}%", f"{start['largest']:.3f}", *(f"{100 * s:.1f}%" for s in shares[1:])]
        )
    return Table(
        [
            "",
            "altered<br>at 0",
            "largest change<br>at 0",
            f"moved by a<br>step of {PICTURED:g}",
            f"outside the range<br>at {PICTURED:g}",
        ],
        rows,
        f"Shares of all pixels of {result['n']:,} test images. Altered at 0: differ from the image although "
        f"$\\epsilon = 0$; the largest such change is in pixel units. Moved by a step: at $\\epsilon = {PICTURED:g}$ "
        "differ from what the same way shows at 0. Outside the range: darker than black or brighter than white.",
        "lrrrr",
    )


@table(units)
def conversions(result: dict[str, Any]) -> Table:
    """Each epsilon, read in pixel units and in normalised units, in all three units."""
    rows = []
    for name in result["pixels"]:
        first, second = result["pixels"][name], result["normalised"][name]
        rows.append(
            [
                name,
                f"{first['of_255']:.2f}/255",
                f"{first['normalised']:.4f}",
                f"{second['pixels']:.4f}",
                f"{second['of_255']:.2f}/255",
            ]
        )
    return Table(
        [
            "the<br>number",
            "in pixels:<br>grey levels",
            "in pixels:<br>normalised",
            "normalised:<br>pixels",
            "normalised:<br>grey levels",
        ],
        rows,
        f"Each number read in pixels, then as normalised, converted into the other units by the deviation {STD:g}.",
        "lrrrr",
    )


@claim(ways)
def printed_fits_pixels(result: dict[str, Any]) -> bool:
    """Of the four columns the one in pixel units has the least mean absolute distance from the printed numbers."""
    return min(WAYS, key=lambda way: result[way]["misfit"]) == "pixels"


@claim(ways)
def order_at_two_tenths(result: dict[str, Any]) -> bool:
    """At epsilon 0.2 accuracy under A is above C, C above B, B above D."""
    one, two, three, four = (
        result[way]["0.2"]["accuracy"]["value"] for way in ("article", "normalised", "repository", "pixels")
    )
    return one > two > three > four


@claim(ways)
def clamp_alters_nearly_all(result: dict[str, Any]) -> bool:
    """At epsilon 0 way A alters more than nine pixels in ten, and ways C and D alter none."""
    altered = {way: result[way]["0"]["altered"] for way in WAYS}
    return altered["article"] > 0.9 and altered["normalised"] == altered["pixels"] == 0


@claim(ways)
def clamp_change_exceeds_ball(result: dict[str, Any]) -> bool:
    """At epsilon 0 way A changes a pixel by more than the largest epsilon of the table, read in pixels."""
    return result["article"]["0"]["largest"] > max(EPSILONS)


@claim(ways)
def article_barely_falls(result: dict[str, Any]) -> bool:
    """From epsilon 0 to 0.3 accuracy falls by less than ten points under A and by more than fifty under D."""
    falls = {way: _values(result, way)[0] - _values(result, way)[-1] for way in WAYS}
    return falls["article"] < 0.1 and falls["pixels"] > 0.5


@claim(ways)
def step_swallowed(result: dict[str, Any]) -> bool:
    """At every epsilon above 0 the step moves fewer than one pixel in five under A, more than half of them under D."""
    sizes = [f"{epsilon:g}" for epsilon in EPSILONS[1:]]
    return all(result["article"][e]["moved"] < 0.2 and result["pixels"][e]["moved"] > 0.5 for e in sizes)


@claim(ways)
def only_repository_leaves_range(result: dict[str, Any]) -> bool:
    """At 0.2 way B puts more than a third of all pixels where no image can have them; the other ways none."""
    outside = {way: result[way]["0.2"]["outside"] for way in WAYS}
    return outside["repository"] > 1 / 3 and sum(outside[way] for way in WAYS if way != "repository") == 0
