"""Where callers sleep whom something outside of the kernel will wake: a thread, a process, another
machine. It comes in through the inbox.

While anybody sleeps so, a kernel in which nothing else can happen is not deadlocked: it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .systemcall import brief
from .waitqueue import WaitQueue

if TYPE_CHECKING:
    from .waitqueue import Caller


class Outside(WaitQueue):
    """A queue of such callers; their kernel counts them."""

    __slots__ = ()

    def append(self, caller: Caller) -> None:
        super().append(caller)
        caller.kernel.outside += 1

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        caller.kernel.outside -= 1


class Bed(Outside):
    """Such a queue for one caller only."""

    __slots__ = ()

    def append(self, caller: Caller) -> None:
        caller.queue, caller.next = self, None
        self.first = caller
        caller.kernel.outside += 1

    def remove(self, caller: Caller) -> None:
        caller.queue = self.first = None
        caller.kernel.outside -= 1


def bearable(error: BaseException, source: object) -> BaseException:
    """The error of `source` as it can be raised in a task: a `StopIteration` would end a generator
    without a word, so it becomes a `RuntimeError`, as everywhere in Python.
    """
    if not isinstance(error, StopIteration):
        return error
    changed = RuntimeError(f"{brief(source)} raised StopIteration")
    changed.__cause__ = error
    return changed
