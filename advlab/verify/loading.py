"""A user's own model or data by name, `package.module:factory`, as Gunicorn and Uvicorn take an application."""

import importlib
import os
import sys

from torch import nn

FORM = "package.module:name"


class UsageError(ValueError):
    """A name, a file or an option that was given cannot be found, read or used."""


class ModelError(ValueError):
    """A model, or the code that makes it, fails or behaves in a way that cannot be audited."""


def import_object(spec: str) -> object:
    """Object that `package.module:name` names. The current folder is searched first, as Gunicorn and Uvicorn do.

    Args:
        spec: `package.module:name`.

    Raises:
        UsageError: the form is wrong, or there is no such module or name.
        ModelError: the module exists, but importing it fails.
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
    """Model that the factory `package.module:factory` returns, or the model of that name, in its present mode.

    Args:
        spec: `package.module:name`, of a function without arguments or of an `nn.Module`.

    Raises:
        UsageError: there is nothing of that name, or it cannot be called.
        ModelError: importing or calling it fails, or it returns no `nn.Module`.
    """
    factory = import_object(spec)
    made = factory if isinstance(factory, nn.Module) else called(spec, factory)
    if not isinstance(made, nn.Module):
        raise ModelError(f"{spec} must return a torch.nn.Module, not {type(made).__name__}")
    return made


def called(spec: str, factory: object) -> object:
    """Result of a user's function, called without arguments.

    Args:
        spec: its name in messages.
        factory: the function.

    Raises:
        UsageError: factory cannot be called.
        ModelError: it fails.

    Source: advlab's own: how its commands take a user's code.
    """
    if not callable(factory):
        raise UsageError(f"{spec} is a {type(factory).__name__}, which cannot be called")
    try:
        return factory()
    except Exception as error:  # whatever a user's function does
        raise ModelError(f"{spec}() failed: {type(error).__name__}: {error}") from error
