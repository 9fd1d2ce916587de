"""The edition that describes this book to the engine: its chapters, figure style, data files and programs."""

from pathlib import Path

from advlab.engine.editions import Edition

_PACKAGE = Path(__file__).parent
_CHAPTERS = _PACKAGE / "chapters"

EDITION = Edition(
    module="advlab.edition",
    root=_PACKAGE.parent,
    chapters="advlab.chapters",
    scheme="advlab.chapters.shared.style:scheme",
    save="advlab.chapters.shared.style:save",
    paths=_CHAPTERS / "paths.yml",
    glossary=_CHAPTERS / "glossary.yml",
    bibliography=_CHAPTERS / "bibliography.yml",
    identifiers=_CHAPTERS / "identifiers.txt",
    published=_CHAPTERS / "published.json",
    recorded=_PACKAGE / "recorded",
    provenance_page="making",
    bibliography_page="bibliography",
    given="advlab.zoo:given_to_programs",
    notebook="tutorial/tutorial.py",
    packages=("torch", "torchvision", "mkdocs", "mkdocs-material", "matplotlib"),
)
