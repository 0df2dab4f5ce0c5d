"""Async generators that are left before their end: the kernel closes them.

Their `finally` may await, so it takes a task to close one. The interpreter tells of one that
begins, and of one that nobody refers to any more (PEP 525); one that is still there when all tasks
have ended is closed then.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from .frames import frame_of

if TYPE_CHECKING:
    from .scheduler import Scheduler

Generator = AsyncGenerator[Any, Any]


class AsyncGenerators:
    """Looks after the async generators of one kernel, on its thread, while a `with` block lasts."""

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        self.begun: weakref.WeakSet[Generator] = weakref.WeakSet()
        self.former: Any = None

    def __enter__(self) -> None:
        self.former = sys.get_asyncgen_hooks()
        self.look_after()

    def __exit__(self, *error: object) -> None:
        sys.set_asyncgen_hooks(*self.former)

    def look_after(self) -> None:
        """Have the interpreter tell of them."""
        sys.set_asyncgen_hooks(firstiter=self.begun.add, finalizer=self.finalize)

    def finalize(self, generator: Generator) -> None:
        """The last reference to it is gone, on whatever thread."""
        self.begun.discard(generator)
        self.kernel.inbox.put(Abandoned(self.kernel, generator))

    def close_all(self) -> bool:
        """Make a task for each that is left, to close it; whether there is any."""
        left = [each for each in self.begun if frame_of(each) is not None]
        self.begun.clear()
        for generator in left:
            Abandoned(self.kernel, generator).arrive()
        return bool(left)


class Abandoned:
    """An async generator that is to be closed."""

    def __init__(self, kernel: Scheduler, generator: Generator) -> None:
        self.kernel, self.generator = kernel, generator

    def arrive(self) -> None:
        name = getattr(self.generator, "__qualname__", "an async generator")
        self.kernel.new(close(self.generator), f"close {name}")

    def refuse(self, reason: BaseException) -> None:
        """Nothing to do: there is no task any more that could close it."""


async def close(generator: Generator) -> None:
    await generator.aclose()
