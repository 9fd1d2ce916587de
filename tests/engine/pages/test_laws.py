"""The laws of a page's source: each breach is found on its line, and honest pages pass."""

import dataclasses
import re
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from advlab.edition import EDITION
from advlab.engine.pages import laws
from advlab.engine.pages.grammar import includes
from advlab.engine.pages.typed_numbers import identifiers

NUMBER = "a number is typed"


def found(source, edition=EDITION):
    """The laws that a source breaks."""
    return [breach.law for breach in laws.breaches(source, edition)]


@pytest.fixture
def programs(tmp_path):
    """An edition with programs of its own."""
    edition = dataclasses.replace(EDITION, root=tmp_path)
    folder = edition.snippets / "page"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("# --8<-- [start:loss]\nprint(1)\n# --8<-- [end:loss]\n")
    (folder / "open.py").write_text("# --8<-- [start:loss]\nprint(1)\n")
    (folder / "look.sh").write_text("advlab list\n")
    return edition


# --- Numbers --------------------------------------------------------------------------------------------------------

TYPED = {
    "prose": "Accuracy falls to 41%.",
    "decimal": "Accuracy falls to .41 at once.",
    "heading": "## From 98 to nothing",
    "table": "| epsilon | right |\n| --: | --: |\n| low | 41.2 |",
    "link's text": "See [the 41%](fgsm.md).",
    "link's title": '[FGSM](fgsm.md "falls to 41%")',
    "reference's title": '[FGSM]: fgsm.md "falls to 41%"',
    "footnote-like line": "[^note]: Accuracy falls to 41%.",
    "alternative text": '<span alt="falls to 41%">it</span>',
    "single quotes": "<abbr title='falls to 41%'>it</abbr>",
    "no quotes": "<abbr title=41%>it</abbr>",
    "aria": '<div aria-label="41 of them">it</div>',
    "input's value": '<input value="41">',
    "attribute list": 'It falls.{: title="to 41%" }',
    "number of a list in HTML": '<ol start="41"><li>it</li></ol>',
    "over two lines": '<span\n title="falls\n to 41%">it</span>',
    "claim's sentence": '<< claim("fgsm:falls", "Accuracy falls to 41%.") >>',
    "claim's joined sentence": '<< claim("fgsm:falls", "Accuracy falls to " ~ "41%.") >>',
    "constant": '<< "41%" >>',
    "whole constant": "<< 41 >>",
    "filter": '<< "falls" | replace("falls", "41%") >>',
    "method": '<< "to %s".format("41%") >>',
    "beside a call": '<< n("fgsm:table/clean", "%") >> of 10,000',
    "code span": "It prints `0.41` then.",
    "comment marks in code": "`<!--` 41% `-->`",
    "money in code": "`$` 41% `$`",
    "emphasis": "It falls to **41**%.",
    "blockquote": "> It falls to 41%.",
    "entity": "It falls to &#52;&#49;.",
    "fraction": "About ½ of them.",
    "named fraction": "About &frac12; of them.",
    "other digits": "It falls to ٤١.",
    "wide digits": "It falls to ４１.",
    "abbreviation": "*[PGD]: Breaks all but 41 of them.",
    "admonition": '!!! note "Only 41%"\n\n    Really.',
    "front matter": "---\ntitle: Down to 41%\n---\n\nIt falls.",
    "line that begins with a number": "Accuracy falls to\n41. This is little.",
    "list that begins late": "Steps:\n\n41. one",
    "list that jumps": "1. one\n41. two",
    "share in a formula": r"It falls to $41.2\%$.",
    "share in a displayed formula": "$$ 41.2\\% $$",
    "escaped dollars": r"\$41\$",
    "near a year": "It falls to 2015%.",
    "year with decimals": "It falls to 2015.3.",
    "unknown identifier": "The layer conv7 of it.",
}


@pytest.mark.parametrize("source", TYPED.values(), ids=TYPED.keys())
def test_a_typed_number_is_found(source):
    assert NUMBER in found(source)


HONEST = {
    "bound number": 'It falls to << n("fgsm:epsilon_table/0.2/accuracy", "%0") >>.',
    "form by keyword": '<< n("fgsm:epsilon_table/0.2/accuracy", form=".2f") >>',
    "trimmed": '<<- n("fgsm:epsilon_table/0.2/accuracy", ".2f") ->>',
    "claim": '<< claim("fgsm:falls", "Accuracy falls at every step.") >>',
    "claim that binds a number": '<< claim("fgsm:falls", "It falls to " ~ n("fgsm:table/0.2", "%1") ~ ".") >>',
    "citation": 'As << cite("goodfellow2015") >> said.',
    "quotation": '<< quote("falls from 98% to 41%", "perfecxion2025") >>',
    "comment of the template": "<# 41% was here #>",
    "comment of HTML": "<!-- 41%\nwas here -->",
    "formula": r"Take $\varepsilon = 0.1$, in $[0, 1]^{784}$.",
    "displayed formula": "$$\nx + 0.1 \\cdot 2\n$$",
    "link's target": "See [the paper](https://arxiv.org/abs/1412.6572).",
    "link with a title": '[FGSM](fgsm2.md "how it falls")',
    "link in brackets": "[FGSM](<fgsm 2.md>)",
    "reference": "[FGSM]: https://arxiv.org/abs/1412.6572\n",
    "address": "<https://arxiv.org/abs/1412.6572>",
    "year": "Goodfellow and others published it in 2015, and PGD in 2018.",
    "identifiers": "The layer conv1, a 3x3 kernel, L2 and L0 norms, AML.T0043.001, NISTAML.022, ML01:2023, n/255.",
    "anchor": "## Where it falls {#fall-2}",
    "class": '[it](fgsm.md){ .chip-2 data-frames="2" }',
    "invisible attributes": '<div id="a1" class="b2" style="width: 20%">it</div>',
    "entities": "A &amp; B &lt; C&nbsp;D.",
    "ordered list": "Steps:\n\n1. one\n2. two\n\n    more of two\n\n3. three",
    "price": "It costs one $ or two $.",
    "include": '```python\n--8<-- "page/a.py:loss"\n```',
    "output": '```text\n<< output("page/a.py") >>\n```',
    "code": '```python\n<< code("advlab.attacks.fgsm.fgsm") >>\n```',
    "shell": '```bash\n--8<-- "page/look.sh"\n```',
    "in a list": '1. one\n\n    ```python\n    --8<-- "page/a.py"\n    ```',
    "admonition": '!!! note "So"\n\n    It falls.\n\n    And again.',
    "tab": '=== "So"\n\n    It falls.',
    "item with paragraphs": "- one\n\n    more of one\n\n- two",
    "lazy line": "A long paragraph\n    that goes on.",
    "call shown as text": 'Write `<< "<< n(…) >>" >>` for a number.',
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST.keys())
def test_an_honest_page_passes(source, programs):
    assert laws.breaches(source, programs) == []


@pytest.mark.parametrize("source", TYPED.values(), ids=TYPED.keys())
def test_the_line_of_a_number_is_named(source):
    before = 'Honest words.\n\n<# a\ncomment #> $$\nx\n$$ <span\nclass="a">b</span>\n\n'
    offset = before.count("\n")
    alone = {breach.line for breach in laws.breaches(source, EDITION)}
    below = {breach.line - offset for breach in laws.breaches(before + source, EDITION)}
    assert below == alone


#: Pieces of pages; every ◦ is a place where a reader sees words.
PIECES = (
    "◦ and ◦.",
    "# ◦",
    "> ◦",
    "*◦*, **◦** and `◦`",
    "- ◦\n- ◦\n\n    ◦",
    "1. ◦\n2. ◦",
    "| ◦ | ◦ |\n| :-- | --: |\n| ◦ | ◦ |",
    '[◦](page.md#a2 "◦") and [◦][ref]',
    '!!! note "◦"\n\n    ◦',
    '=== "◦"\n\n    ◦',
    '<abbr title="◦">◦</abbr> <span class="b2" aria-label=\'◦\'>◦</span>',
    'before << n("a:b/0.2", "%0") >> ◦',
    '<< claim("a:b", "◦.") >>',
    '<< claim("a:b", "◦ " ~ n("a:c/0.1", "d") ~ " ◦.") >>',
    '<< figure("a:c2") >> ◦',
    '<< cite("goodfellow2015") >> ◦ <# 41 #> ◦ <!-- 42 --> ◦',
    "$x + 0.5$ ◦ $y_2$ ◦",
    "$$\n\\frac{1}{2}\n$$\n◦",
    '```python\n<< code("advlab.attacks.fgsm.fgsm") >>\n```\n\n◦',
    "in 2015 ◦ conv1 ◦ L2 ◦",
    "one \\$ ◦ \\` ◦ &amp; ◦ <https://example.org/41> ◦",
    "`$` ◦ `$` ◦ `<!--` ◦ `-->` ◦",
)
WORDS = st.text(alphabet="abcdefghilmnoprstuvwyzé ", min_size=1, max_size=12).map(lambda s: f"w{s.strip()}w")
FORMS = ("{}", "{}%", "{}.5", "{} %", ".{}", "n={}", "{}/255", "±{}", "({})", "{}x", "1e-{}", "−{}", "{},000", "eps{}")


@given(data=st.data(), number=st.integers(0, 99_999), form=st.sampled_from(FORMS))
def test_a_number_put_anywhere_is_found(data, number, form):
    typed = form.format(number)
    words = [typed, *re.findall(r"[\w./]+", typed)]
    assume(not any(re.fullmatch(one, word) for one in identifiers(EDITION.identifiers) for word in words))
    pieces = data.draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
    parts = re.split("◦", "\n\n".join(pieces))
    said = [data.draw(WORDS) for _ in parts[1:]]
    assert laws.breaches(_joined(parts, said), EDITION) == []

    where = data.draw(st.integers(0, len(said) - 1))
    place = data.draw(st.integers(1, len(said[where]) - 1))
    said[where] = f"{said[where][:place]} {typed} {said[where][place:]}"
    line = _joined(parts[: where + 1], said).count("\n") + 1
    assert (line, NUMBER) in {(breach.line, breach.law) for breach in laws.breaches(_joined(parts, said), EDITION)}


def _joined(parts, said):
    return parts[0] + "".join(word + part for word, part in zip(said, parts[1:], strict=False))


@given(st.characters(categories=["Nd"]))
@example("٣")
def test_every_digit_of_unicode_is_a_number(digit):
    assert unicodedata.decimal(digit) in range(10)
    assert found(f"so many: {digit}.") == [NUMBER]


def test_every_identifier_has_its_reason():
    lines = EDITION.identifiers.read_text(encoding="utf-8").splitlines()
    for line in filter(None, (line.strip() for line in lines)):
        pattern, mark, reason = line.partition("#")
        assert mark, line
        assert len(reason.strip()) > 3, line
        if pattern.strip():
            re.compile(pattern.strip())
            assert not re.fullmatch(pattern.strip(), "41.2"), f"{line}: takes any number"


# --- Code -----------------------------------------------------------------------------------------------------------

BAD_FENCES = {
    "typed": "```python\nprint(1)\n```",
    "typed below an include": '```python\n--8<-- "page/a.py"\nprint()\n```',
    "empty": "```python\n```",
    "title": '```python title="a.py"\n--8<-- "page/a.py"\n```',
    "braces": '```{.python .annotate}\n--8<-- "page/a.py"\n```',
    "a space before the language": '``` python\n--8<-- "page/a.py"\n```',
    "short name": '```py\n--8<-- "page/a.py"\n```',
    "pycon": '```pycon\n--8<-- "page/a.py"\n```',
    "no language": '```\n--8<-- "page/a.py"\n```',
    "tildes": '~~~python\n--8<-- "page/a.py"\n~~~',
    "four marks": '````python\n--8<-- "page/a.py"\n````',
    "in a quotation": '> ```python\n> --8<-- "page/a.py"\n> ```',
    "in the line of an item": '- ```python\n  --8<-- "page/a.py"\n  ```',
    "behind a tab": '\t```python\n\t--8<-- "page/a.py"\n\t```',
    "within a line": "so ```print()``` it is",
    "never closed": '```python\n--8<-- "page/a.py"\n',
    "closed with a space": '```python\n--8<-- "page/a.py"\n``` ',
    "typed output": "```text\nit prints this\n```",
    "included output": '```text\n--8<-- "page/a.py"\n```',
    "output as a program": '```python\n<< output("page/a.py") >>\n```',
    "code in a shell block": '```bash\n<< code("advlab.attacks.fgsm.fgsm") >>\n```',
    "computed name": '```python\n<< code("advlab." ~ "data.mnist") >>\n```',
    "another call": '```python\n<< n("fgsm:table/clean") >>\n```',
    "unknown file": '```python\n--8<-- "page/b.py"\n```',
    "unknown section": '```python\n--8<-- "page/a.py:gain"\n```',
    "section without an end": '```python\n--8<-- "page/open.py:loss"\n```',
    "file with a section without an end": '```python\n--8<-- "page/open.py"\n```',
    "lines of a file": '```python\n--8<-- "page/a.py:1:2"\n```',
    "file elsewhere": '```python\n--8<-- "../test_laws.py"\n```',
    "file of another language": '```python\n--8<-- "page/look.sh"\n```',
    "space after the quote": '```python\n--8<-- "page/a.py" x\n```',
    "include in prose": '--8<-- "page/a.py"',
    "include in prose, more dashes": '---8<--- "page/a.py"',
    "include in prose, fewer dashes": '-8<- "page/a.py"',
    "block of includes": "--8<--\npage/a.py\n--8<--",
    "indented": "So:\n\n    print()",
    "indented by a tab": "So:\n\n\tprint()",
    "indented at the top": "    print()",
    "indented below a heading": "# So\n    print()",
    "indented below bold words": "**So** it is:\n\n    print()",
    "indented below a rule": "So\n\n---\n    print()",
    "indented in an item": "- so\n\n        print()",
    "indented in an admonition": '!!! note "So"\n\n    It is.\n\n        print()',
    "HTML": "<pre>print()</pre>",
    "HTML in capitals": "<PRE>print()</PRE>",
    "HTML code": "<code>print()</code>",
    "script": "<script>alert()</script>",
}


@pytest.mark.parametrize("source", BAD_FENCES.values(), ids=BAD_FENCES.keys())
def test_code_that_is_typed_or_that_sybil_would_miss_is_refused(source, programs):
    assert found(source, programs)


def test_the_message_names_line_and_cause(programs):
    one, two = laws.breaches('So.\n\n```python\n--8<-- "page/a.py:gain"\n```\n\nIt falls to 41%.\n', programs)
    assert str(one) == "line 5: no section 'gain' in page/a.py: loss"
    assert str(two) == "line 7: a number is typed: 41%."


def test_includes_are_listed():
    source = '```python\n--8<-- "page/a.py:loss"\n```\n\n    ```bash\n    --8<-- "look.sh"\n    ```\n'
    assert includes(source) == [("page/a.py", "loss"), ("look.sh", None)]


# --- Pictures and templates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "![it falls](a.png)",
        "![it falls][fall]",
        "![it\nfalls](a.png)",
        "![fall]",
        "[![it falls](a.png)](b.md)",
        '<img src="a.png" alt="it falls">',
        '<IMG SRC="a.png">',
        '<img\nsrc="a.png">',
        "<svg></svg>",
        '<picture><source srcset="a.png"></picture>',
        '<object data="a.svg"></object>',
        "<canvas></canvas>",
    ],
)
def test_a_typed_picture_is_refused(source):
    assert "a picture is typed: use << figure(...) >>" in found(source)


@pytest.mark.parametrize("source", ["<% set a = 41 %>", "<% for a in b %>x<% endfor %>", "<%- raw %>41<% endraw %>"])
def test_a_statement_is_refused(source):
    assert any("pages have no statements" in law for law in found(source))


@pytest.mark.parametrize("source", ["<< n('a'", "<< n('a') + >>", "<# never closed"])
def test_a_broken_template_is_a_breach_and_no_crash(source):
    assert any("cannot be read" in law for law in found(source))


# --- The pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(EDITION.docs.rglob("*.md")), ids=lambda page: page.stem)
def test_every_page_keeps_the_laws_front_matter_included(page):
    assert [str(breach) for breach in laws.breaches(page.read_text(encoding="utf-8"), EDITION)] == []
