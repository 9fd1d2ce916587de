"""Each public function of the lab says in its docstring what it takes, what it raises and where it comes from."""

import ast
import pkgutil
import re
from pathlib import Path

import griffe
import pytest

import advlab

#: The lab: the modules and packages of advlab that are neither engine nor chapters, a package with everything in it.
LAB = (
    "activations",
    "attacks",
    "audit",
    "challenge",
    "data",
    "defenses",
    "evaluation",
    "grading",
    "long_recipes",
    "models",
    "monitoring",
    "threat",
    "training",
    "verify",
    "zoo",
)

FOLDER = Path(advlab.__file__).parent
PACKAGE = griffe.load("advlab", search_paths=[FOLDER.parent], allow_inspection=False)
NAMES = [name for _, name, _ in pkgutil.walk_packages([str(FOLDER)], "advlab.")]
MODULES = {name: PACKAGE[name.removeprefix("advlab.")] for name in NAMES if name.split(".")[1] in LAB}


def described(module):
    """The functions, methods and constructors that a module defines and makes public.

    A constructor is described in the docstring of its class. Dataclasses are left out: nobody wrote their constructors.
    """
    public = module.exports or [name for name in module.members if not name.startswith("_")]
    for one in (module.members[str(name)] for name in public):
        if one.is_alias:
            continue  # described where it is defined
        if one.is_function:
            yield one
        elif one.is_class:
            yield from (own for name, own in one.members.items() if own.is_function and not name.startswith("_"))
            if "__init__" in one.members and "dataclass" not in one.labels:
                yield one


def parameters(one):
    """Names of the parameters, without self and cls."""
    names = [parameter.name for parameter in one.parameters]
    bound = one.is_class or (one.parent.is_class and "staticmethod" not in one.labels)
    return names[1:] if bound else names


def sections(one, kind):
    """What the docstring holds in its sections of one kind."""
    parsed = one.docstring.parse("google", warnings=False) if one.docstring else []
    return [section.value for section in parsed if section.kind.value == kind]


def raised(one):
    """Names of the exceptions that the body itself raises, not what it calls."""
    function = one.members["__init__"] if one.is_class else one
    nodes = list(ast.parse(function.source).body[0].body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            continue  # runs later
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc).rpartition(".")[2]
            if name[0].isupper():  # otherwise a caught exception, raised again
                yield name
        nodes.extend(ast.iter_child_nodes(node))


DESCRIBED = {one.path: one for module in MODULES.values() for one in described(module) if len(parameters(one)) > 1}


def test_every_part_of_the_lab_is_found():
    assert all(module.is_module for module in MODULES.values())
    assert set(LAB) <= {part for name in MODULES for part in name.split(".")}
    assert "advlab.attacks.fgsm.fgsm" in DESCRIBED


@pytest.mark.parametrize("name", DESCRIBED)
def test_each_parameter_has_its_entry_and_nothing_else_has_one(name):
    entries = [entry.name for section in sections(DESCRIBED[name], "parameters") for entry in section]
    assert sorted(entry.lstrip("*") for entry in entries) == sorted(parameters(DESCRIBED[name]))


@pytest.mark.parametrize("name", DESCRIBED)
def test_each_exception_that_the_body_raises_is_named(name):
    named = " ".join(str(entry.annotation) for section in sections(DESCRIBED[name], "raises") for entry in section)
    assert set(raised(DESCRIBED[name])) <= set(re.findall(r"\w+", named))


@pytest.mark.parametrize("name", DESCRIBED)
def test_one_result_is_one_entry(name):
    """A second line that is not indented further would be read as a second result."""
    entries = [entry for section in sections(DESCRIBED[name], "returns") for entry in section]
    assert len(entries) <= 1 or str(DESCRIBED[name].returns).startswith("tuple")


@pytest.mark.parametrize("name", DESCRIBED)
def test_its_source_is_given_once(name):
    docstring = DESCRIBED[name].docstring
    assert len(re.findall(r"^Source: +\S", docstring.value if docstring else "", re.MULTILINE)) == 1
