"""What the kernel has names for. A name of it is imported when somebody wants it, and so are these:
no command waits for all of them that does not ask for one.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Final, Generic, TypeVar

import kernel
from kernel import SystemCall

T = TypeVar("T")


class Vocabulary(Mapping[str, type[T]], Generic[T]):
    """All classes of one kind in some modules, by their names."""

    def __init__(self, kind: type[T], *modules: ModuleType) -> None:
        self.kind = kind
        self.modules = modules

    @cached_property
    def found(self) -> dict[str, type[T]]:
        named = {name: getattr(each, name) for each in self.modules for name in dir(each)}
        return {
            name: value
            for name, value in named.items()
            if isinstance(value, type) and issubclass(value, self.kind) and value is not SystemCall
        }

    def __getitem__(self, name: str) -> type[T]:
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


#: Every call that a task can make, and every error, Python's own among them.
CALLS: Final = Vocabulary(SystemCall, kernel)
ERRORS: Final = Vocabulary(BaseException, builtins, kernel)
