"""The page on the trade-off: figures and tables from made-up results, claims both ways."""

import json

import pytest

from advlab import zoo
from advlab.chapters.shared import style
from advlab.chapters.shared.robustness_bands import GRID
from advlab.chapters.tradeoff import families, figures, long, tables
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
    assert "PGD, deeper: 0.0% certified, 90.4% attacked and survived, 5.0% unknown, 4.6% broken" in drawn.alt


def test_the_table():
    shown = tables.everything.function(*RESULTS)
    last = shown.rows[-1]
    assert last[:3] == ["8", "intervals", "94.4%"]
    assert last[3].startswith("93.6%")
    assert last[5:7] == ["92.8%", "85.0%"]
    assert [row[-1] for row in shown.rows[:3]] == ["none", "1", "none"]


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
        "architecture": "a_network",
        "training seconds": 1806.0,
        "machine": {"processor": "a processor", "instructions": "AVX2", "path": "float32"},
        "date": "2026-11-24",
    }


def test_the_long_recipes_that_were_run_have_a_row_each():
    run = {"certified": recorded(9650, 960, 920, (9543, 9012)), "adversarial": recorded(9931, 985, 921)}
    shown = long.recorded.function({"figures": run, "date": "2026-11-24"})
    assert [row[0] for row in shown.rows] == ["PGD, deeper, ten steps", "intervals"]
    assert shown.rows[0][1:4] == ["40", "30&nbsp;min", "99.31%"]
    assert shown.rows[0][5] == "92.1%<br><small>90.3&nbsp;to&nbsp;93.6</small>"
    assert shown.rows[0][6:] == ["–", "–"], "no bounds are no bounds of zero"
    assert shown.rows[1][6:] == ["95.43%", "90.12%"]
    assert shown.caption.count("a processor") == 1


def test_claims_of_the_long_runs():
    run = {
        "adversarial, same images": recorded(9921, 974, 851),
        "adversarial, drawn anew": recorded(9930, 975, 925),
        "adversarial": recorded(9930, 980, 945),
        "trades": recorded(9900, 970, 930),
    }
    assert long.drawing_anew_helps.function({"figures": run})
    assert long.deeper_keeps_most.function({"figures": run})
    near = run | {"adversarial, drawn anew": recorded(9930, 975, 870)}
    assert not long.drawing_anew_helps.function({"figures": near}), "the intervals meet"
    shorter = run | {"adversarial, drawn anew": recorded(9930, 975, 925) | {"epochs": 8}}
    assert not long.drawing_anew_helps.function({"figures": shorter}), "not as long"
    assert not long.deeper_keeps_most.function({"figures": run | {"trades": recorded(9900, 970, 950)}})


def test_square_found_more_is_read_from_the_larger_ball():
    for by, holds in (({"Square": 3}, True), ({"APGD-CE": 60}, False)):
        run = {"adversarial, as built": {"broken by": {"0.1": {"Square": 1}, "0.3": by}}}
        assert long.square_found_more.function({"figures": run}) is holds


def test_longer_proves_little_more_or_the_site_does_not_build():
    built = {"at": {"0.3": share(8950, 10_000)}}
    for proved, holds in ((9041, True), (8900, False), (9400, False)):
        run = {"figures": {"certified": recorded(9762, 958, 913, (9627, proved))}}
        assert long.longer_proves_little_more.function(run, built) is holds


def test_the_page_knows_the_long_recipes():
    assert list(long.NAMES) == list(zoo.LONG)


def of_preprocessing(naive, adaptive):
    return {"FGSM, static, 0.3": share(naive), "adaptive, 0.3": share(adaptive)}


def of_detector(naive, joint):
    return {"FGSM": {"after rejection": share(naive)}, "joint": {"after rejection": share(joint)}}


def of_vote(made, left):
    return {"epsilons": {epsilon: {made: {"vote": share(left)}} for epsilon in ("0.1", "0.2", "0.3")}}


def of_training(fgsm, strong):
    return {"FGSM": share(fgsm), "robust": {"0.3": share(strong)}}


FAMILIES = (
    {"FGSM": share(479), "PGD, margin": share(0)},
    *(of_preprocessing(*of) for of in ((54, 0), (152, 12), (64, 0), (115, 0), (101, 1), (424, 382))),
    *(of_detector(*of) for of in ((500, 20), (231, 0), (500, 15), (439, 0), (484, 462))),
    of_vote("seed 0", 106),
    of_vote("mean", 0),
    {
        "epsilon": 0.3,
        "under": {"FGSM on one member": {"stack": share(456)}, "attack on the stack": {"stack": share(4)}},
    },
    *(of_training(*of) for of in ((484, 0), (428, 146), (456, 430), (464, 264), (478, 464), (470, 442))),
)


def test_every_defense_has_a_row_with_its_own_figures():
    rows = {one.pair.name: one for one in families.defenses(*FAMILIES)}
    assert len(rows) == 20
    assert rows["distillation"].pair.naive["count"] == 479
    assert (rows["JPEG"].pair.naive["count"], rows["1-bit depth"].pair.adaptive["count"]) == (54, 382)
    assert rows["detector: one bit, median"].pair.adaptive["count"] == 462
    assert rows["vote of three"].pair.naive["count"] == 106
    assert rows["filter, three, detector"].pair.adaptive["count"] == 4
    assert rows["PGD, deeper"].pair.adaptive["count"] == 464
    assert (rows["intervals"].pair.adaptive["count"], rows["intervals"].page) == (442, "intervals")
    shown = families.families.function(*FAMILIES)
    assert shown.rows[1][0] == "[JPEG](preprocessing.md)"
    assert {row[0].partition("(")[2] for row in shown.rows} <= {
        f"{page}.md)"
        for page in ("distillation", "preprocessing", "detection", "ensembles", "adversarial_training", "intervals")
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_of_all_families_draws(scheme):
    with style.scheme(scheme):
        drawn = families.before_and_after.function(*FAMILIES)
        assert b"<svg" in style.save(drawn.figure)
    assert "detector: one bit, median: 96.8% and 92.4%" in drawn.alt
    assert "n = 500," in drawn.caption


@pytest.mark.parametrize(
    ("claim", "number", "instead"),
    [
        (families.three_kinds_stand, 0, {"FGSM": share(479), "PGD, margin": share(300)}),
        (families.three_kinds_stand, 6, of_preprocessing(424, 200)),
        (families.fgsm_does_not_tell, -1, of_training(500, 499)),
    ],
)
def test_claims_of_all_families(claim, number, instead):
    assert claim.function(*FAMILIES)
    changed = list(FAMILIES)
    changed[number] = instead
    if claim is families.fgsm_does_not_tell:  # every defense that stands keeps all under FGSM as well
        changed[6], changed[11] = of_preprocessing(500, 382), of_detector(500, 462)
        changed[-2] = changed[-3] = changed[-4] = instead
    assert not claim.function(*changed)


def test_most_fall_or_the_site_does_not_build():
    assert families.most_fall.function(*FAMILIES)
    standing = [of_preprocessing(400, 400) if "adaptive, 0.3" in one else one for one in FAMILIES]
    assert families.three_kinds_stand.function(*FAMILIES[:-3], of_training(464, 240), *FAMILIES[-2:]), "TRADES may fall"
    assert not families.most_fall.function(*standing)
