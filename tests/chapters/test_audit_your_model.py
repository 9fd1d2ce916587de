"""The page on `advlab audit`: its chapter's functions, and that the reader's file is what the page measured."""

import ast
import re

import matplotlib.pyplot as plt
import pytest
import torch
import yaml
from torch import nn

from advlab.audit import audit
from advlab.audit.command import WRONG_USAGE
from advlab.audit.result import STATUS
from advlab.chapters.audit_your_model import measure, two_audits
from advlab.chapters.shared import audits, rounding, style
from advlab.edition import EDITION
from advlab.engine.cache.source import PACKAGE
from advlab.evaluation import Proportion
from tests.audit.mymodel import IMAGES, LABELS, Linear

ATTACKS = ("no attack", "random noise", "FGSM", "PGD, half the steps", "PGD", "PGD, margin loss", "PGD, restarts",
           "APGD-CE", "APGD-T", "transfer", "Square")  # fmt: skip


def made_up(pgd=0.9, robust=0.3, verdict="no verdict", severity="masked"):
    proportion = Proportion(round(100 * pgd), 100).to_json()
    flag = {"name": "zero gradients", "severity": severity, "seen": "50 of 50", "why": "", "source": "", "do": "BPDA"}
    return {
        "attacks": {name: {"kind": "white box", "accuracy": proportion, "tried": 100} for name in ATTACKS},
        "robust": Proportion(round(100 * robust), 100).to_json(),
        "epsilon": 0.2,
        "verdict": verdict,
        "exit_status": 2 if verdict == "no verdict" else 0,
        "flags": [flag],
    }


def test_the_readers_file_makes_the_model_that_was_measured():
    """Its defense, and so its logits, are those of the chapter's."""
    space = {}
    code = (EDITION.snippets / "audit_your_model" / "mymodel.py").read_text()
    exec(compile(code, "mymodel.py", "exec"), space)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    theirs = nn.Sequential(space["Rounding"](), network)
    assert torch.equal(theirs(IMAGES), network(rounding.Rounding(measure.LEVELS)(IMAGES)))


def test_what_is_kept_is_the_same_whenever_it_runs():
    model = Linear().eval()
    told = [
        audits.audit_summary(audit(model, 0.3, data=(IMAGES, LABELS), images=20, quick=True, name="mine"))
        for _ in range(2)
    ]
    for one in told:
        assert "mine" in one.pop("card")
    assert told[0] == told[1]
    assert len(told[0]["evidence"]["broken by"]) == 20
    assert isinstance(told[0]["adversarial"], bytes)
    assert set(two_audits.names(told[0])) == set(told[0]["attacks"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_draws_with_words(scheme):
    with style.scheme(scheme):
        drawn = two_audits.ladders(made_up(), made_up(0.95, 0.94))
        assert style.save(drawn.figure).startswith(b"<?xml")
    assert "90.0%" in drawn.alt
    assert "94.0%" in drawn.alt
    assert "n = 100" in drawn.caption
    assert plt.get_fignums() == []


def test_tables():
    rows = two_audits.side_by_side(made_up(), made_up(0.95, 0.94, "trusted", "note")).rows
    assert [row[0] for row in rows[:-2]] == list(ATTACKS)
    assert rows[-2][2].startswith("30.0% (")
    assert rows[-1][2:] == ["no verdict, exit 2", "trusted, exit 0"]
    assert two_audits.flags(made_up()).rows == [["**zero gradients**", "50 of 50", "BPDA"]]


@pytest.mark.parametrize(
    ("claim", "true", "false"),
    [
        (two_audits.both_look_robust, [made_up(), made_up()], [made_up(), made_up(0.5)]),
        (two_audits.masked_falls, [made_up(0.9, 0.3)], [made_up(0.9, 0.7)]),
        (two_audits.honest_stays, [made_up(0.9, 0.85)], [made_up(0.9, 0.7)]),
        (two_audits.no_verdict, [made_up()], [made_up(verdict="trusted")]),
        (two_audits.no_flag, [made_up(severity="note")], [made_up()]),
    ],
)
def test_claims_hold_and_fail(claim, true, false):
    assert claim(*true)
    assert not claim(*false)


def test_the_job_runs_a_function_of_the_readers_file():
    job = yaml.safe_load((EDITION.snippets / "audit_your_model" / "ci.yml").read_text())
    commands = [step.get("run", "") for step in job["jobs"]["audit"]["steps"]]
    (words,) = [command.split() for command in commands if command.startswith("advlab")]
    code = (EDITION.snippets / "audit_your_model" / "mymodel.py").read_text()
    assert f"def {words[2].partition(':')[2]}(" in code


def test_the_page_lists_every_flag_and_no_other():
    """The first words of each `Flag(...)` in the checks; "{output} outputs" stands for two."""
    names, outputs = set(), {"softmax outputs", "log-softmax outputs"}
    for file in (PACKAGE / "audit").glob("checks_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Flag":
                first = node.args[0]
                names |= {first.value} if isinstance(first, ast.Constant) else outputs
    page = (PACKAGE.parent / "docs" / "audit_your_model.md").read_text(encoding="utf-8")
    table = page.split("| flag | what it means |")[1].split("\n\n")[0]
    two_audits = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    assert sorted(two_audits) == sorted(names)
    assert len(two_audits) > 15


def test_the_page_lists_every_exit_status():
    page = (PACKAGE.parent / "docs" / "audit_your_model.md").read_text(encoding="utf-8")
    two_audits = re.findall(r"(?m)^\| \$(\d+)\$ \| ", page)
    assert {int(one) for one in two_audits} == {*STATUS.values(), WRONG_USAGE}
