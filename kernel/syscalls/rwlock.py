"""The reader-writer lock: a lock of two sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..strictqueue import StrictQueue
from ..systemcall import SystemCall
from ..task import Task
from .locks import Lock, OwnedLock

if TYPE_CHECKING:
    from ..waitqueue import Caller


class RWLock(OwnedLock):
    """Many readers at a time, or one writer: `Acquire(lock.reader)`, `async with lock.writer`.

    Nobody overtakes: a reader that comes after a waiting writer waits as long as that does. A task
    that has one side gets `AlreadyOwner` if it asks for either. After a writer that ended without a
    `Release` the next owner gets `OwnerDied`.
    """

    __slots__ = ("reader", "writer", "writing")

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.waiters = Waiters(self)
        self.reader, self.writer = Side(self, "reader"), Side(self, "writer")
        #: Whether it is a writer that has it, or had it last.
        self.writing = False

    def acquire(self, caller: Caller, call: Any) -> object:
        if call.lock is self:
            raise TypeError(f"a side of the {self} is wanted here: its reader or its writer")
        return super().acquire(caller, call)

    def free(self, call: Any) -> bool:
        return not self.owners or not (self.writing or call.lock is self.writer)

    def give(self, task: Task, call: Any) -> None:
        super().give(task, call)
        self.writing = call.lock is self.writer

    def holders(self) -> Iterable[int]:
        return [task.tid for task in self.owners]

    def died(self, task: Task) -> None:
        if self.writing:
            self.dead = task.tid
        super().died(task)


class Waiters(StrictQueue):
    """Those who wait for either side of a reader-writer lock."""

    __slots__ = ("lock",)

    def __init__(self, lock: RWLock) -> None:
        super().__init__()
        self.lock = lock

    def may_go_on(self, first: Caller) -> bool:
        return self.lock.free(first.call)

    def pass_on(self, first: Caller) -> None:
        self.lock.pass_on()


class Side(Lock):
    """One side of a reader-writer lock."""

    __slots__ = ("lock", "side")

    def __init__(self, lock: RWLock, side: str) -> None:
        self.lock, self.side = lock, side

    def acquire(self, caller: Caller, call: SystemCall) -> object:
        return self.lock.acquire(caller, call)

    def release(self, caller: Caller, repaired: bool) -> None:
        self.lock.release(caller, repaired)

    def owner(self) -> int | None:
        return self.lock.owner()

    def holders(self) -> Iterable[int]:
        return self.lock.holders()

    def __str__(self) -> str:
        return f"{self.side} of {self.lock}"
