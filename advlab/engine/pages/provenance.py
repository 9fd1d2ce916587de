"""The origin of the results, as the site shows it: all measurements, computing times, machine and versions."""

from __future__ import annotations

import html

from advlab.engine.book import Book, slug
from advlab.engine.cache.kinds import KINDS

#: Files with data for each example that a measurement may have, and the text of their links.
PER_EXAMPLE = {
    "evidence.json": "evidence for each image (JSON)",
    "adversarial.safetensors": "adversarial images (for advlab verify)",
    "card.html": "the robustness card (HTML)",
}


def provenance(book: Book, base: str) -> str:
    """Return a list of all measurements: description, key, computing time, and links to the results.

    Args:
        book: the results.
        base: relative address from the page to the root of the site.
    """
    parts = []
    for name, one in sorted(book.content["measurements"].items()):
        files = [f'<a href="{base}results/{slug(name)}.json" download>result</a>']
        files += [
            f'<a href="{base}results/{slug(name)}.{file}" download>{words}</a>'
            for file, words in PER_EXAMPLE.items()
            if file in one["files"]
        ]
        made = f"{one['seconds']:.1f} s · key <code>{one['key'][:12]}</code> · {' · '.join(files)}"
        parts.append(f'<dt id="{slug(name)}"><code>{name}</code></dt>')
        parts.append(f'<dd>{html.escape(one["says"])} <span class="source">{made}</span></dd>')
    return "\n".join(['<dl class="provenance" data-search-exclude>', *parts, "</dl>"])


def ledger(book: Book) -> str:
    """Return a table of computing times with a row for each computation, the longest first."""
    spent = [
        (one["seconds"], kind.done, name)
        for kind in KINDS.values()
        for name, one in book.content.get(f"{kind.name}s", {}).items()
    ]
    rows = [f"| {done} | `{name}` | {seconds:.1f} |" for seconds, done, name in sorted(spent, reverse=True)]
    total = f"| | all together | {sum(seconds for seconds, *_ in spent):.1f} |"
    return "\n".join(["| | what | seconds, on one thread |", "| :-- | :-- | --: |", *rows, total])


def environment(book: Book) -> str:
    """Return a table of the machine and versions of this build."""
    machine, packages = book.content["machine"], book.content["packages"]
    rows = {
        "profile": book.profile["name"],
        "processor": f"{machine['processor']}, {machine['cores']} cores, {machine['instructions']}",
        "memory": f"{machine['memory'] / 2**30:.0f} GiB" if machine["memory"] else "unknown",
        "system": machine["system"],
        "device": machine["device"],
        "arithmetic of trainings": machine["path"],
        "threads of a computation": machine["threads"],
        "Python": machine["python"],
        **{name: packages[name] for name in book.edition.packages},
    }
    return "\n".join(
        ["| of this build | |", "| :-- | :-- |", *(f"| {name} | {value} |" for name, value in rows.items())]
    )
