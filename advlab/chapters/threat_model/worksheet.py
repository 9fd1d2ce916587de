"""The worksheet of the page on threat models: what the book has for each attacker that a reader can pick.

It is static data, made from `advlab.threat.ThreatModel`. The page holds it twice: as a form that
docs/assets/worksheet.js answers, and as a table for readers without JavaScript.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, get_args

from advlab.engine.chapter import fragment
from advlab.threat import Access, Goal, Knowledge, Norm, ThreatModel

GOALS: tuple[Goal, ...] = get_args(Goal)
KNOWLEDGE: tuple[Knowledge, ...] = get_args(Knowledge)
ACCESS: tuple[Access, ...] = get_args(Access)
#: What may be changed: words, norm, size in pixel units (for L0 a number of pixels, here a third of the image).
BUDGETS: dict[str, tuple[Norm, float]] = {
    "every pixel a little": ("Linf", 0.1),
    "a small change in all": ("L2", 1.5),
    "one spot, anything in it": ("L0", 261),
}
#: The page that explains each attack.
ATTACK_PAGES = {
    "fgsm": "attacks/fgsm.md",
    "fast_gradient": "attacks/ladder.md",
    "pgd": "attacks/ladder.md",
    "apgd": "attacks/ladder.md",
    "autoattack": "attacks/ladder.md",
    "deepfool": "attacks/minimum_norm.md",
    "carlini_wagner": "attacks/minimum_norm.md",
    "square": "attacks/black_box.md",
    "hopskipjump": "attacks/black_box.md",
    "transfer": "attacks/black_box.md",
    "train_patch": "attacks/patches.md",
}
#: The pages on defenses measured in each norm; no page here measures a defense against patches.
DEFENSE_PAGES: dict[Norm, tuple[tuple[str, str], ...]] = {
    "Linf": (
        ("Adversarial training", "defenses/adversarial_training.md"),
        ("Certified training", "defenses/intervals.md"),
    ),
    "L2": (
        ("Randomised smoothing", "defenses/smoothing.md"),
        ("Adversarial training", "defenses/adversarial_training.md"),
    ),
    "L1": (),
    "L0": (("Patches: no defense is measured here", "attacks/patches.md"),),
}
#: Pages against attackers who have to query the model: its owner can count queries.
AGAINST_QUERIES = (("The price of queries", "attacks/black_box.md"), ("Detection", "defenses/detection.md"))
AGAINST_TRANSFER = (("Ensembles and layers", "defenses/ensembles.md"),)
#: The page for attackers who know the defense and so attack it.
EVALUATION = ("Evaluating honestly", "evaluating.md")
#: The folder of the programs that the worksheet offers.
SNIPPETS = Path(__file__).parents[3] / "snippets"
#: Placeholder for the path from the page to the root of the site, in a form that JSON leaves alone.
ROOT = "@root@"
#: Placeholder that docs/assets/worksheet.js replaces by the line that states the attacker.
MARK = "@threat@"


@dataclass(frozen=True)
class Answer:
    """The worksheet's answer to one choice. Links are (words, page); `line` opens the program `snippet`."""

    says: str
    note: str
    identifiers: dict[str, tuple[str, ...]]
    attacks: tuple[tuple[str, str], ...]
    defenses: tuple[tuple[str, str], ...]
    snippet: str
    line: str

    @property
    def program(self) -> str:
        """The whole program for this attacker."""
        return program(self.snippet, self.line)


def choices() -> Iterator[tuple[Goal, Knowledge, Access, str]]:
    """Every combination that a reader can pick."""
    return itertools.product(GOALS, KNOWLEDGE, ACCESS, BUDGETS)


def answer(goal: Goal, knowledge: Knowledge, access: Access, budget: str) -> Answer:
    """What the book has for this attacker, or, where it has nothing, for the nearest one, with a note that says so.

    Raises:
        KeyError: the budget is not one of `BUDGETS`.
    """
    norm, epsilon = BUDGETS[budget]
    notes: list[str] = []
    attacks: tuple[str, ...] = ()
    try:
        threat = ThreatModel(norm, epsilon, goal, knowledge, access)
    except ValueError as contradiction:
        threat = ThreatModel(norm, epsilon, goal, knowledge, "proxy model")
        says, identifiers = "No such attacker", {}
        problem = str(contradiction)
        notes.append(f"{problem[0].upper()}{problem[1:]}. The program below is for a proxy model of their own.")
    else:
        says, identifiers, attacks = str(threat), threat.identifiers, threat.attacks
        if not attacks:
            threat = replace(threat, access="proxy model")
            notes.append(
                "No attack of this book asks a service for this. Such an attacker trains a proxy model, and "
                "the program below does that: see what carries over."
            )
    if access == "physical":
        notes.append("Nothing in this book was printed or photographed: the program stays in the computer.")
    if knowledge == "grey box" and access == "full model":
        notes.append("The weights are theirs, the defense in front is not: what they make on the bare model may fail.")
    return Answer(
        says=says,
        note=" ".join(notes),
        identifiers=identifiers,
        attacks=tuple((name, ATTACK_PAGES[name]) for name in attacks),
        defenses=defenses(norm, threat),
        snippet=snippet(threat),
        line=line(threat),
    )


def defenses(norm: Norm, threat: ThreatModel) -> tuple[tuple[str, str], ...]:
    """The pages on defenses that matter for this attacker, the most important first."""
    asked = AGAINST_QUERIES if threat.access == "inference API" and threat.knowledge != "white box" else ()
    carried = AGAINST_TRANSFER if threat.access == "proxy model" else ()
    return (*DEFENSE_PAGES[norm], *asked, *carried, EVALUATION)


def snippet(threat: ThreatModel) -> str:
    """The name of the program in snippets/ that runs such an attack."""
    kinds = {"train_patch": "patch", "transfer": "proxy", "square": "queries"}
    return f"threat_model/{kinds.get(threat.attacks[0], 'gradients')}.py"


def line(threat: ThreatModel) -> str:
    """The line of the program that states the attacker."""
    return f"threat = {threat!r}".replace("'", '"')


def program(name: str, stated: str) -> str:
    """A program from snippets/ with its statement of the attacker replaced by `stated`."""
    text = (SNIPPETS / name).read_text(encoding="utf-8")
    return "\n".join(stated if old.startswith("threat = ") else old for old in text.split("\n"))


@fragment()
def worksheet() -> str:
    """The form with its data, and all answers as a table; the page supplies the root of the site."""
    return html(ROOT).replace(ROOT, "<< root >>")


def html(base: str) -> str:
    """The form with its data, and all answers as a table; `base` leads from the page to the root of the site."""
    found = {"|".join(choice): answer(*choice) for choice in choices()}
    programs = {one.snippet: program(one.snippet, MARK) for one in found.values()}
    data = {"answers": {key: _linked(one, base) for key, one in found.items()}, "programs": programs}
    # In a script element only "</" and "<!--" would end or change anything.
    text = json.dumps(data, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    questions = {"goal": GOALS, "knowledge": KNOWLEDGE, "access": ACCESS, "budget": tuple(BUDGETS)}
    fields = "".join(_question(name, options) for name, options in questions.items())
    return (
        '<div class="worksheet" data-worksheet>'
        f'<form class="worksheet__form" hidden><fieldset><legend>The attacker</legend>{fields}</fieldset></form>'
        '<div class="worksheet__answer" role="region" aria-label="Answer" aria-live="polite" hidden></div>'
        f'<script type="application/json">{text}</script>'
        f"<details open><summary>All answers as a table</summary>{_table(base)}</details>"
        "</div>"
    )


def _question(name: str, options: tuple[str, ...]) -> str:
    items = "".join(f"<option>{escape(option)}</option>" for option in options)
    return f'<label>{name.capitalize()}<select name="{name}">{items}</select></label>'


def _linked(one: Answer, base: str) -> dict[str, Any]:
    """An answer as JSON, with its pages as addresses."""
    told = asdict(one)
    for kind in ("attacks", "defenses"):
        told[kind] = [(words, _address(page, base)) for words, page in told[kind]]
    return told


def _address(page: str, base: str) -> str:
    return f"{base}{page.removesuffix('.md')}/"


def _table(base: str) -> str:
    """One row per knowledge, access and budget; attacks that can be targeted are marked."""
    rows = []
    for knowledge, access, budget in itertools.product(KNOWLEDGE, ACCESS, BUDGETS):
        one = answer("untargeted", knowledge, access, budget)
        able = {name for name, _ in answer("targeted", knowledge, access, budget).attacks}
        attacks = [
            f'<a href="{_address(page, base)}">{name}</a>{" †" if name in able else ""}' for name, page in one.attacks
        ]
        pages = [f'<a href="{_address(page, base)}">{escape(words)}</a>' for words, page in one.defenses]
        numbers = [number for group in one.identifiers.values() for number in group]
        file = one.snippet.rpartition("/")[2].removesuffix(".py")
        cells = [
            f"{knowledge}, {access}",
            budget,
            ", ".join(attacks) or escape(one.note),
            ", ".join(numbers) or "none",
            ", ".join(pages),
            f'<a href="#{file}">{file}</a>',
        ]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    heads = ("attacker", "budget", "attacks († also targeted)", "identifiers", "pages on defenses", "program")
    head = "".join(f"<th>{words}</th>" for words in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
