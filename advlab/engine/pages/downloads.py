"""The files that pages link to: figures, results and data for each example."""

from __future__ import annotations

import json

from advlab.engine.book import Book, slug
from advlab.engine.cache.kinds import KINDS
from advlab.engine.pages.provenance import PER_EXAMPLE


def downloads(book: Book) -> dict[str, bytes]:
    """Return the contents of the files by their path in the site.

    Raises:
        FileNotFoundError: an entry of the book is missing or damaged.
    """
    files: dict[str, bytes] = {}
    for kind in (kind.name for kind in KINDS.values() if kind.is_picture):
        for name in book.content.get(f"{kind}s", {}):
            entry = book.entry(kind, name)
            files |= {f"figures/{slug(name)}.{file}": entry.read(file) for file in entry.files if file.endswith(".svg")}
    for name in book.content.get("measurements", {}):
        entry = book.entry("measurement", name)
        described = {
            "measurement": name,
            "key": entry.key,
            "made_of": entry.meta["ingredients"],
            "result": entry.json(),
        }
        files[f"results/{slug(name)}.json"] = json.dumps(described, indent=1, sort_keys=True).encode()
        files |= {f"results/{slug(name)}.{file}": entry.read(file) for file in PER_EXAMPLE if file in entry.files}
    return files
