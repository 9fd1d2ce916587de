"""The face to MkDocs: a plugin that has the store filled by a fresh process, then renders pages from the book.

It never computes. MkDocs rebuilds in one process where edited modules are not reloaded, so it has `advlab build` run
anew whenever a file that a book depends on has changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from advlab import bundle, citation, glossary, laws, llms, mathml, notebook_html, origins, pages, reading
from advlab.book import Book
from advlab.cli import TRY_AGAIN
from advlab.fingerprint import fingerprint
from advlab.profile import Profile, current
from advlab.store import Store

log = get_plugin_logger("advlab")

#: How often a build is tried anew when the source is edited while it runs.
ATTEMPTS = 5
#: Blocks of code.
_CODE = re.compile(r'<(div class="language-\w+ highlight")>')
_RENDERING = (
    "pages",
    "book",
    "shown",
    "laws",
    "site",
    "mathml",
    "glossary",
    "bibliography",
    "snippets",
    "colophon",
    "notebook_html",
    "worksheet",
    "reading",
    "origins",
    "tasks",
    "citation",
    "llms",
    "article",
    "bundle",
)


class AdvlabConfig(Config):
    """Options in mkdocs.yml."""

    jobs = config_options.Optional(config_options.Type(int))
    #: Of pages that have no front matter (the notebook): what it is about, by file.
    descriptions = config_options.Type(dict, default={})


class AdvlabPlugin(BasePlugin[AdvlabConfig]):
    """Binds pages to results."""

    def __init__(self) -> None:
        self.command = "build"
        self.book: Book
        self._origins: dict[str, list[origins.Origin | None]] = {}
        self._pages: dict[str, Page] = {}
        self._loaded = self._rendering_code()

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        self.command = command

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """A draft has a folder of its own and is never published."""
        try:
            profile = current()
        except ValueError as problem:
            raise PluginError(str(problem)) from None
        if profile.name == "draft":
            if self.command == "gh-deploy":
                raise PluginError("a draft is not published: unset ADVLAB_PROFILE")
            if self.command == "build" and Path(config.site_dir).name == "site":
                config.site_dir = f"{config.site_dir}-draft"
            config.site_name = f"{config.site_name} (draft)"
        config.extra["advlab_draft"] = profile.name == "draft"
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Have the book of this profile brought up to date."""
        if self._rendering_code() != self._loaded:
            log.warning("the code that renders pages was edited; restart `mkdocs serve` to see the effect")
        self.book = up_to_date(current(), self.config.jobs)

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add what the build made: figures, results, evidence, the notebook."""
        for name, content in pages.results(self.book).items():
            files.append(File.generated(config, name, content=content))
        for name in self.book.content.get("notebooks", {}):
            entry = self.book.entry("notebook", name)
            # mkdocs-jupyter asks the file for its folder, which a generated one does not have.
            files.append(File(f"{name}.ipynb", str(entry.path), config.site_dir, config.use_directory_urls))
        return files

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Check the laws on what is typed, then bind names and include code."""
        if not page.file.src_uri.endswith(".md"):
            return markdown
        for breach in laws.breaches(markdown):
            log.warning(f"{page.file.src_uri}, {breach}")
        if "description" in page.meta:
            page.meta["description"] = pages.metadata(self.book, page.meta["description"])
        try:
            rendered = pages.rendered(markdown, page.url, self.book)
            self._origins[page.file.src_uri] = origins.of_page(markdown, rendered)
            return rendered + glossary.abbreviations()
        except (KeyError, ValueError, FileNotFoundError) as problem:
            raise PluginError(f"{page.file.src_uri}: {_said(problem)}") from problem
        except Exception as problem:  # a template error of Jinja, or a missing include
            raise PluginError(f"{page.file.src_uri}: {type(problem).__name__}: {problem}") from problem

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Turn LaTeX into MathML, and keep one tooltip a term; of a notebook drop the styles that it brings along."""
        if page.file.src_uri.endswith(".ipynb"):
            html = notebook_html.described(notebook_html.plain(html), page.file.content_string)
        if blocks := self._origins.get(page.file.src_uri):
            html = origins.marked(html, blocks, self._repository(config))
        # Code stands there to be read; in the search, which every reader loads, it would be half of all words.
        html = _CODE.sub(r"<\1 data-search-exclude>", html)
        return glossary.first_only(mathml.render(html))

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """When every page is there: times to read, what to read before, how to cite."""
        found = self._pages = {file.src_uri: file.page for file in files.documentation_pages() if file.page}
        contents = {name: page.content or "" for name, page in found.items()}
        urls = {name: page.url for name, page in found.items()}
        try:
            for name, said in self.config.descriptions.items():
                found[name].meta.setdefault("description", said)
            for name, page in found.items():
                to = {other: get_relative_url(url, page.url) for other, url in urls.items()}
                html = reading.below_the_title(reading.timed(contents[name], contents), name, to)
                title = str(page.meta.get("title") or page.title)
                page.content = html + citation.details(title, name, page.canonical_url, draft=self.book.draft)
        except (KeyError, ValueError) as problem:
            raise PluginError(f"paths or citation: {_said(problem)}") from problem
        return env

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """One file of styles and one of scripts; they are copied before the first page is written."""
        return bundle.bundled(output, Path(config.site_dir))

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The same for the page that says that there is no such page."""
        return (
            bundle.bundled(output_content, Path(config.site_dir)) if template_name.endswith(".html") else output_content
        )

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write what programs read: llms.txt, with addresses as far as they are known (SITE_URL)."""
        listed = [
            llms.Linked(
                entry.section, entry.title, page.canonical_url or page.url or "./", page.meta.get("description", "")
            )
            for entry in reading.navigation()
            if (page := self._pages.get(entry.file))
        ]
        text = llms.text(config.site_name, config.site_description or "", listed)
        Path(config.site_dir, "llms.txt").write_text(text, encoding="utf-8")

    @staticmethod
    def _repository(config: MkDocsConfig) -> str:
        """Where files of the repository are shown, with a slash at the end; "" where nobody said (REPO_URL)."""
        url = str(config.extra.get("repository") or "").rstrip("/")
        return f"{url}/blob/{config.extra.get('revision') or 'main'}/" if url else ""

    @staticmethod
    def _rendering_code() -> dict[str, bytes]:
        folder = Path(__file__).parent
        return {name: (folder / f"{name}.py").read_bytes() for name in _RENDERING}


def up_to_date(profile: Profile, jobs: int | None = None) -> Book:
    """The profile's book; where a file changed since it was written, a fresh process computes what that asks for."""
    store = Store()
    for _ in range(ATTEMPTS):
        found = _current_book(profile, store)
        if found is not None:
            return found
        command = [sys.executable, "-m", "advlab", "build", "--profile", profile.name]
        status = subprocess.run([*command, *(["--jobs", str(jobs)] if jobs else [])], check=False).returncode
        if status not in (0, TRY_AGAIN):
            raise PluginError(
                f"`advlab build --profile {profile.name}` failed with status {status}; its message is above"
            )
    raise PluginError(f"the source was edited during each of {ATTEMPTS} builds; save again when it is at rest")


def _current_book(profile: Profile, store: Store) -> Book | None:
    path = store.root / "books" / f"{profile.name}.json"
    try:
        book = Book.load(path, store)
    except (FileNotFoundError, ValueError):
        return None
    return book if book.content.get("fingerprint") == fingerprint(profile) and book.complete() else None


def _said(problem: BaseException) -> Any:
    """A KeyError's text without the quotes that Python puts round it."""
    return problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
