"""The page on the trade-off: figures and tables from made-up results, claims both ways."""

import json

import pytest

from advlab import zoo
from advlab.chapters import style
from advlab.chapters.standing import GRID
from advlab.chapters.tradeoff import figures, long, tables
from advlab.chapters.tradeoff.models import MEASURED, NAMES, models
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count, n=500):
    return Proportion(count, n).to_json()


def stood(clean, small, large, proved=(0, 0), signs=()):
    shares = {"certified": 0.0, "survived": large / 500, "unknown": 0.05, "broken": 0.95 - large / 500}
    of = {name: [value] * len(GRID) for name, value in shares.items()}
    return {
        "n": 500,
        "clean": share(clean),
        "robust": {"0.1": share(small), "0.3": share(large)},
        "certified": {"0.1": share(proved[0]), "0.3": share(proved[1])},
        "bands": {"epsilon": list(GRID), **of},
        "signs": list(signs),
        "seconds": 40.0,
    }


RESULTS = tuple(
    json.loads(json.dumps(one, sort_keys=True))
    for one in (
        stood(495, 50, 0),
        stood(485, 20, 0, signs=["zero gradients"]),
        stood(470, 270, 0),
        stood(480, 450, 390),
        stood(485, 465, 420),
        stood(485, 465, 425),
        stood(494, 484, 452),
        stood(472, 468, 440, proved=(464, 425)),
    )
)


def test_one_name_and_role_a_model():
    assert len(MEASURED) == len(NAMES) == len(models(RESULTS)) == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", [figures.bands, figures.clean_against_robust], ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing.function(*RESULTS)
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert all(name in drawn.alt for name in NAMES)


def test_bands_tell_the_shares_at_the_large_epsilon():
    with style.scheme("light"):
        drawn = figures.bands.function(*RESULTS)
    assert "PGD, longer: 0.0% certified, 90.4% attacked and survived, 5.0% unknown, 4.6% broken" in drawn.alt


def test_the_table():
    shown = tables.everything.function(*RESULTS)
    last = shown.rows[-1]
    assert last[:3] == ["8", "intervals", "94.4%"]
    assert last[3].startswith("93.6%")
    assert last[5:7] == ["92.8%", "85.0%"]
    assert shown.rows[1][-1] == "zero gradients"


ROBUST = ("robust", "0.3")
CLAIMS = [
    (tables.nothing_left_of_standard, RESULTS[:1], ROBUST, share(1)),
    (tables.nothing_left_of_distilled, RESULTS[1:2], ROBUST, share(20)),
    (tables.proof_below_attack, RESULTS[7:], ROBUST, share(400)),
    (tables.the_gap_is_narrow, RESULTS[7:], ROBUST, share(490)),
    (tables.only_intervals_prove, RESULTS, ("certified", "0.1"), share(0)),
    (tables.the_price_is_in_the_proof, RESULTS, ("clean",), share(499)),
]


@pytest.mark.parametrize(("claim", "results", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, results, path, value):
    assert claim.function(*results)
    *before, last = results
    assert not claim.function(*before, changed(last, *path, value=value))


def test_masking_is_seen_where_it_is_and_nowhere_else():
    assert tables.masking_is_seen.function(*RESULTS)
    silent = [changed(one, "signs", value=[]) for one in RESULTS]
    assert not tables.masking_is_seen.function(*silent)
    false_alarm = [*RESULTS[:4], changed(RESULTS[4], "signs", value=["zero gradients"]), *RESULTS[5:]]
    assert not tables.masking_is_seen.function(*false_alarm)


def recorded(clean, small, large, proved=(0, 0)):
    counts = {"AutoAttack 0.1": (small, 1000), "AutoAttack 0.3": (large, 1000), "clean": (clean, 10_000)}
    counts |= {f"certified {epsilon}": (count, 10_000) for epsilon, count in zip(("0.1", "0.3"), proved, strict=True)}
    return {
        "accuracy": {name: share(*of) for name, of in counts.items()},
        "epochs": 40,
        "training seconds": 1806.0,
        "machine": {"processor": "a processor", "instructions": "AVX2"},
        "date": "2026-11-24",
    }


def test_the_long_recipes_that_were_run_have_a_row_each():
    run = {"certified": recorded(9650, 960, 920, (9543, 9012)), "adversarial": recorded(9931, 985, 921)}
    shown = long.recorded.function({"figures": run, "date": "2026-11-24"})
    assert [row[0] for row in shown.rows] == ["PGD, three steps", "intervals"]
    assert shown.rows[0][1:4] == ["40", "30&nbsp;min", "99.31%"]
    assert shown.rows[0][5].startswith("92.1%&nbsp;(")
    assert shown.rows[0][6:] == ["–", "–"], "no bounds are no bounds of zero"
    assert shown.rows[1][6:] == ["95.43%", "90.12%"]
    assert shown.caption.count("a processor") == 1


def test_longer_is_no_better_or_the_site_does_not_build():
    short = {"images": 1000, "entries": [{"left": 896}, {"left": 900}]}
    run = {"figures": {"adversarial": recorded(9921, 974, 851)}}
    assert long.longer_is_no_better.function(run, short)
    assert not long.longer_is_no_better.function({"figures": {"adversarial": recorded(9921, 974, 920)}}, short)
    assert not long.longer_is_no_better.function(run, short | {"images": 500}), "other images"


def test_the_page_knows_the_long_recipes():
    assert list(long.NAMES) == list(zoo.LONG)
