"""How a module that takes the place of another is made."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType, FunctionType, ModuleType
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


def leave_out(module: ModuleType, names: Mapping[str, str]) -> None:
    """Take these names out of a module, and have it say what to use in their place."""
    said = {
        name: f"no {module.__name__}.{name} in a green script: {instead}"
        for name, instead in names.items()
        if vars(module).pop(name, None) is not None
    }

    def missing(name: str) -> Any:
        default = f"module {module.__name__!r} has no attribute {name!r}"
        raise AttributeError(said.get(name, default), name=name, obj=module)

    vars(module).update(__getattr__=missing, __left_out__=said)


def rebound(original: ModuleType, **names: Any) -> ModuleType:
    """The same with those of the names that it has, for its functions as well: for those that use
    one of them, or another function that does. (What a class may be made of stays what it is.)
    """
    module = changed(original, **{name: names[name] for name in names if hasattr(original, name)})
    functions = {
        name: value
        for name, value in vars(original).items()
        if type(value) is FunctionType and value.__globals__ is vars(original)
        if not hasattr(value, "__mro_entries__")
    }
    used, before = set(names), 0
    while len(used) > before:
        before = len(used)
        used |= {name for name, each in functions.items() if not used.isdisjoint(uses(each))}
    for name in used & functions.keys():
        setattr(module, name, with_globals(functions[name], vars(module)))
    return module


def uses(function: FunctionType) -> set[str]:
    """The global names that a function uses, or one within it."""
    return names_in(function.__code__)


def names_in(code: CodeType) -> set[str]:
    inner = (names_in(each) for each in code.co_consts if type(each) is CodeType)
    return set(code.co_names).union(*inner)


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
