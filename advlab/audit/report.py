"""The robustness card of an audit: as Markdown, as a self-contained HTML file, and as a table in a terminal."""

from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from advlab.audit.flag import Severity, percent
from advlab.audit.result import Audit

#: The folder of advlab. Templates are named relative to it, so that a stored report depends on the one that made it.
PACKAGE = Path(__file__).parents[1]
#: What each severity of a flag means.
SEVERITIES: dict[Severity, str] = {
    "setup": "another model was measured than the one meant",
    "masked": "the accuracy may be far too high",
    "note": "the verdict stands",
}


def verdict(audit: Audit) -> str:
    """The outcome in one or two sentences."""
    robust = f"robust accuracy {percent(audit.robust.value)}"
    if audit.verdict == "below":
        masked = "" if audit.trusted else " Signs of masked gradients were seen, so it may be lower still."
        return f"Not robust enough: {robust} is below {percent(audit.at_least or 0)}.{masked}"
    if audit.verdict == "no verdict":
        signs = ", ".join(flag.name for flag in audit.flags if flag.severity != "note")
        return f"No verdict: this evaluation cannot be trusted ({signs})."
    if audit.verdict == "at least":
        return f"Held: {robust} is at least {percent(audit.at_least or 0)}. No sign that the attacks were fooled."
    return f"No sign that the attacks were fooled: {robust} is a fair upper bound."


def markdown(audit: Audit) -> str:
    """The card as Markdown."""
    return _rendered("audit/card.md.j2", audit, escaped=False)


def html(audit: Audit) -> str:
    """The card as one HTML file: no script, no font, no picture, nothing fetched."""
    return _rendered("audit/card.html.j2", audit, escaped=True)


def _rendered(template: str, audit: Audit, escaped: bool) -> str:
    environment = jinja2.Environment(autoescape=escaped, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters |= {
        "g": lambda number: f"{number:g}",
        "share": lambda proportion: percent(proportion["value"]),
        "interval": lambda proportion: f"{100 * proportion['low']:.1f}–{100 * proportion['high']:.1f}%",
        "parameters": _parameters,
    }
    words = {"a": audit.to_json(), "verdict": verdict(audit), "severities": SEVERITIES, "facts": facts(audit)}
    tone = {"below": "below", "no verdict": "open"}.get(audit.verdict, "holds")
    return environment.from_string((PACKAGE / template).read_text(encoding="utf-8")).render(**words, tone=tone)


def _parameters(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items())


def facts(audit: Audit) -> list[tuple[str, str]]:
    """Names and values of all that identifies what was measured and allows to measure it again."""
    model, data, machine = audit.model, audit.data, audit.machine
    white, black = audit.threat_models
    return [
        (
            "model",
            f"{model['name']} ({model['class']}), {model['parameters']:,} parameters, {model['classes']} classes",
        ),
        ("data", f"{data['source']}: {data['images']} images of shape {' x '.join(map(str, data['shape']))}"),
        ("checksum of the data", f"SHA-256 {data['sha256']}"),
        ("threat model", f"{white}; and {black}"),
        *(
            (name, ", ".join(dict.fromkeys((*codes, *black.identifiers[name]))))
            for name, codes in white.identifiers.items()
        ),
        (
            "asked for",
            "no bound" if audit.at_least is None else f"robust accuracy of at least {percent(audit.at_least)}",
        ),
        ("effort", "quick" if audit.quick else "full"),
        ("seed", str(audit.seed)),
        ("versions", ", ".join(f"{name} {number}" for name, number in sorted(audit.versions.items()))),
        ("machine", f"{machine['processor']}, {machine['device']}, Python {machine['python']}"),
        ("date", audit.date),
        ("duration", f"{audit.seconds:.0f} s"),
    ]


def show(audit: Audit, console: Console) -> None:
    """Print the table of attacks, the flags and the verdict.

    Args:
        audit: what to print.
        console: where to print it.

    Source: advlab's own: one of three forms of the report.
    """
    table = Table(title=f"{audit.model['name']}: {audit.norm}, epsilon {audit.epsilon:g}, {audit.robust.n} images")
    table.add_column("attack")
    table.add_column("kind")
    for name in ("attacked", "accuracy left", "95% interval"):
        table.add_column(name, justify="right")
    for one in audit.attacks:
        interval = f"{percent(one.accuracy.low)} to {percent(one.accuracy.high)}"
        table.add_row(escape(one.name), one.kind, str(one.tried), percent(one.accuracy.value), interval)
    table.add_section()
    interval = f"{percent(audit.robust.low)} to {percent(audit.robust.high)}"
    table.add_row("worst case of each image", "", "", percent(audit.robust.value), interval, style="bold")
    console.print(table)
    for flag in audit.flags:
        colour = "dim" if flag.severity == "note" else "yellow"
        console.print(f"\n[bold {colour}]{flag.name}[/] ({SEVERITIES[flag.severity]})", highlight=False)
        for word, text in (("seen", flag.seen), ("why", f"{flag.why} ({flag.source})"), ("do", flag.do)):
            console.print(Padding(f"{word}: {escape(text)}", (0, 0, 0, 2)), highlight=False)
    console.print(f"\n{verdict(audit)}", style="bold", highlight=False)
