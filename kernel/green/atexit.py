"""`atexit`, whose functions are called as the program ends, and not as the interpreter does."""

from __future__ import annotations

import atexit
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .module import changed

if TYPE_CHECKING:
    from .program import GreenProgram


class AtExit:
    """The functions that are to be called."""

    def __init__(self) -> None:
        self.entries: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def register(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Have it called; gives the function, so it is a decorator as well."""
        self.entries.append((function, args, kwargs))
        return function

    def unregister(self, function: Callable[..., Any], /) -> None:
        """Have it not called after all."""
        self.entries = [entry for entry in self.entries if entry[0] != function]

    def run(self) -> None:
        """Call them, the last one first. An error of one does not keep the others from it."""
        while self.entries:
            function, args, kwargs = self.entries.pop()
            try:
                function(*args, **kwargs)
            except Exception as error:
                traceback.print_exception(error)

    def count(self) -> int:
        """How many there are."""
        return len(self.entries)


def make(program: GreenProgram) -> ModuleType:
    own = program.at_exit
    return changed(
        atexit,
        register=own.register,
        unregister=own.unregister,
        _run_exitfuncs=own.run,
        _ncallbacks=own.count,
        _clear=own.entries.clear,
    )
