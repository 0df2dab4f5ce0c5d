"""`threading.local` of green programs."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from ..greenlets import current_fiber


class Local:
    """Attributes that each thread has its own values of, as `threading.local`."""

    __slots__ = ("__dict__", "__weakref__", "_arguments", "_values")

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        object.__setattr__(self, "_arguments", (args, kwargs))
        object.__setattr__(self, "_values", WeakKeyDictionary())
        stack = current_fiber()
        values: Any = object.__getattribute__(self, "_values")
        values[stack or NOBODY] = {}  # `__init__` is about to be called
        return self

    def __getattribute__(self, name: str) -> Any:
        enter(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        forbid(self, name)
        enter(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        forbid(self, name)
        enter(self)
        object.__delattr__(self, name)


class Nobody:
    """Has the values that are asked for where there is no thread of a program."""


NOBODY = Nobody()


def enter(local: Local) -> None:
    """Let it have this thread's values; in a new thread `__init__` makes them."""
    values: Any = object.__getattribute__(local, "_values")
    stack = current_fiber() or NOBODY
    own = values.get(stack)
    if own is not None:
        object.__setattr__(local, "__dict__", own)
        return
    own = values[stack] = {}
    object.__setattr__(local, "__dict__", own)
    args, kwargs = object.__getattribute__(local, "_arguments")
    type(local).__init__(local, *args, **kwargs)


def forbid(local: Local, name: str) -> None:
    """Raise for the one attribute that cannot be set."""
    if name == "__dict__":
        raise AttributeError(f"{type(local).__name__!r} object attribute '__dict__' is read-only")
