"""The check of the checks: a block that prints other than its page shows, or shows code that differs, is found."""

from pathlib import Path

import pytest
from sybil.parsers.markdown import CodeBlockParser

from advlab.engine.pages import library_code
from tests.blocks import LANGUAGES, Page, same

FGSM = library_code.code("advlab.attacks.fgsm.fgsm")


def complaints(text: str, functions: dict[str, str] | None = None) -> list[str | None]:
    """What the evaluators say of each block of a page with this text."""
    page = Page(text, str(Path("docs/page.md")))
    page.shown = functions or {}
    for language, evaluator in LANGUAGES.items():
        for region in CodeBlockParser(language, evaluator)(page):
            page.add(region)
    return [example.region.evaluator(example) for example in page]


def page(code: str, output: str | None = None, language: str = "python", between: str = "\n") -> str:
    below = "" if output is None else f"{between}```text\n{output}\n```\n"
    return f"Words.\n\n```{language}\n{code}\n```\n{below}"


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("print('one')\nprint(2)", "one\n2"),
        ("print(0.123456)", "0.1235"),
        ("print(0.12345678901)", "0.1234567"),
        ("x = 1", None),
    ],
)
def test_what_the_page_shows_is_what_it_prints(code: str, output: str | None) -> None:
    assert set(complaints(page(code, output))) == {None}


@pytest.mark.parametrize(
    ("code", "output", "said"),
    [
        ("print('one')", "two", "another output"),
        ("print(0.42)", "0.44", "another output"),
        ("print(1000)", "1001", "another output"),
        ("print('97 of 100 right')", "98 of 100 right", "another output"),
        ("print('one')\nprint('two')", "one", "another output"),
        ("x = 1", "one", "another output"),
        ("print('unseen')", None, "shows nothing of it"),
    ],
)
def test_what_it_does_not_print_is_found(code: str, output: str | None, said: str) -> None:
    assert said in str(complaints(page(code, output))[0])


def test_an_error_in_a_block_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        complaints(page("1 / 0"))


def test_a_text_block_without_a_program_is_found() -> None:
    assert "below no block" in str(complaints("```text\n1\n```\n")[0])
    separated = complaints(page("print(1)", "1", between="\nSome words between.\n\n"))
    assert "shows nothing of it" in str(separated[0])
    assert "below no block" in str(separated[1])


def test_blocks_of_a_page_go_on_from_each_other() -> None:
    assert complaints(page("x = 2") + page("print(x)", "2")) == [None, None, None]


def test_shown_code_is_compared_with_the_librarys() -> None:
    name = "advlab.attacks.fgsm.fgsm"
    assert complaints(page(FGSM), {FGSM: name}) == [None]
    for right, wrong in (
        ("images + epsilon * gradient.sign()", "images - epsilon * gradient.sign()"),
        ("gradient.sign()", "gradient"),
        (".clamp(0, 1)", ""),
        ("-F.cross_entropy(model(images), targets", "F.cross_entropy(model(images), targets"),
    ):
        assert right in FGSM
        broken = FGSM.replace(right, wrong)
        assert "differ" in str(complaints(page(broken), {broken: name})[0]), wrong


def test_shown_code_that_needs_the_library_is_refused() -> None:
    code = "from advlab.data import mnist\n\n\ndef f():\n    return mnist"
    assert "torch alone" in str(complaints(page(code), {code: "advlab.x.f"})[0])


def test_shown_code_that_nobody_compares_is_refused() -> None:
    code = "def f():\n    return 1"
    assert "does not say how" in str(complaints(page(code), {code: "advlab.x.f"})[0])


def test_bash_runs_and_its_failure_is_told(tmp_path: Path) -> None:
    assert "exit status 3" in str(complaints(page("exit 3", language="bash"))[0])
    assert complaints(page("true", language="bash")) == [None]


def test_yaml_and_toml_are_parsed() -> None:
    assert complaints(page("a: 1", language="yaml")) == [None]
    assert complaints(page("a = 1", language="toml")) == [None]
    with pytest.raises(ValueError, match="line 1"):
        complaints(page("a = = 1", language="toml"))


def test_the_rule_of_numbers() -> None:
    assert same("accuracy 0.42", "accuracy 0.4236")
    assert not same("accuracy 0.42", "accuracy 0.45")
    assert not same("42 of 100", "43 of 100")
