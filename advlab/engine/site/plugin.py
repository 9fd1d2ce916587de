"""The MkDocs plugin: it brings the book up to date in a separate process, then renders the pages from it.

The plugin itself computes nothing. MkDocs rebuilds within one process, which does not reload edited modules, so the
plugin runs `advlab build` in a new process whenever a file that the book depends on has changed.
"""

from __future__ import annotations

import re
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

from advlab.engine import editions
from advlab.engine.book import Book
from advlab.engine.build.up_to_date import BuildFailed, up_to_date
from advlab.engine.cache.profile import current
from advlab.engine.cache.source import SNAPSHOT
from advlab.engine.editions import Edition
from advlab.engine.pages import cite_page, code_origin, glossary, laws, reading_time, rendering
from advlab.engine.pages.downloads import downloads
from advlab.engine.pages.navigation import navigation
from advlab.engine.site import assets, llms_txt, mathml, notebook_page

log = get_plugin_logger("advlab")

#: Start of a code block.
_CODE = re.compile(r'<(div class="language-\w+ highlight")>')


class AdvlabConfig(Config):
    """Options of the plugin in mkdocs.yml."""

    #: The module whose `EDITION` describes the book.
    edition = config_options.Type(str)
    jobs = config_options.Optional(config_options.Type(int))
    #: Descriptions, by file, of pages without front matter (the notebook).
    descriptions = config_options.Type(dict, default={})


class AdvlabPlugin(BasePlugin[AdvlabConfig]):
    """Fill the results of the book into the pages."""

    def __init__(self) -> None:
        self.command = "build"
        self.edition: Edition
        self.book: Book
        self._origins: dict[str, list[code_origin.Origin | None]] = {}
        self._pages: dict[str, Page] = {}
        self._loaded: dict[Path, bytes] = {}

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Remember which command runs."""
        self.command = command

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Load the edition; give a draft a title and a folder of its own.

        Raises:
            PluginError: the profile is unknown, a draft would be published, or the edition cannot be loaded.
        """
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
        try:
            self.edition = editions.load(self.config.edition)
        except (ImportError, TypeError) as problem:
            raise PluginError(f"plugins: advlab: edition: {self.config.edition!r}: {problem}") from problem
        config.extra["advlab_draft"] = profile.name == "draft"
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Bring the book of this profile up to date; warn if code of this process was edited.

        Raises:
            PluginError: the build failed.
        """
        now = self._loaded_code()
        if edited := [path for path, before in self._loaded.items() if now.get(path) != before]:
            files = ", ".join(self.edition.relative(path) for path in edited)
            log.warning(f"code that renders pages was edited ({files}); restart `mkdocs serve` to see the effect")
        self._loaded = now | self._loaded
        try:
            self.book = up_to_date(self.edition, current(), self.config.jobs)
        except BuildFailed as problem:
            raise PluginError(str(problem)) from problem

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the files that the build made: figures, results, evidence, the notebook."""
        for name, content in downloads(self.book).items():
            files.append(File.generated(config, name, content=content))
        for name in self.book.content.get("notebooks", {}):
            entry = self.book.entry("notebook", name)
            # mkdocs-jupyter asks the file for its folder, which a generated file does not have.
            files.append(File(f"{name}.ipynb", str(entry.path), config.site_dir, config.use_directory_urls))
        return files

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Check the page against the laws, fill in results and include code.

        Raises:
            PluginError: the page cannot be rendered; the message names the page.
        """
        if not page.file.src_uri.endswith(".md"):
            return markdown
        for breach in laws.breaches(markdown, self.edition):
            log.warning(f"{page.file.src_uri}, {breach}")
        if "description" in page.meta:
            page.meta["description"] = rendering.description(self.book, page.meta["description"])
        try:
            rendered = rendering.rendered(markdown, page.url, self.book)
            self._origins[page.file.src_uri] = code_origin.of_page(self.edition, markdown, rendered)
            return rendered + glossary.abbreviations(self.edition)
        except (KeyError, ValueError, FileNotFoundError) as problem:
            raise PluginError(f"{page.file.src_uri}: {_said(problem)}") from problem
        except Exception as problem:  # a Jinja error, or a missing include
            raise PluginError(f"{page.file.src_uri}: {type(problem).__name__}: {problem}") from problem

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Convert formulas to MathML, keep one tooltip per term, and reduce a notebook to plain HTML."""
        if page.file.src_uri.endswith(".ipynb"):
            html = notebook_page.described(notebook_page.plain(html), page.file.content_string)
        if blocks := self._origins.get(page.file.src_uri):
            html = code_origin.marked(html, blocks, self._repository(config))
        # Exclude code from the search index, which every reader downloads: it would be half of all words.
        html = _CODE.sub(r"<\1 data-search-exclude>", html)
        return glossary.first_only(mathml.render(html))

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Add to each page its reading time, what to read before it and how to cite it; this needs all pages rendered.

        Raises:
            PluginError: the data file of the paths or CITATION.cff is wrong.
        """
        found = self._pages = {file.src_uri: file.page for file in files.documentation_pages() if file.page}
        contents = {name: page.content or "" for name, page in found.items()}
        urls = {name: page.url for name, page in found.items()}
        try:
            for name, said in self.config.descriptions.items():
                found[name].meta.setdefault("description", said)
            for name, page in found.items():
                to = {other: get_relative_url(url, page.url) for other, url in urls.items()}
                html = reading_time.below_the_title(
                    self.edition, reading_time.timed(self.edition, contents[name], contents), name, to
                )
                title = str(page.meta.get("title") or page.title)
                page.content = html + cite_page.details(
                    self.edition, title, name, page.canonical_url, draft=self.book.draft
                )
        except (KeyError, ValueError) as problem:
            raise PluginError(f"paths or citation: {_said(problem)}") from problem
        return env

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Bundle styles and scripts; MkDocs has copied these files before it writes the first page."""
        return assets.bundled(output, Path(config.site_dir))

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """Do the same for the 404 page."""
        return (
            assets.bundled(output_content, Path(config.site_dir)) if template_name.endswith(".html") else output_content
        )

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write llms.txt for programs; its addresses are absolute if SITE_URL is set."""
        listed = [
            llms_txt.Linked(
                entry.section, entry.title, page.canonical_url or page.url or "./", page.meta.get("description", "")
            )
            for entry in navigation(self.edition)
            if (page := self._pages.get(entry.file))
        ]
        text = llms_txt.text(config.site_name, config.site_description or "", listed)
        Path(config.site_dir, "llms.txt").write_text(text, encoding="utf-8")

    @staticmethod
    def _repository(config: MkDocsConfig) -> str:
        """Return the address under which the repository shows its files, with a final slash; "" without REPO_URL."""
        url = str(config.extra.get("repository") or "").rstrip("/")
        return f"{url}/blob/{config.extra.get('revision') or 'main'}/" if url else ""

    def _loaded_code(self) -> dict[Path, bytes]:
        """Return the imported files of the book's packages, whose code renders the pages, and their contents."""
        packages = tuple(SNAPSHOT.packages.values())
        names = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        found = {Path(name) for name in names if name}
        inside = (path for path in found if any(path.is_relative_to(package) for package in packages))
        return {path: path.read_bytes() for path in inside if path.is_file()}


def _said(problem: BaseException) -> Any:
    """Return the text of an error; of a KeyError without the quotes that Python puts around it."""
    return problem.args[0] if isinstance(problem, KeyError) and problem.args else problem
