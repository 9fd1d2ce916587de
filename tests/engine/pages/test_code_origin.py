"""The line above a block: what the block needs is found in its code, and what it says is so."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from advlab.edition import EDITION
from advlab.engine.pages import code_origin, rendering
from advlab.engine.pages.code_names import names_of
from tests.blocks import DOCS, ROOT, _without_front_matter, book, url

ALL = sorted(DOCS.rglob("*.md"))


def on(page: Path) -> tuple[list, list]:
    """The origins of a page's blocks, and the blocks."""
    source = _without_front_matter(page.read_text(encoding="utf-8"))
    rendered = rendering.rendered(source, url(page), book())
    blocks = re.findall(r"^( *)```(\w+)\n(.*?)^\1```\s*$", rendered, flags=re.MULTILINE | re.DOTALL)
    code = ["\n".join(line[len(indent) :] for line in body.split("\n")) for indent, _, body in blocks]
    return code_origin.of_page(EDITION, source, rendered), list(
        zip((language for _, language, _ in blocks), code, strict=True)
    )


@pytest.mark.parametrize(
    ("code", "free", "bound"),
    [
        ("x = x + 1", {"x"}, {"x"}),
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("def f():\n    return g(y)\ndef g(z):\n    return z", {"y"}, {"f", "g"}),
        ("def f():\n    y = 1\n    return y", set(), {"f"}),
        ("z = [f(i) for i in range(3)]", {"f"}, {"z"}),
        ("z = [z for i in range(3)]", {"z"}, {"z"}),
        ("class A(B):\n    c = 1\n    def d(self):\n        return E + c", {"B", "E", "c"}, {"A"}),
        ("import torch.nn.functional as F\nF.relu(a)", {"a"}, {"F"}),
        ("for i in xs:\n    print(i)", {"xs"}, {"i"}),
        ("key = lambda a: a + late\nlate = 1", set(), {"key", "late"}),
        ("@wrap\ndef f(a: T) -> None: ...", {"wrap", "T"}, {"f"}),
        ("with open(p) as q:\n    q.read()", {"p"}, {"q"}),
    ],
)
def test_what_code_takes_from_outside(code, free, bound):
    names = names_of(code)
    assert names.free == free
    assert names.bound == bound


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import math\nprint(math.pi)", "runs alone, with Python only"),
        ("import torch\nfrom torch import nn", "runs alone, with PyTorch only"),
        ("from __future__ import annotations\nimport torch", "runs alone, with PyTorch only"),
        ("import torch\nfrom advlab.data import subset", "runs alone, with <code>advlab</code> and <code>torch</code>"),
        ("def f():\n    import numpy", "runs alone, with <code>numpy</code>"),
        ("print(images, B)", "continues from above: <code>B</code>, <code>images</code>"),
    ],
)
def test_what_is_said_of_it(code, said):
    assert code_origin._needs_of_python(names_of(code), {"images", "B", "other"}) == said


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_no_block_takes_what_the_page_does_not_show(page):
    """Names that a block takes are bound by blocks above it: by another rule than the line's, the syntax tree."""
    above: set[str] = set()
    found, blocks = on(page)
    assert len(found) == len(blocks)
    for origin, (language, code) in zip(found, blocks, strict=True):
        assert (origin is None) == (language == "text")
        if language != "python":
            continue
        tree = ast.parse(code)
        bound = {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        bound |= {
            a.asname or a.name.partition(".")[0]
            for n in ast.walk(tree)
            if isinstance(n, ast.Import | ast.ImportFrom)
            for a in n.names
        }
        bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert names_of(code).free <= above, f"{code}\ntakes what no block above it makes"
        taken = set(re.findall(r"<code>(\w+)</code>", origin.needs)) if origin.needs.startswith("continues") else set()
        assert taken == names_of(code).free
        above |= bound


def test_every_file_and_test_that_is_named_is_there():
    named = [origin for page in ALL for origin in on(page)[0] if origin]
    assert len(named) > 60
    for origin in named:
        assert (ROOT / origin.file).is_file(), origin
        assert (ROOT / origin.test).is_file(), origin
    assert len({origin.test for origin in named}) > 3


def test_what_is_said_to_run_with_pytorch_only_runs_without_advlab():
    """In one fresh process in which advlab cannot be imported; each block in a namespace of its own."""
    alone = [
        code
        for page in ALL
        for origin, (language, code) in zip(*on(page), strict=True)
        if origin and language == "python" and origin.needs.endswith("only")
    ]
    assert len(alone) >= 8
    program = (
        "import sys\nsys.modules['advlab'] = None\n"
        f"for code in {alone!r}:\n"
        "    exec(compile(code, 'block', 'exec', dont_inherit=True), {'__name__': '__main__'})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "tests", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


BLOCK = '<div class="language-python highlight"><pre><code>x</code></pre></div>'
ORIGIN = code_origin.Origin("snippets/a/b.py", "tests/blocks.py", "runs alone, with Python only")


def test_the_line_stands_above_its_block():
    html = code_origin.marked(f"<p>a</p>{BLOCK}<p>b</p>{BLOCK}", [None, ORIGIN], "https://example.org/book/blob/main/")
    assert html.count('class="origin"') == 1
    assert html.index("<p>b</p>") < html.index('class="origin"') < html.rindex(BLOCK)
    assert 'href="https://example.org/book/blob/main/snippets/a/b.py">snippets/a/b.py</a>' in html
    assert 'href="https://example.org/book/blob/main/tests/blocks.py">test</a>' in html
    bare = code_origin.marked(BLOCK, [ORIGIN], "")
    assert "href" not in bare
    assert "snippets/a/b.py" in bare
    assert "test: tests/blocks.py" in bare
    with pytest.raises(ValueError, match="1 blocks"):
        code_origin.marked(BLOCK * 2, [ORIGIN], "")
