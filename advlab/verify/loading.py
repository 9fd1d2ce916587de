"""A user's own model or data, by name: `package.module:factory`, as Gunicorn and Uvicorn take an application."""

import importlib
import os
import sys

from torch import nn

FORM = "package.module:name"


class UsageError(ValueError):
    """What was asked for cannot be found or read: a name, a file, an option."""


class ModelError(ValueError):
    """The model, or the code that makes it, does what no model that can be audited does."""


def named(spec: str) -> object:
    """What `package.module:name` stands for. The current folder is searched first, as Gunicorn and Uvicorn do it.

    Raises:
        UsageError: the form is wrong, or there is no such module or name.
        ModelError: the module is there and fails while it is imported.
    """
    module_name, colon, name = spec.partition(":")
    if not colon or not name or not all(part.isidentifier() for part in module_name.split(".")):
        raise UsageError(f"{spec!r} is not of the form {FORM}")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(f"there is no module {error.name!r} in {os.getcwd()} or the environment") from error
        raise ModelError(f"importing {module_name} failed: {error}") from error
    except Exception as error:  # whatever a user's module does
        raise ModelError(f"importing {module_name} failed: {type(error).__name__}: {error}") from error
    if name not in vars(module):
        there = ", ".join(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        raise UsageError(f"{module_name} has no {name!r}; it has {there or 'nothing that can be called'}")
    return vars(module)[name]


def load_model(spec: str) -> nn.Module:
    """The model made by the factory `package.module:factory`, or the model of that name, in the mode it comes in.

    Raises:
        UsageError: nothing of that name, or nothing that could be called.
        ModelError: the factory fails, or returns no `nn.Module`.
    """
    factory = named(spec)
    made = factory if isinstance(factory, nn.Module) else called(spec, factory)
    if not isinstance(made, nn.Module):
        raise ModelError(f"{spec} must return a torch.nn.Module, not {type(made).__name__}")
    return made


def called(spec: str, factory: object) -> object:
    """What a named function returns. Raises UsageError where it is none, ModelError where it fails."""
    if not callable(factory):
        raise UsageError(f"{spec} is a {type(factory).__name__}, which cannot be called")
    try:
        return factory()
    except Exception as error:  # whatever a user's function does
        raise ModelError(f"{spec}() failed: {type(error).__name__}: {error}") from error
