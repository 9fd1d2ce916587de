"""The page on the world: its analogues are what they are called, its claims can fail, its sentences have sources."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer

from advlab.attacks import fgsm, spectacles
from advlab.attacks.tabular import feasible
from advlab.chapters.shared import style
from advlab.chapters.world import claims, diagnosis, figures, glasses, tables, transactions
from advlab.evaluation import Proportion, predict
from tests.chapters.results import changed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "world.md"


def share(value, n=200):
    return Proportion(round(value * n), n).to_json()


# --- glasses ----------------------------------------------------------------------------------------------------------


def test_a_slipped_frame_is_the_same_frame_one_pixel_aside(digits):
    mask, images = spectacles(), digits.images[:3]
    worn = torch.where(mask, torch.full_like(images, 0.7), images)
    aside = glasses.slipped(images, worn, mask)
    moved = aside != images
    shifted = torch.zeros_like(mask)
    shifted[..., 1:] = mask[..., :-1]
    assert not moved[:, ~(shifted | (mask.roll(1, -1)))].any()
    assert (aside[:, shifted] == 0.7).all()


def test_only_the_frame_differs_and_plain_frames_are_plain(trained, digits):
    mask, images, labels = spectacles(), digits.images[:10], digits.labels[:10]
    made = glasses.made(trained, images, labels, (labels + 1) % 10, mask)
    assert set(made) == set(tables.FRAMES)
    for kind, of in made.items():
        allowed = mask | mask.roll(1, -1) if "slipped" in kind else mask
        assert torch.equal(of[:, ~allowed], images[:, ~allowed]), kind
    assert (made["white"][:, mask] == 1).all()
    assert (made["black"][:, mask] == 0).all()
    assert made["noise"][:, mask].std() > 0.2


# --- diagnosis --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts():
    return diagnosis.data()


@pytest.fixture(scope="module")
def reader(parts):
    return diagnosis.line(parts[0], parts[1])


def test_rows_are_scaled_by_the_training_part_and_come_back(parts):
    train, _, test, of_test, low, high = parts
    assert 0 == train.min() <= train.max() == 1
    assert 0 <= test.min() <= test.max() <= 1
    assert len(train) + len(test) == 569
    own = low + train * (high - low)
    real = torch.from_numpy(load_breast_cancer().data)
    assert (own[:20, None] - real).abs().amax(2).amin(1).max() < 1e-9
    assert int((of_test == diagnosis.MALIGNANT).sum()) == 85, "stratified"


def test_the_line_is_scikit_learns(parts, reader):
    from sklearn.linear_model import LogisticRegression

    train, of_train, test, _, _, _ = parts
    fitted = LogisticRegression(max_iter=2000).fit(train.numpy(), of_train.numpy())
    assert predict(reader, test).tolist() == fitted.predict(test.numpy()).tolist()


def test_the_smallest_epsilon_is_where_fgsm_begins_to_succeed(parts, reader):
    """FGSM knows nothing of halving, and halving nothing of gradients."""
    ill = parts[2][parts[3] == diagnosis.MALIGNANT]
    ill = ill[predict(reader, ill) == diagnosis.MALIGNANT]
    labels = torch.full((len(ill),), diagnosis.MALIGNANT)
    needed = diagnosis.smallest(reader, ill)
    assert ((needed > 0) & (needed < 1)).all()
    for row in range(0, len(ill), 7):
        one, label, epsilon = ill[row : row + 1], labels[row : row + 1], float(needed[row])
        below = fgsm(reader, one, label, epsilon * (1 - 1e-6), targets=label + 1)
        above = fgsm(reader, one, label, epsilon * (1 + 1e-6), targets=label + 1)
        assert predict(reader, below).item() == diagnosis.MALIGNANT
        assert predict(reader, above).item() == diagnosis.BENIGN


def test_geometry_is_that_of_circles():
    """Of a row whose nuclei are circles, the quotients are two pi and pi."""
    row = torch.zeros(1, 30).double()
    for radius, perimeter, area in ((0, 2, 3), (20, 22, 23)):
        row[0, radius], row[0, perimeter], row[0, area] = 5.0, 10 * np.pi, 25 * np.pi
    torch.testing.assert_close(diagnosis.quotients(row)[0], torch.tensor([2, 1, 2, 1]).double() * np.pi)
    real = torch.from_numpy(load_breast_cancer().data)
    assert not diagnosis.beyond(real, real).any()
    bent = real[:2].clone()
    bent[0, 2] *= 2
    assert diagnosis.beyond(bent, real).tolist() == [True, False]


# --- payments ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    return transactions.payments(400, torch.Generator().manual_seed(3))


def test_payments_hold_what_their_columns_say(rows):
    for number, column in enumerate(transactions.COLUMNS):
        values = rows[0][:, number]
        assert column.low <= values.min() <= values.max() <= column.high
        if column.whole:
            assert torch.equal(values, values.round())
    assert 0.01 < rows[1].double().mean() < 0.15
    torch.testing.assert_close(transactions.unscaled(transactions.scaled(rows[0])), rows[0])


def test_repaired_rows_are_feasible_and_keep_what_was_allowed(rows):
    noise = torch.rand(rows[0].shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 0.5
    bent = transactions.unscaled((transactions.scaled(rows[0]) + noise).clamp(0, 1))
    mended = transactions.repaired(rows[0], bent)
    assert feasible(rows[0], mended, transactions.COLUMNS).all()
    assert torch.equal(mended[:, 4], bent[:, 4].round()), "the hour is the thief's to choose"
    assert (mended[:, 2] != rows[0][:, 2]).any(), "the sum may fall"
    assert torch.equal(transactions.repaired(rows[0], rows[0]), rows[0])


def test_the_full_sum_is_fixed():
    assert [column.change for column in transactions.FULL_SUM].count("fixed") == 4
    assert transactions.FULL_SUM[transactions.AMOUNT].change == "fixed"


def test_outcomes_are_counted(rows):
    before = rows[0][:4]
    after = before.clone()
    after[0, transactions.AMOUNT] /= 2  # allowed
    after[1, 0] += 1  # an older account: not allowed

    def score(of):
        return torch.tensor([-1.0, -1.0, 1.0, -1.0]).double()

    found = transactions.outcome(score, before, after)
    assert (found["passes"]["count"], found["feasible"]["count"], found["both"]["count"]) == (3, 3, 2)
    assert found["kept"] == pytest.approx(0.5, abs=0.51)
    assert transactions.outcome(lambda of: -score(of) * 0 + 1, before, after)["kept"] is None


# --- what is drawn, tabulated and claimed -----------------------------------------------------------------------------


def of_frames(dodge, wanted, slip):
    right = {"clean": 0.99, "black": 0.9, "grey": 0.85, "white": 0.7, "noise": 0.8}
    right |= {"untargeted": dodge, "targeted": dodge + 0.1, "slipped, untargeted": 0.4, "slipped, targeted": 0.5}
    hits = {"clean": 0.0, "targeted": wanted, "slipped, targeted": slip}
    return {
        "right": {kind: share(value) for kind, value in right.items()},
        "as wanted": {kind: share(value) for kind, value in hits.items()},
    }


PICTURE = [[(9 * row + 5 * column) % 256 for column in range(28)] for row in range(28)]
WORN = {
    "label": 7,
    "wanted": 8,
    "frames": {kind: {"picture": PICTURE, "read": 8 if kind == "targeted" else 7} for kind in figures.WORN},
}
GLASSES = {
    "n": 200,
    "steps": 20,
    "area": 0.12,
    "models": {"standard": of_frames(0.1, 0.7, 0.2), "robust": of_frames(0.3, 0.4, 0.2)},
    "shown": [WORN] * glasses.SHOWN,
}


def of_reader(*left):
    epsilons = [f"{epsilon:g}" for epsilon in diagnosis.EPSILONS]
    return {
        "accuracy": share(0.95),
        "attacked": dict(zip(epsilons, map(share, left), strict=True)),
        "noise": {epsilon: share(0.95) for epsilon in epsilons},
    }


DIAGNOSIS = {
    "n": 85,
    "epsilon": 0.1,
    "readers": {"line": of_reader(0.9, 0.9, 0.8, 0.5, 0.3, 0.1), "network": of_reader(0.96, 0.9, 0.7, 0.2, 0.1, 0)},
    "odd": share(0.4),
    "odd before": 0,
    "smallest": {"median": 0.12, "largest": 0.4},
    "patient": {
        "epsilon": 0.12,
        "of": 30,
        "features": [{"feature": "worst radius", "before": 24.31, "after": 21.09, "share": 0.07}],
    },
}


def of_detector(one, full):
    def got(passes, both, kept):
        return {"passes": share(passes), "feasible": share(1.0), "both": share(both), "kept": kept}

    attacks = {"no constraints": got(0.98, 0.0, None) | {"feasible": share(0.0)}}
    attacks |= {"no constraints, then repaired": got(0.6, 0.6, 0.01)}
    attacks |= {"feasible, 1": got(one, one, 0.01), "feasible, 2": got(0.99, 0.99, 0.01)}
    attacks |= {"full sum, 1": got(full, full, 1.0), "full sum, 2": got(full, full, 1.0)}
    touched = {column.name: 0.1 for column in transactions.COLUMNS}
    return {"caught": share(0.5), "honest stopped": share(0.02), "attacks": attacks, "touched": touched}


PAYMENTS = {
    "rows": 8000,
    "epsilon": 0.2,
    "false alarms": 0.02,
    "detectors": {"line": of_detector(0.6, 0.5), "trees": of_detector(0.9, 0.4)},
}
# As the store gives them back: keys sorted as words.
GLASSES, DIAGNOSIS, PAYMENTS = (json.loads(json.dumps(one, sort_keys=True)) for one in (GLASSES, DIAGNOSIS, PAYMENTS))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("drawing", "result", "words"),
    [
        (figures.worn, GLASSES, "a 7, to be read as 8: none 7, grey 7, made for it 8, one pixel off 7"),
        (figures.malignant, DIAGNOSIS, "network, attack: 96.0% at 0, 90.0% at 0.02, 70.0% at 0.05"),
        (figures.payments, PAYMENTS, "trees: every number: passes 98.0%, every number: feasible too 0.0%"),
    ],
    ids=["worn", "malignant", "payments"],
)
def test_figures_draw_in_both_schemes(drawing, result, words, scheme):
    with style.scheme(scheme):
        drawn = drawing(result)
        assert b"<svg" in style.save(drawn.figure)
    assert words in drawn.alt


def test_tables():
    frames = tables.frames(GLASSES)
    assert [row[0] for row in frames.rows] == ["no frame", *tables.FRAMES[1:]]
    assert frames.rows[6][2].startswith("70.0%")
    assert frames.rows[6][4].startswith("40.0%")
    assert frames.rows[1][2] == ""
    assert tables.patient(DIAGNOSIS).rows == [["worst radius", "24.31", "21.09", "7.0%"]]
    assert [row[2] for row in tables.columns(PAYMENTS).rows] == [
        "nothing", "nothing", "lower it", "anything", "anything", "raise it", "nothing",
    ]  # fmt: skip
    passed = tables.passed(PAYMENTS)
    assert len(passed.rows) == 2 * len(tables.ATTACKS)
    assert passed.rows[0] == ["every number", "line", "98.0%", "0.0%&nbsp;(0.0&nbsp;to&nbsp;1.9)", ""]
    assert passed.rows[5][:3] == ["feasible, 1 changed", "trees", "90.0%"]


STANDARD, TREES = ("models", "standard"), ("detectors", "trees", "attacks")
CLAIMS = [
    (claims.frames_beat_plain_ones, GLASSES, (*STANDARD, "right", "untargeted"), share(0.65)),
    (claims.plain_frames_hurt_too, GLASSES, (*STANDARD, "right", "clean"), share(0.74)),
    (claims.impersonating_is_harder, GLASSES, (*STANDARD, "as wanted", "targeted"), share(0.95)),
    (claims.a_slip_costs, GLASSES, (*STANDARD, "as wanted", "slipped, targeted"), share(0.75)),
    (claims.a_slip_costs, GLASSES, (*STANDARD, "as wanted", "slipped, targeted"), share(0.01)),
    (claims.noise_does_nothing, DIAGNOSIS, ("readers", "line", "noise", "0.1"), share(0.8)),
    (claims.at_the_end_nearly_all, DIAGNOSIS, ("readers", "line", "attacked", "0.2"), share(0.3)),
    (claims.the_network_falls_sooner, DIAGNOSIS, ("readers", "network", "attacked", "0.1"), share(0.45)),
    (claims.geometry_is_broken, DIAGNOSIS, ("odd",), share(0.1)),
    (claims.geometry_is_broken, DIAGNOSIS, ("odd before",), 1),
    (claims.blind_attack_passes, PAYMENTS, (*TREES, "no constraints", "feasible"), share(0.01)),
    (claims.the_sum_goes_first, PAYMENTS, (*TREES, "feasible, 1", "kept"), 0.9),
    (claims.the_full_sum_is_harder, PAYMENTS, (*TREES, "full sum, 1", "both"), share(0.88)),
    (claims.feasible_is_less, PAYMENTS, (*TREES, "full sum, 1", "both"), share(0.97)),
]


@pytest.mark.parametrize(("claim", "result", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, result, path, value):
    assert claim(result)
    assert not claim(changed(result, *path, value=value))


# --- sources ----------------------------------------------------------------------------------------------------------

#: A sentence with one of these says where it comes from: a work, a quotation, or a measurement of this book.
SOURCED = ("cite", "published", "quote", "n", "claim", "figure", "table", "plain")


def uncited(text):
    """The sentences of a page, up to its exercises, that name no source; macros stand as ⟨name⟩."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).partition("\n## Exercises")[0]
    text = re.sub(r"^```.*?^```$|^\$\$.*?\$\$$|^#+ .*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\*\*[^*]+\*\* ", "", text, flags=re.MULTILINE)  # what a paragraph is about
    # A claim is a sentence of its own; what stands before and behind it has to have a source itself.
    text = re.sub(r"<< (\w+)\((.*?)\) >>", lambda one: f"⟨{one[1]}⟩" + "." * (one[1] == "claim"), text)
    blocks = [block for block in re.split(r"\n\s*\n|\n(?=- |\d\. |\|)", text) if block.strip()]
    sentences = [one.strip() for block in blocks for one in re.split(r"(?<=[.?!])(?:\*\*)?\s+", block.strip())]
    found = [one for one in sentences if re.search(r"\w", re.sub(r"⟨\w+⟩", "", one))]
    return [one for one in found if not any(f"⟨{name}⟩" in one for name in SOURCED)]


def test_uncited_sentences_are_found():
    text = "# A\n\nNo source. One, << cite('x') >>, has. << claim('a', 'So it is.') >> And this?\n\n- **Bold.** Plain."
    assert uncited(f"{text}\n\n## Exercises\n\nNot asked.") == ["No source.", "And this?", "- **Bold.", "Plain."]


def test_every_uncited_sentence_of_the_page_was_reviewed():
    """Whoever adds a sentence about the world gives it a source, or adds it here and says by that: it needs none."""
    reviewed = (Path(__file__).parent / "world_uncited.txt").read_text().splitlines()
    found = uncited(PAGE.read_text())
    assert [one for one in found if one not in reviewed] == [], "new sentences without a source"
    assert [one for one in reviewed if one not in found] == [], "reviewed sentences that are no longer there"
