# --8<-- [start:decide]
import json
import os
import tomllib
from pathlib import Path


def at_least(use):
    """The accuracy from which on the expected loss of a year can be borne."""
    return 1 - use["bearable"] / (use["tries"] * use["loss"])


def decide(report, use):
    """`report` is what `advlab audit --json` wrote, `use` a section of thresholds.toml."""
    figures = {one["name"]: one["accuracy"] for one in report["attacks"]} | {"worst case": report["robust"]}
    figure, bound = figures[use["counts"]], at_least(use)
    severities = {flag["severity"] for flag in report["flags"]}
    if "setup" in severities:
        return "no verdict"  # another model was measured than the one meant
    if figure["high"] < bound:
        return "stop"  # broken is broken, whatever hides the gradients
    if "masked" in severities:
        return "no verdict"
    return "release" if figure["low"] >= bound else "more images"


# --8<-- [end:decide]


# --8<-- [start:gate]
def test_every_report_lets_the_model_out():
    name = os.environ["USE"]
    use = tomllib.loads(Path("thresholds.toml").read_text())[name]
    reports = sorted(Path().glob("report*.json"))
    assert reports, "no report: no release"
    decisions = {path.name: decide(json.loads(path.read_text()), use) for path in reports}
    assert set(decisions.values()) == {"release"}, f"{decisions} for {name}, which asks for {at_least(use):.0%}"


# --8<-- [end:gate]
