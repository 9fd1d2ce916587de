"""The page of benchmarks: drawn from a record, here a made-up one; and the record that the repository holds."""

import matplotlib.pyplot as plt
import pytest

from advlab.chapters import benchmarks
from advlab.chapters.shared import style
from advlab.engine.cache.profile import STANDARD
from tests.chapters.results import changed


def race(steps, fast=1.5):
    """Seconds of each contestant: ours below the half of the plain loop's, ART's the fastest of the others."""
    seconds = {"plain loop": 4.0, "advlab": 1.6, "torchattacks": 4.4, "foolbox": 5.0, "ART, batches of 32": 3.0}
    if steps > 1:
        seconds["advlab, fast"] = fast
    rows = {
        who: {"seconds": s, "fastest": s, "slowest": s, "accuracy": 0.7, "equal_pixels": 0.9995, "verdicts_differ": 0}
        for who, s in seconds.items()
    }
    ratios = {
        who: {"fastest peer": 3.0 / s, "torchattacks": 4.4 / s}
        for who, s in seconds.items()
        if who.startswith("advlab")
    }
    common = {"images": 1000, "epsilon": 0.1, "rounds": 3, "steps": steps, "fastest peer": "ART, batches of 32"}
    return {**common, "contestants": rows, "ratios": ratios}


def recorded():
    four = {
        "images": 50,
        "epsilon": 0.3,
        "reference": {"seconds": 90.0, "accuracy": 0.8},
        "advlab": {"seconds": 30.0, "accuracy": 0.8},
        "ratio": 1.6,
        "paired": {"only_first": 0, "only_second": 0, "p": 1.0},
    }
    found = {"threads": 2, "peak": 1e11, "date": "2026-11-22", "load_before": 0.1}
    found["machine"] = {"processor": "Some processor", "instructions": "AVX2"}
    for name in benchmarks.MODELS:
        found[f"pgd_{name}"] = {**race(40), "share of peak": 0.4}
        found[f"fgsm_{name}"] = race(1)
        found[f"autoattack_{name}"] = four
        row = {"equal_to_float64": 0.8, "equal_to_plain": 0.79, "verdicts_differ": 0}
        found[f"rounding_{name}"] = {"images": 200, "contestants": {"plain loop": row, "advlab": row}}
    found["pgd_large"] = race(40, fast=0.5)
    return found


RECORDED = recorded()


def test_times_are_multiples_of_the_plain_loop_and_the_fastest_stands_first():
    assert benchmarks.times(race(40)) == pytest.approx(
        {
            "advlab, fast": 8 / 3,
            "advlab": 2.5,
            "ART, batches of 32": 4 / 3,
            "plain loop": 1.0,
            "torchattacks": 10 / 11,
            "foolbox": 0.8,
        }
    )
    assert next(iter(benchmarks.times(race(40)))) == "advlab, fast"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_draws_with_words(scheme):
    with style.scheme(scheme):
        drawn = benchmarks.race(RECORDED)
        assert style.save(drawn.figure).startswith(b"<?xml")
    assert "advlab, fast 2.67" in drawn.alt
    assert "Recorded 2026-11-22 on Some processor (AVX2), 2 threads" in drawn.caption
    assert plt.get_fignums() == []


def test_tables():
    rows = {row[0]: row[1:] for row in benchmarks.libraries(RECORDED).rows}
    assert rows["advlab"] == ["1.60 s"] * 4
    assert rows["advlab, fast"] == ["–", "–", "1.50 s", "1.50 s"]
    first = benchmarks.agreement(RECORDED).rows[0]
    assert first[1:] == ["1.88", "2.75", "70.0%", "70.0%", "99.95%"]
    assert benchmarks.roundings(RECORDED).rows[1] == ["advlab", "the standard model", "80.0%", "79.0%", "0"]
    four = benchmarks.autoattacks(RECORDED).rows
    assert [row[1:] for row in four] == [["90 s", "30 s", "1.6", "80.0%", "80.0%", "0 and 0", "1.00"]] * 2


PGD, FGSM = "pgd_robust", "fgsm_standard"
CLAIMS = [
    (benchmarks.fastest, (PGD, "ratios", "advlab", "fastest peer"), 0.9),
    (benchmarks.exact_leads, (PGD, "ratios", "advlab", "fastest peer"), 1.6),
    (benchmarks.exact_leads, (FGSM, "ratios", "advlab", "torchattacks"), 2.3),
    (benchmarks.fast_gains_where_images_break, ("pgd_large", "contestants", "advlab, fast", "seconds"), 0.6),
    (benchmarks.fast_gains_where_images_break, (PGD, "contestants", "advlab, fast", "seconds"), 1.0),
    (benchmarks.peers_agree, ("pgd_standard", "contestants", "foolbox", "verdicts_differ"), 2),
    (benchmarks.autoattack_alike, ("autoattack_robust", "paired", "p"), 0.01),
    (benchmarks.autoattack_leads, ("autoattack_robust", "ratio"), 1.2),
    (benchmarks.same_verdicts, ("pgd_large", "contestants", "advlab", "verdicts_differ"), 1),
    (benchmarks.equal_on_the_standard_model, (FGSM, "contestants", "advlab", "equal_pixels"), 0.9),
    (benchmarks.no_further_than_the_plain_loop, ("rounding_robust", "contestants", "advlab", "equal_to_float64"), 0.7),
    (benchmarks.fast_is_as_strong, (PGD, "contestants", "advlab, fast", "accuracy"), 0.71),
]


@pytest.mark.parametrize(("claim", "path", "value"), CLAIMS)
def test_claims_hold_and_can_fail(claim, path, value):
    assert claim(RECORDED)
    assert not claim(changed(RECORDED, *path, value=value))


def test_the_record_in_the_repository_is_whole():
    found = benchmarks.record.function(STANDARD)
    assert set(RECORDED) <= set(found)
    for name in benchmarks.MODELS:
        for attack in ("pgd", "fgsm"):
            there = found[f"{attack}_{name}"]
            assert {"plain loop", "advlab", "torchattacks", there["fastest peer"]} <= set(there["contestants"])
        assert 0 < found[f"pgd_{name}"]["share of peak"] < 1
