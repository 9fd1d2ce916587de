"""The closing page: distances by another way, parts by hand; figure, tables, claims on made-up results."""

import pytest
import torch

from advlab.chapters import style
from advlab.chapters.mnist import figures, measure, tables
from advlab.data import Dataset
from advlab.evaluation import Proportion
from advlab.profile import DRAFT
from tests.chapters.results import changed


def share(count, n=1000):
    return Proportion(count, n).to_json()


def of_norm(own, other):
    return {
        "smallest": other,
        "median": other,
        "own class, median": own,
        "right": share(950),
        "margin, median": (other - own) / 2,
        "distances": [[own, other], [own, other]],
    }


APART = {"test images": 2, "train images": 9, "Linf": of_norm(0.95, 0.99), "L2": of_norm(5.0, 7.0)}
PARTS = {
    "n": 1000,
    "epsilon": 0.1,
    "clean": share(990),
    "FGSM": share(875),
    "parts": {
        "the first thousand": {"clean": share(990), "FGSM": share(850)},
        "the first half": {"clean": share(990), "FGSM": share(840)},
        "the second half": {"clean": share(990), "FGSM": share(910)},
    },
}
STROKES = {"differ": {"smallest": 30, "median": 70}}


@pytest.mark.parametrize("p", [2.0, float("inf")])
def test_nearest_by_loops(p):
    generator = torch.Generator().manual_seed(3)
    x, known = torch.rand(12, 5, generator=generator), torch.rand(30, 5, generator=generator)
    labels, classes = torch.arange(12) % 3, torch.arange(30) % 3
    found = measure.nearest(x, labels, known, classes, p)
    for row, (own, other) in enumerate(found["distances"]):
        lengths = [float(torch.linalg.vector_norm(x[row] - one, ord=p)) for one in known]
        pairs = list(zip(lengths, classes, strict=True))
        assert own == pytest.approx(min(d for d, c in pairs if c == labels[row]), abs=1e-4)
        assert other == pytest.approx(min(d for d, c in pairs if c != labels[row]), abs=1e-4)
    assert found["smallest"] == pytest.approx(min(other for _, other in found["distances"]), abs=1e-4)
    assert found["right"]["count"] == sum(own < other for own, other in found["distances"])


def test_the_margin_is_a_certificate():
    """Any change shorter than the margin leaves the nearest neighbour's answer."""
    generator = torch.Generator().manual_seed(4)
    x, known = torch.rand(10, 6, generator=generator), torch.rand(40, 6, generator=generator)
    labels, classes = torch.arange(10) % 2, torch.arange(40) % 2
    found = measure.nearest(x, labels, known, classes, 2.0)["distances"]
    margins = torch.tensor([(other - own) / 2 for own, other in found])
    safe = margins > 0.01
    assert safe.any()
    for _ in range(50):
        step = torch.nn.functional.normalize(torch.randn(x.shape, generator=generator), dim=1)
        moved = x + step * (margins * 0.99)[:, None]
        answers = classes[torch.cdist(moved, known).argmin(1)]
        assert torch.equal(answers[safe], labels[safe])


def test_parts_by_position(monkeypatch, trained, digits):
    """The whole file is made of a few digits, so that the parts are known."""
    repeated = Dataset(digits.images.repeat(84, 1, 1, 1)[:10_000], digits.labels.repeat(84)[:10_000])
    monkeypatch.setattr(measure, "mnist", lambda split: repeated)
    monkeypatch.setattr(measure.zoo, "trained", lambda recipe: trained)
    found = measure.parts.function(DRAFT)
    halves = [found["parts"][name] for name in ("the first half", "the second half")]
    assert sum(half["clean"]["n"] for half in halves) == found["n"] == found["clean"]["n"]
    assert sum(half["FGSM"]["count"] for half in halves) == found["FGSM"]["count"]
    first = [row for row in found["evidence"]["images"] if row[0] < 1000]
    assert found["parts"]["the first thousand"]["FGSM"]["count"] == sum(row[3] for row in first)


def test_widths_shrink_by_the_root():
    numbers = measure.widths.function(DRAFT)["numbers"]
    assert numbers["100"]["width"] / numbers["10000"]["width"] == pytest.approx(10, rel=0.03)
    assert all(of["low"] < 0.9 < of["high"] for of in numbers.values())


def test_strokes_count_pixels():
    found = measure.strokes.function(DRAFT)
    assert 0 < found["differ"]["smallest"] <= found["differ"]["median"] < found["pixels"] == 784


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figure(scheme):
    with style.scheme(scheme):
        drawing = figures.neighbours.function(APART)
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert "own class 0.95, others 0.99" in drawing.alt


def test_tables():
    assert [row[1] for row in tables.distances.function(APART).rows] == ["0.99", "7.00"]
    shown = tables.by_part.function(PARTS).rows
    assert [row[0] for row in shown][-1] == "all"
    assert shown[1][3].startswith("84.0%")
    assert tables.intervals.function(measure.widths.function(DRAFT)).rows[0][0] == "100"


def test_claims_can_be_true_and_false():
    rounded, weak = {"adaptive, 0.3": share(600)}, {"adaptive, 0.3": share(100)}
    learnt = {"robust": {"0.3": share(900)}}
    worse = changed(PARTS, "parts", "the second half", "FGSM", value=share(841))
    for claim, true, false in [
        (tables.balls_do_not_touch, [APART], [changed(APART, "Linf", "smallest", value=0.5)]),
        (tables.linf_says_little, [APART], [changed(APART, "L2", "own class, median", value=6.9)]),
        (tables.neighbours_read_well, [APART], [changed(APART, "L2", "right", value=share(800))]),
        (tables.first_half_is_harder, [PARTS], [worse]),
        (tables.dozens_of_flips, [STROKES], [changed(STROKES, "differ", "smallest", value=3)]),
        (tables.one_line_keeps_much, [rounded, learnt], [weak, learnt]),
    ]:
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
