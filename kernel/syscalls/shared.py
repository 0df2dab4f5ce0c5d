"""Calls on what tasks share with threads, and with the tasks of other kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..shared import EventPlace, QueuePlace, SharedEvent, SharedQueue
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class SharedPut(SystemCall):
    """Puts an item into a `SharedQueue`, and waits while there is no room. Answers None.

    Who is killed while he waits has put nothing in.
    """

    queue: SharedQueue
    item: Any

    woken_by = "whoever takes an item out"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_queue(self.queue)
        place = QueuePlace(kernel, self.queue.putters, self.item)
        return place.item if place.attempt() else caller.sleep(place, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"room in a shared queue of {self.queue.size}"


@system_call
class SharedGet(SystemCall):
    """Takes the next item out of a `SharedQueue`, and waits while there is none; answers it.

    Who is killed while he waits takes none: it is the next one's.
    """

    queue: SharedQueue

    woken_by = "whoever puts an item in"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_queue(self.queue)
        place = QueuePlace(kernel, self.queue.getters)
        return place.item if place.attempt() else caller.sleep(place, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "an item of a shared queue"


@system_call
class SharedWait(SystemCall):
    """Waits until a `SharedEvent` happens. Answers None."""

    event: SharedEvent

    woken_by = "whoever sets it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if not isinstance(self.event, SharedEvent):
            raise TypeError(f"SharedWait waits for a SharedEvent, not for {brief(self.event)}")
        return None if self.event.happened else caller.sleep(EventPlace(kernel, self.event), self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "a shared event"


def check_queue(queue: object) -> None:
    """Raise `TypeError` for what is no `SharedQueue`."""
    if not isinstance(queue, SharedQueue):
        raise TypeError(f"this call takes a SharedQueue, not {brief(queue)}")
