"""Events and barriers: tasks wait until something is so, or until all are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import check_count, check_kind
from ..named import Named
from ..systemcall import SystemCall, system_call
from ..waitqueue import WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Event(Named):
    """Something that is so or not: `SetEvent`, `ClearEvent`, `WaitEvent`."""

    __slots__ = ("is_set", "waiters")

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.is_set = False
        self.waiters = WaitQueue()


@system_call
class WaitEvent(SystemCall):
    """Waits until an event is set. Answers None."""

    event: Event

    woken_by = "whoever sets it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.event, Event, "an event")
        return None if self.event.is_set else caller.sleep(self.event.waiters, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return str(self.event)


@system_call
class SetEvent(SystemCall):
    """Sets an event: all who wait for it go on, in their order. Answers None."""

    event: Event

    gives_back = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.event, Event, "an event")
        self.event.is_set = True
        while (waiter := self.event.waiters.first) is not None:
            waiter.answer(None)
        return None


@system_call
class ClearEvent(SystemCall):
    """Takes an event back: whoever waits for it from now on waits for the next `SetEvent`."""

    event: Event

    gives_back = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.event, Event, "an event")
        self.event.is_set = False
        return None


class CountedQueue(WaitQueue):
    """A queue that knows how long it is."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def append(self, caller: Caller) -> None:
        self.count += 1
        super().append(caller)

    def remove(self, caller: Caller) -> None:
        self.count -= 1
        super().remove(caller)


class Barrier(Named):
    """Where so many tasks wait for each other: `WaitBarrier`. One that is killed there has not
    come.
    """

    __slots__ = ("parties", "waiters")

    def __init__(self, parties: int, name: str = "") -> None:
        check_count(parties, 1, "a barrier is for 1 task or more")
        super().__init__(name)
        self.parties = parties
        self.waiters = CountedQueue()


@system_call
class WaitBarrier(SystemCall):
    """Waits until all have come; then they go on, and the barrier is as new. Answers how many had
    come before.
    """

    barrier: Barrier

    woken_by = "the last who comes"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        barrier = self.barrier
        check_kind(barrier, Barrier, "a barrier")
        here = barrier.waiters.count
        if here + 1 < barrier.parties:
            return caller.sleep(barrier.waiters, self)
        for number, waiter in enumerate([*barrier.waiters]):
            waiter.answer(number)
        return here

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return (
            f"{self.barrier}, {self.barrier.waiters.count:,} of {self.barrier.parties:,} are here"
        )
