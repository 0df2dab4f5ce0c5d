"""How a module that takes the place of another is made."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any


def changed(original: ModuleType, without: tuple[str, ...] = (), **names: Any) -> ModuleType:
    """A module with what is in another, but for these names. A function is no method if a class has
    it for an attribute, as none in C is.
    """
    module = ModuleType(original.__name__, original.__doc__)
    vars(module).update(vars(original))
    for name in without:
        vars(module).pop(name, None)
    for name, value in names.items():
        setattr(module, name, staticmethod(value) if type(value) is FunctionType else value)
    return module


def rebound(original: ModuleType, **names: Any) -> ModuleType:
    """The same with those of the names that it has, which its functions see as well."""
    module = changed(original, **{name: names[name] for name in names if hasattr(original, name)})
    for name, value in vars(original).items():
        if type(value) is FunctionType and value.__globals__ is vars(original):
            setattr(module, name, with_globals(value, vars(module)))
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
