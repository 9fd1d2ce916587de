"""Code of advlab as pages show it: what is simplified, what stays, and that it gives the library's result."""

import ast
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from advlab.attacks import fgsm
from advlab.engine.pages import library_code
from advlab.engine.pages.library_code import UnknownCode

MODULE = '''"""A module."""

from __future__ import annotations

import math
import os.path
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from advlab.attacks.attack import attack
from advlab.engine.cache.computation import measurement as kept


@attack
def step(
    model: nn.Module,
    images: Float[Tensor, "batch *shape"],  # in [0, 1] — pixels
    labels: Int[Tensor, " batch"] | None = None,
    *,
    norm: Literal["Linf", "L2"] = "Linf",
    then: Callable[[Tensor], None] | None = None,
    **options: Float[Tensor, ""],
) -> tuple[Float[Tensor, "batch *shape"], int]:
    """One step, ε wide.

    Args:
        model: the victim.
    """
    # Why: the sign — see §4.
    sum: Float[Tensor, "batch"] = images.sum()  # ∑

    def inner(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Within."""
        return x.sign() * 0.5

    return inner(sum), 1  # done


@kept
@contextmanager
def held() -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Pair:
    """Two of them."""

    images: Float[Tensor, "n 1 28 28"]

    @property
    def size(self) -> Int[Tensor, ""]:
        """How many.

        At all.
        """
        return len(self.images)


def plain(x: int) -> int:
    return x
'''


def test_annotations_and_docstring_are_simplified_and_all_else_stays():
    assert library_code.definition(MODULE, "step", "m.step") == (
        "from collections.abc import Callable\n"
        "from torch import Tensor, nn\n"
        "from typing import Literal\n"
        "\n\n"
        "def step(\n"
        "    model: nn.Module,\n"
        "    images: Tensor,  # in [0, 1] — pixels\n"
        "    labels: Tensor | None = None,\n"
        "    *,\n"
        '    norm: Literal["Linf", "L2"] = "Linf",\n'
        "    then: Callable[[Tensor], None] | None = None,\n"
        "    **options: Tensor,\n"
        ") -> tuple[Tensor, int]:\n"
        '    """One step, ε wide."""\n'
        "    # Why: the sign — see §4.\n"
        "    sum: Tensor = images.sum()  # ∑\n"
        "\n"
        "    def inner(x: Tensor) -> Tensor:\n"
        '        """Within."""\n'
        "        return x.sign() * 0.5\n"
        "\n"
        "    return inner(sum), 1  # done"
    )


def test_decorators_of_advlab_go_and_others_stay():
    assert library_code.definition(MODULE, "held", "m.held") == (
        "from collections.abc import Iterator\nfrom contextlib import contextmanager\n\n\n"
        "@contextmanager\ndef held() -> Iterator[None]:\n    yield"
    )


def test_a_class_keeps_what_makes_it_work():
    text = library_code.definition(MODULE, "Pair", "m.Pair")
    assert text.startswith("from dataclasses import dataclass\nfrom torch import Tensor\n\n\n@dataclass(frozen=True)\n")
    assert "    images: Tensor\n" in text
    assert '    @property\n    def size(self) -> Tensor:\n        """How many."""\n        return' in text
    namespace = {}
    exec(text, namespace)
    assert namespace["Pair"](images=torch.zeros(3)).size == 3


def test_what_needs_no_import_gets_none():
    assert library_code.definition(MODULE, "plain", "m.plain") == "def plain(x: int) -> int:\n    return x"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("advlab.attacks.fgsm.ffgsm", "ffgsm"),
        ("advlab.attacks.pgdd.pgdd", "advlab/attacks/pgdd.py"),
        ("advlab.data.MEAN", "MEAN"),
        ("advlab.data._md5.x", "advlab/data/_md5.py"),
        ("fgsm", "fgsm"),
    ],
)
def test_an_unknown_name_is_named(name, said):
    with pytest.raises(UnknownCode) as raised:
        library_code.code(name)
    assert name in str(raised.value)
    assert said in str(raised.value)


def test_only_the_simplified_parts_of_fgsm_differ_from_the_library():
    text = library_code.code("advlab.attacks.fgsm.fgsm")
    library = ast.parse(Path(sys.modules[fgsm.__module__].__file__).read_text(encoding="utf-8"))
    body = next(node for node in library.body if isinstance(node, ast.FunctionDef)).body[1:]
    (function,) = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert [ast.dump(one) for one in function.body[1:]] == [ast.dump(one) for one in body]
    assert function.decorator_list == []
    assert "# Summed over the batch" in text


def test_fgsm_as_shown_runs_with_torch_alone_and_gives_the_library_s_result(digits, trained):
    text = library_code.code("advlab.attacks.fgsm.fgsm")
    imported = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    tops = {name.partition(".")[0] for node in imported for name in _modules(node)}
    assert tops == {"torch"}
    namespace = {}
    exec(compile(text, "shown", "exec", dont_inherit=True), namespace)
    for options in ({}, {"targets": (digits.labels + 1) % 10}):
        for epsilon in (0.0, 0.1, 0.3):
            ours = fgsm(trained, digits.images[:50], digits.labels[:50], epsilon, **_first(options, 50))
            alone = namespace["fgsm"](trained, digits.images[:50], digits.labels[:50], epsilon, **_first(options, 50))
            assert torch.equal(alone, ours)
            assert (epsilon == 0) == torch.equal(ours, digits.images[:50])


def test_fgsm_as_shown_works_for_another_model(network):
    namespace = {}
    exec(library_code.code("advlab.attacks.fgsm.fgsm"), namespace)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).eval()
    images = torch.full((4, 1, 2, 3), 0.5)
    attacked = namespace["fgsm"](model, images, torch.tensor([0, 1, 0, 1]), 0.25)
    assert torch.allclose((attacked - images).abs(), torch.full_like(images, 0.25))


def _modules(node):
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]


def _first(options, count):
    return {name: tensor[:count] for name, tensor in options.items()}


def test_a_constant_that_a_package_re_exports_is_shown_as_its_value():
    assert "\nMEAN = 0.1307\nSTD = 0.3081\n" in library_code.code("advlab.chapters.wrong_unit.variants.normalised")
