"""How a module that takes the place of another is made."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any


def changed(original: ModuleType, without: tuple[str, ...] = (), **names: Any) -> ModuleType:
    """A module with what is in another, but for these names."""
    module = ModuleType(original.__name__, original.__doc__)
    vars(module).update(vars(original))
    for name in without:
        vars(module).pop(name, None)
    vars(module).update(names)
    return module


def rebound(original: ModuleType, **names: Any) -> ModuleType:
    """The same, and its functions see these names as well."""
    module = changed(original, **names)
    for name, value in vars(original).items():
        if type(value) is FunctionType and value.__globals__ is vars(original):
            vars(module).setdefault(name, value)
            if name not in names:
                vars(module)[name] = with_globals(value, vars(module))
    return module


def with_globals(function: FunctionType, names: dict[str, Any]) -> FunctionType:
    """The same function, which sees other global names."""
    copy = FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    copy.__doc__ = function.__doc__
    copy.__annotations__ = function.__annotations__
    vars(copy).update(vars(function))
    return copy
