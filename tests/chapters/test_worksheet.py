"""The worksheet: each choice has an answer, each link a page, each program runs, the table says the same."""

import inspect
import json
import re
from pathlib import Path

import pytest

from advlab import attacks
from advlab.chapters.threat_model import worksheet
from advlab.threat import ThreatModel

DOCS = Path(__file__).parents[2] / "docs"
ANSWERS = {choice: worksheet.answer(*choice) for choice in worksheet.choices()}
PROGRAMS = sorted({(one.snippet, one.line) for one in ANSWERS.values()})


def test_every_combination_has_an_answer():
    assert len(ANSWERS) == 2 * 3 * 4 * 3
    for (goal, knowledge, access, budget), one in ANSWERS.items():
        if (knowledge, access) == ("black box", "full model"):
            assert "not a black-box attacker" in one.note
            assert not one.attacks
            continue
        threat = ThreatModel(*worksheet.BUDGETS[budget], goal, knowledge, access)
        assert one.says == str(threat)
        assert one.identifiers == threat.identifiers
        assert [name for name, _ in one.attacks] == list(threat.attacks)
        assert one.attacks or "No attack of this book" in one.note


def test_every_link_leads_to_a_page():
    links = {page for one in ANSWERS.values() for _, page in (*one.attacks, *one.defenses)}
    assert len(links) > 8
    assert [page for page in links if not (DOCS / page).is_file()] == []


def test_every_attack_takes_the_goal_and_the_norm_that_it_is_named_for():
    """By the signatures of the library: an oracle that shares nothing with the tables of names in threat.py."""
    for (goal, _, _, budget), one in ANSWERS.items():
        norm = worksheet.BUDGETS[budget][0]
        for name, _ in one.attacks:
            takes = inspect.signature(getattr(attacks, name)).parameters
            if goal == "targeted":
                assert {"targets", "target", "attack"} & takes.keys(), name
            if norm == "L2":
                assert "norm" in takes or "attack" in takes or name == "carlini_wagner", name
            assert (norm == "L0") == (name == "train_patch")


def test_untargeted_attacks_are_left_out_only_for_their_signature():
    for name in worksheet.ATTACK_PAGES:
        takes = inspect.signature(getattr(attacks, name)).parameters
        targeted = {found for one, answer in ANSWERS.items() for found, _ in answer.attacks if one[0] == "targeted"}
        assert (name in targeted) == bool({"targets", "target", "attack"} & takes.keys()), name


def test_who_cannot_have_gradients_is_offered_none():
    by_gradient = {"fgsm", "fast_gradient", "pgd", "apgd", "autoattack", "deepfool", "carlini_wagner"}
    for (_, knowledge, access, _), one in ANSWERS.items():
        if knowledge == "black box" or (knowledge == "grey box" and access != "full model"):
            assert not by_gradient & {name for name, _ in one.attacks}


def test_a_program_differs_from_its_file_in_one_line_and_states_the_attacker_truly():
    for one in ANSWERS.values():
        before = worksheet.program(one.snippet, worksheet.MARK).split("\n")
        after = one.program.split("\n")
        assert before.count(worksheet.MARK) == 1
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        assert changed == [one.line]
        stated = eval(one.line.removeprefix("threat = "), {"ThreatModel": ThreatModel})
        assert stated.attacks


@pytest.mark.parametrize(
    ("name", "stated"), PROGRAMS, ids=[f"{one}-{number}" for number, (one, _) in enumerate(PROGRAMS)]
)
def test_every_program_runs(name, stated, capsys):
    """With a fifth of the images and steps: what is tested is that it runs for this attacker."""
    text = worksheet.program(name, stated)
    for old, new in (("subset(100)", "subset(20)"), ("steps=60", "steps=2"), ("queries=300", "queries=20")):
        text = text.replace(old, new)
    exec(compile(text, name, "exec"), {"__name__": "program"})
    assert capsys.readouterr().out.startswith(str(eval(stated.removeprefix("threat = "), {"ThreatModel": ThreatModel})))


def test_the_page_holds_form_data_and_table():
    html = worksheet.html("../")
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert data["answers"].keys() == {"|".join(choice) for choice in worksheet.choices()}
    for choice, one in ANSWERS.items():
        told = data["answers"]["|".join(choice)]
        assert data["programs"][told["snippet"]].replace(worksheet.MARK, told["line"]) == one.program
        assert all(href.startswith("../") and href.endswith("/") for _, href in told["attacks"] + told["defenses"])
    assert html.count("<select ") == html.count("<label>") == 4
    assert 'aria-live="polite"' in html
    rows = re.findall(r"<tr>(<td>.*?)</tr>", html)
    assert len(rows) == 36
    for (goal, knowledge, access, budget), one in ANSWERS.items():
        (row,) = [row for row in rows if row.startswith(f"<td>{knowledge}, {access}</td><td>{budget}</td>")]
        for name, _ in one.attacks:
            assert f">{name}</a>{' †' if goal == 'targeted' else ''}" in row
        assert all(f">{words}</a>" in row for words, _ in one.defenses if goal == "untargeted")


def test_an_unknown_budget_is_refused():
    with pytest.raises(KeyError):
        worksheet.answer("untargeted", "white box", "full model", "anything")
