"""The page on practice: its chapter on models with known answers, and the reader's files, parsed and run."""

import json
import os
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from advlab.chapters.practice import claims, drift, figures, measure, release, tables
from advlab.chapters.shared import audits, style
from advlab.data import Dataset
from advlab.edition import EDITION
from advlab.evaluation import Proportion, predict
from advlab.monitoring import DriftMonitor, confidences
from tests.chapters.results import changed

FOLDER = EDITION.snippets / "practice"
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


def share(value, n=100):
    return Proportion(round(value * n), n).to_json()


def one(accuracy=0.1, missed=0.7, error=0.5, confident=0.8):
    calibrated = {"error": error, "bins": [[50, 0.95, 0.1], [3, 0.2, 0.9]]}
    bins = [0.0] * int(measure.NINES / measure.WIDTH)
    return {
        "accuracy": share(accuracy),
        "mean confidence": 0.9,
        "alerts": share(0.3),
        "errors": 90,
        "errors that are confident": share(confident),
        "errors without an alert": share(missed),
        "right, by nines": [0.5, 0.5, *bins[2:]],
        "wrong, by nines": [0.2, 0.8, *bins[2:]],
        "before": calibrated,
        "after": calibrated,
    }


def examined(**under):
    rows = {f"{at:g}": {drift.KS: share(0.0 if at < 0.5 else 1), drift.MEAN: share(at)} for at in drift.SHARES[1:]}
    rows["0.5"][drift.MEAN] = share(0.99)
    rows["0.1"][drift.MEAN] = share(0.9)
    hidden = {at: {drift.KS: share(float(at == "0.5")), drift.MEAN: share(0.0)} for at in rows}
    return {
        "n": 100,
        "epsilon": 0.2,
        "steps": 10,
        "held out": 400,
        "watched": 500,
        "temperature": 0.9,
        "limit": 0.97,
        "under": {
            "clean": one(0.99, 0.1, 0.004),
            "FGSM": one(missed=0.2),
            "PGD": one(),
            "PGD, fitted": one(missed=0.97),
        }
        | under,
        "windows": {
            "size": 100,
            "count": 100,
            "asked for": 0.01,
            "false alarms": {drift.KS: share(0.01), drift.MEAN: share(0.02)},
            "under": {"FGSM": rows, "PGD": rows, "PGD, fitted": hidden},
        },
    }


def audited(robust=0.02, noise=0.98, clean=0.99, severity="note"):
    names = [attack for _, attack in tables.KNOWLEDGE]
    accuracies = {name: share(noise if name == release.NOISE else robust) for name in names}
    return {
        "n": 100,
        "epsilon": 0.2,
        "clean": share(clean),
        "robust": share(robust),
        "attacks": {
            name: {"kind": "white box", "accuracy": accuracy, "tried": 100} for name, accuracy in accuracies.items()
        },
        "flags": [{"name": "attack not converged", "severity": severity}],
        "said": "a fair upper bound",
    }


# --- Measurements ---------------------------------------------------------------------------------------------------


class Leaning(nn.Module):
    """Class one, the surer the brighter the image."""

    def forward(self, images):
        bright = images.flatten(1).mean(1)
        return torch.stack([-20 * (bright - 0.5), 20 * (bright - 0.5)], dim=1)


def test_nines_and_their_bins():
    assert measure.nines(torch.tensor([0.9, 0.99, 1.0], dtype=torch.float64)).tolist() == pytest.approx([1, 2, 12])
    heights = measure.histogram(torch.tensor([0.5, 0.96, 0.96, 0.9991], dtype=torch.float64))
    assert {index: height for index, height in enumerate(heights) if height} == {0: 0.25, 2: 0.5, 6: 0.25}
    assert sum(measure.histogram(torch.empty(0, dtype=torch.float64))) == 0


def test_the_fitted_attack_stays_in_the_ball_and_comes_nearer_to_clean_confidence():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(30, 1, 4, 4, generator=generator) * 0.1 + 0.4
    test = Dataset.__new__(Dataset)
    object.__setattr__(test, "images", images)
    object.__setattr__(test, "labels", torch.zeros(30, dtype=torch.long))
    model, clean = Leaning(), torch.full((50,), 0.8, dtype=torch.float64)
    broken = measure.plain(model, test)["PGD"]
    found = measure.fitted(model, test, broken, clean)
    assert float((found - images).abs().max()) <= audits.EPSILON + 1e-6
    assert bool((predict(model, found) == 1).all())
    away, before = ((confidences(model(x)) - 0.8).abs() for x in (found, broken))
    assert float(away.mean()) < 0.1 < float(before.mean())


def test_answers_by_hand():
    logits = torch.tensor([[9.0, 0.0], [0.5, 0.0], [0.0, 9.0], [0.0, 0.1]])
    found = measure.answered(logits, torch.tensor([0, 0, 0, 0]), 1.0, limit=0.9)
    assert found["accuracy"]["count"] == 2
    assert found["errors"] == 2
    assert found["errors that are confident"]["count"] == 1
    assert found["errors without an alert"]["count"] == 1
    assert found["alerts"]["count"] == 2
    assert found["before"] == found["after"]
    right = measure.answered(logits[:2], torch.tensor([0, 0]), 1.0, limit=0.9)
    assert right["errors without an alert"] is None


def test_the_parts_share_no_image():
    from advlab.engine.cache.profile import DRAFT

    attacked, held, watched = measure.parts(DRAFT)
    seen = [{row.numpy().tobytes() for row in part.images} for part in (attacked, held, watched)]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert len(attacked) + len(held) + len(watched) == 10_000


def test_windows_hold_the_share_that_was_asked_for_and_no_answer_twice():
    clean, attacked = torch.arange(500).double(), -1 - torch.arange(80).double()
    seen = drift.windows(clean, attacked, 0.2, drift.fresh_generator())
    assert seen.shape == (drift.WINDOWS, drift.WINDOW)
    assert bool(((seen < 0).sum(1) == 20).all())
    assert all(len(set(row.tolist())) == drift.WINDOW for row in seen[:20])


def test_alarms_on_what_is_the_same_and_on_what_is_not():
    generator = torch.Generator().manual_seed(2)
    reference = torch.rand(2000, generator=generator, dtype=torch.float64)
    monitor, limit = DriftMonitor(reference, drift.FALSE_ALARMS), drift.lowest_mean(reference)
    assert 0.4 < limit < 0.5
    quiet = drift.alarms(torch.rand(300, drift.WINDOW, generator=generator, dtype=torch.float64), monitor, limit)
    assert quiet[drift.KS]["value"] < 0.04
    assert quiet[drift.MEAN]["value"] < 0.04
    surer = drift.alarms(0.6 + 0.4 * torch.rand(5, drift.WINDOW, dtype=torch.float64), monitor, limit)
    assert surer[drift.KS]["value"] == 1  # a change; the mean did not fall
    assert surer[drift.MEAN]["value"] == 0


# --- Release --------------------------------------------------------------------------------------------------------


def test_each_threshold_comes_from_its_costs():
    for use in release.THRESHOLDS:
        assert use.tries * use.loss * (1 - use.at_least) == pytest.approx(use.bearable)
    bounds = {use.use: use.at_least for use in release.THRESHOLDS}
    assert bounds["spam-filter"] < bounds["bank-transfer"]


@pytest.mark.parametrize("wrong", [{"counts": "FGSM"}, {"bearable": 0}, {"bearable": 10**9}])
def test_a_threshold_that_makes_no_sense_is_refused(wrong):
    good = vars(release.THRESHOLDS[0])
    with pytest.raises(ValueError, match=good["use"]):
        release.Threshold(**{**good, **wrong})


def test_the_readers_file_holds_the_pages_table():
    read = tomllib.loads((FOLDER / "thresholds.toml").read_text())
    assert {name: {"use": name, **section} for name, section in read.items()} == {
        one.use: vars(one) for one in release.THRESHOLDS
    }


def decided():
    space = {"__name__": "release"}
    code = (FOLDER / "release.py").read_text().split("# --8<-- [start:gate]")[0]
    exec(compile(code, "release.py", "exec"), space)
    return space["decide"]


@given(
    st.integers(0, 100),
    st.integers(0, 100),
    st.sampled_from(["note", "masked", "setup"]),
    st.sampled_from(release.THRESHOLDS),
)
def test_the_readers_decision_is_the_pages(robust, noise, severity, use):
    report = tables.as_reported(audited(robust / 100, noise / 100, severity=severity))
    assert decided()(report, vars(use)) == release.decide(report, use)


@pytest.mark.parametrize(
    ("robust", "severity", "decision"),
    [
        (1.0, "note", "release"),
        (0.96, "note", "more images"),
        (0.5, "note", "stop"),
        (1.0, "masked", "no verdict"),
        (0.5, "masked", "stop"),
        (0.5, "setup", "no verdict"),
    ],
)
def test_decisions_at_ninety_five_in_a_hundred(robust, severity, decision):
    bank = next(use for use in release.THRESHOLDS if use.use == "bank-transfer")
    report = tables.as_reported(audited(robust, severity=severity))
    assert release.decide(report, bank) == decision


# --- The reader's files ---------------------------------------------------------------------------------------------


#: A model that is attacked in no time, in place of the book's: the steps of the workflow are the same.
SMALL = '''
import torch
from torch import nn

from advlab.data import subset


def trained(name):
    """Each digit has a mean image, looked at coarsely: the nearest one's class, in the form of a linear layer."""
    assert name == "robust"
    known = subset(2000, "train")
    coarse = nn.Sequential(nn.AvgPool2d(4), nn.Flatten())
    means = torch.stack([coarse(known.images[known.labels == digit]).mean(0) for digit in range(10)])
    last = nn.Linear(49, 10)
    last.weight.data, last.bias.data = 2 * means, -means.square().sum(1)
    return nn.Sequential(*coarse, last).eval()
'''
#: So few that an audit takes a second or two; enough for an interval that lies below what is asked for.
FEW = 20


def run(step, folder):
    """A step of the workflow, as its shell runs it, with this environment's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = step["run"].replace("advlab audit", "python -m advlab audit")  # this checkout, wherever it lies
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{EDITION.snippets.parent}{os.pathsep}{folder}"}
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.run(
        ["bash", "-e", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_every_step_of_the_workflow_runs(tmp_path):
    workflow = yaml.safe_load((FOLDER / "robustness.yml").read_text())
    assert set(workflow[True]) == {"pull_request", "push", "schedule"}  # YAML 1.1 reads `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for step in workflow["jobs"]["audit"]["steps"] if "run" in step]
    for name in ("candidate.py", "check_robustness.py", "release.py", "thresholds.toml"):
        text = (FOLDER / name).read_text().replace("from advlab import trained", "from small import trained")
        (tmp_path / name).write_text(text.replace("quick=True", f"quick=True, images={FEW}"))
    (tmp_path / "small.py").write_text(SMALL)
    install, audit, decide, check = steps
    assert install["run"].startswith("pip install -r requirements.txt")

    done = run({"run": f"{audit['run']} --images {FEW}"}, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert done.returncode == report["exit_status"], done.stderr
    assert report["at_least"] == 0.8
    assert report["clean"]["n"] == FEW
    assert "Robustness card: candidate:candidate" in (tmp_path / "card.html").read_text()

    use = next(one for one in release.THRESHOLDS if f"USE={one.use} " in decide["run"])
    done = run({"run": decide["run"] + " -p no:cacheprovider"}, tmp_path)
    verdict = release.decide(report, use)
    assert done.returncode == (0 if verdict == "release" else 1), done.stdout
    assert verdict == "release" or f"'report.json': '{verdict}'}} for {use.use}, which asks for" in done.stdout

    done = run({"run": check["run"] + " -p no:cacheprovider -q"}, tmp_path)
    trusted = all(flag["severity"] == "note" for flag in report["flags"])
    good = [trusted, report["robust"]["low"] >= 0.8]
    assert any(good), "one of the two tests at least should show that it can pass"
    assert done.returncode == (0 if all(good) else 1), done.stdout
    assert f"{sum(good)} passed" in done.stdout


def test_without_a_report_nothing_is_released_and_with_a_good_one_something(tmp_path):
    for name in ("release.py", "thresholds.toml"):
        (tmp_path / name).write_text((FOLDER / name).read_text())
    gate = {"run": "USE=spam-filter pytest -p no:cacheprovider release.py"}
    done = run(gate, tmp_path)
    assert done.returncode == 1
    assert "no report: no release" in done.stdout

    share = {"value": 1.0, "low": 0.99, "high": 1.0}
    figures = {"attacks": [{"name": release.NOISE, "accuracy": share}], "robust": share, "flags": []}
    (tmp_path / "report.json").write_text(json.dumps(figures))
    done = run(gate, tmp_path)
    assert done.returncode == 0, done.stdout


def test_what_the_workflow_uploads_is_what_it_writes():
    text = (FOLDER / "robustness.yml").read_text()
    *_, upload = yaml.safe_load(text)["jobs"]["audit"]["steps"]
    assert upload["if"] == "always()"
    assert all(f" {name}" in text.split("- uses: actions/upload")[0] for name in upload["with"]["path"].split())


def compared():
    space = {"__name__": "red_team"}
    code = (FOLDER / "red_team.py").read_text().split("# --8<-- [start:exercise]")[0]
    exec(compile(code, "red_team.py", "exec"), space)
    return space


def reported(broken, flags=()):
    """An audit of twenty images with so many broken."""
    left = Proportion(20 - broken, 20).to_json()
    return {
        "epsilon": 0.2,
        "norm": "Linf",
        "data": {"sha256": "d"},
        "seed": 0,
        "quick": True,
        "date": "2026-01-05T10:00:00+00:00",
        "robust": left,
        "attacks": [{"name": "PGD", "accuracy": left}],
        "flags": [{"name": name} for name in flags],
        "images": [{"broken_by": "PGD" if row < broken else ""} for row in range(20)],
    }


def test_the_exercise_says_what_got_worse_and_when_the_next_one_is():
    worse, due = (compared()[name] for name in ("worse", "due"))
    assert worse(reported(2), reported(2)) == []
    assert worse(reported(18), reported(2)) == []
    assert worse(reported(2), reported(19, ["zero gradients"])) == [
        "a new sign of a fooled attack: zero gradients",
        "PGD: 90%, now 5%",
        "worst case: 17 of 20 images newly broken, p = 2e-05",
    ]
    assert worse(reported(2), changed(reported(2), "epsilon", value=0.1)) == ["not comparable: another epsilon"]
    assert due(reported(2)) == date(2026, 4, 6)


# --- What the page draws and claims ---------------------------------------------------------------------------------


@SCHEMES
def test_figures(scheme):
    with style.scheme(scheme):
        drawn = [
            figures.confidence.function(examined()),
            figures.diagrams.function(examined(), examined()),
            figures.monitors.function(examined()),
        ]
        assert all(style.save(drawing.figure).startswith(b"<?xml") for drawing in drawn)
    confidence, diagrams, monitors = drawn
    assert "PGD: 70.0% of the errors above the limit" in confidence.alt
    assert "standard, FGSM: error 50.0%, 50.0%" in diagrams.alt
    assert "distribution (KS test), PGD: 1.0% at 0%, 0.0% at 2%" in monitors.alt
    assert "n = 100" in confidence.caption
    assert "100 under FGSM" in diagrams.caption
    assert not plt.get_fignums()


def test_tables():
    rows = tables.attackers.function(audited(), audited(0.9)).rows
    assert len(rows) == 6
    assert rows[0][2].startswith("98.0%")
    assert rows[-1][3].startswith("90.0%")
    assert [row[4:] for row in tables.thresholds.function(audited(), audited(0.93)).rows] == [
        ["release", "release"],
        ["stop", "release"],
        ["stop", "release"],
        ["stop", "more images"],
    ]
    assert tables.alerts.function(examined()).rows[2][5].startswith("70.0%")
    assert [row[4] for row in tables.calibration.function(examined(), examined()).rows][:3] == [
        "0.40%",
        "50.00%",
        "50.00%",
    ]
    assert tables.cards.function(audited(), audited(0.9)).rows[1][2].startswith("90.0%")


def with_error(before, after):
    clean = one()
    return examined(clean={**clean, "before": {"error": before}, "after": {"error": after}})


def at_half(name, value):
    found = examined()
    for at, monitor in (("0.5", drift.KS), ("0.5", drift.MEAN), ("0.02", drift.MEAN)):
        found = changed(found, "windows", "under", name, at, monitor, value=share(value))
    return found


def quicker(mean):
    return changed(examined(), "windows", "under", "FGSM", "0.1", drift.MEAN, value=share(mean))


@pytest.mark.parametrize(
    ("claim", "true", "false"),
    [
        (claims.clean_tells_nothing, [audited(), audited(0.9)], [audited(), audited(0.4)]),
        (claims.knowledge_matters, [audited()], [audited(0.5)]),
        (claims.one_model_two_decisions, [audited(0.9)], [audited(0.02)]),
        (claims.fgsm_is_seen, [examined()], [examined(FGSM=one(missed=0.6))]),
        (claims.pgd_is_confident, [examined()], [examined(PGD=one(confident=0.4))]),
        (claims.pgd_is_confident, [examined()], [examined(PGD=one(missed=0.4))]),
        (claims.fitted_is_missed, [examined()], [examined(**{"PGD, fitted": one(missed=0.55)})]),
        (claims.the_robust_model_gains, [with_error(0.04, 0.01)], [with_error(0.04, 0.035)]),
        (claims.standard_was_calibrated, [examined()], [with_error(0.04, 0.01)]),
        (claims.calibration_ends_under_attack, [examined()], [examined(FGSM=one(error=0.15))]),
        (claims.floods_are_seen, [examined()], [at_half("PGD", 0.5)]),
        (claims.few_are_not_seen, [examined()], [at_half("FGSM", 0.9)]),
        (claims.the_mean_is_quicker_on_fgsm, [examined()], [quicker(0.2)]),
        (claims.fitted_hides_from_the_mean, [examined()], [at_half("PGD, fitted", 0.95)]),
    ],
)
def test_claims_hold_and_fail(claim, true, false):
    assert claim.function(*true), claim.name
    assert not claim.function(*false), claim.name
