"""Every defense of the book in one figure: its accuracy under FGSM and under the attack made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advlab.chapters import detection, ensembles
from advlab.chapters.adversarial_training import longest, random_single, several, single, trades
from advlab.chapters.distillation import attacks
from advlab.chapters.ensembles import by_fgsm, by_pgd, stack
from advlab.chapters.preprocessing import by_name, coarse, jpeg, median, one_bit, resizing, total_variation
from advlab.chapters.shared import two_dots
from advlab.chapters.shared.cells import with_interval
from advlab.chapters.shared.two_dots import Pair
from advlab.chapters.tradeoff.measure import proved
from advlab.engine.chapter import Drawing, Table, claim, figure, table

Result = dict[str, Any]
#: The epsilon at which all defenses are judged, L-infinity, in pixel units.
EPSILON = "0.3"
PREPROCESSING = (jpeg, total_variation, coarse, median, resizing, one_bit)
#: The names of networks that are attacked as they are; the last was trained for a proof.
TRAINED = {
    single: "trained on FGSM",
    random_single: "one step, random start",
    several: "PGD, three steps",
    trades: "TRADES",
    longest: "PGD, deeper",
    proved: "intervals",
}
#: The measurements that figure, table and claims take, in this order.
SOURCES = (attacks, *PREPROCESSING, *detection.SOURCES, by_fgsm, by_pgd, stack, *TRAINED)


@dataclass(frozen=True)
class Defense:
    """One row: a defense's two accuracies, the page that tells its story, and the attack made for it, in words."""

    pair: Pair
    page: str
    by: str


def defenses(*results: Result) -> list[Defense]:
    """The rows, in the order of the book's pages."""
    given = dict(zip(SOURCES, results, strict=True))
    student = given[attacks]
    rows = [Defense(Pair("distillation", student["FGSM"], student["PGD, margin"]), "distillation", "PGD on the margin")]
    for name, of in by_name(*(given[one] for one in PREPROCESSING)).items():
        by = "BPDA and search" if name == "1-bit depth" else "BPDA, EOT" if name == "random resizing" else "BPDA"
        pair = Pair(name, of[f"FGSM, static, {EPSILON}"], of[f"adaptive, {EPSILON}"])
        rows.append(Defense(pair, "preprocessing", by))
    rows += [
        Defense(Pair(f"detector: {pair.name}", pair.naive, pair.adaptive), "detection", "model and detector at once")
        for pair in detection.pairs(*(given[one] for one in detection.SOURCES))
    ]
    *_, vote, layers = ensembles.pairs(given[by_fgsm], given[by_pgd], given[stack])
    rows.append(Defense(Pair("vote of three", vote.naive, vote.adaptive), "ensembles", "PGD on the mean"))
    rows.append(Defense(Pair("filter, three, detector", layers.naive, layers.adaptive), "ensembles", "all at once"))
    for training, name in TRAINED.items():
        of, page = given[training], "intervals" if training is proved else "adversarial_training"
        rows.append(Defense(Pair(name, of["FGSM"], of["robust"][EPSILON]), page, "strong attacks"))
    return rows


@figure(*SOURCES)
def before_and_after(*results: Result) -> Drawing:
    """Two dots per defense: accuracy under FGSM and under the attack made for it."""
    rows = [one.pair for one in defenses(*results)]
    counts = sorted({row.adaptive["n"] for row in rows})
    return Drawing(
        two_dots.draw(rows, "right, or flagged, under attack", naive="FGSM", adaptive="the attack made for it"),
        alt=f"Pairs of dots, under FGSM and under the attack made for the defense. {two_dots.said(rows)}.",
        caption="Hollow: FGSM, made on the network itself where the defense lies in its weights, and on the bare "
        "network where it stands beside. Full: the strongest of this book's attacks that was made for it. "
        f"L-infinity, ε = {EPSILON} in pixels, untargeted, white box; n = "
        f"{' and '.join(f'{count:,}' for count in counts)}, 95% Wilson intervals. With a detector an image that is "
        "flagged counts as right.",
    )


@table(*SOURCES)
def families(*results: Result) -> Table:
    """The accuracies of each defense in numbers, with the page that tells its story."""
    rows = [
        [
            f"[{one.pair.name}]({one.page}.md)",
            with_interval(one.pair.naive),
            one.by,
            with_interval(one.pair.adaptive),
        ]
        for one in defenses(*results)
    ]
    return Table(
        ["defense", "FGSM", "the attack made for it", "left"],
        rows,
        f"L-infinity, ε = {EPSILON} in pixels, untargeted, white box; in brackets 95% Wilson intervals, n = "
        f"{results[0]['FGSM']['n']:,} test images. Of detectors: right or flagged, at five false alarms in a hundred.",
        "lrlr",
    )


#: Below the first of these a defense has fallen, above the second it stands; in [0, 1].
FALLEN, STANDING = 0.1, 0.5


@claim(*SOURCES)
def most_fall(*results: Result) -> bool:
    """Under the attack made for it more than half of the defenses keep fewer than one image in ten."""
    left = [one.pair.adaptive["value"] for one in defenses(*results)]
    return 2 * sum(share < FALLEN for share in left) > len(left)


#: The defenses that keep more than half: by rounding to black and white, training on several steps, or for a proof.
STANDS = {"1-bit depth", "detector: one bit, median", "PGD, three steps", "PGD, deeper", "intervals"}
#: Trained on several steps as well; as short as it is here, it stands near one half.
NEAR = {"TRADES"}


@claim(*SOURCES)
def three_kinds_stand(*results: Result) -> bool:
    """Only defenses of three kinds keep more than half: all of these do but TRADES, which may."""
    standing = {one.pair.name for one in defenses(*results) if one.pair.adaptive["value"] > STANDING}
    return standing - NEAR == STANDS


@claim(*SOURCES)
def fgsm_does_not_tell(*results: Result) -> bool:
    """Some defense that falls keeps nine images in ten under FGSM, more than one that stands does."""
    rows = [one.pair for one in defenses(*results)]
    fallen = max((row.naive["value"] for row in rows if row.adaptive["value"] < FALLEN), default=0.0)
    standing = min((row.naive["value"] for row in rows if row.adaptive["value"] > STANDING), default=1.0)
    return bool(fallen >= 0.9 and standing < fallen)
