"""Where callers sleep.

A `Caller` is whoever makes a system call: a task, or a request from another thread. Asleep, it
has its place on exactly one `WaitQueue`. The links of a queue are the callers themselves, so that
getting in, out at the front, and out of the middle all take constant time, and an empty queue
costs 48 bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .systemcall import ASLEEP, Asleep, SystemCall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .alarms import Alarm
    from .files import File
    from .scheduler import Scheduler
    from .task import Task


class Caller:
    """Whoever makes a system call, and where it sleeps until it has its answer.

    A sleep ends exactly once, by `answer` or `fail`. Both only note the outcome and take the
    caller off its queue; neither runs a task or a call, so nothing recurses.
    """

    __slots__ = ("alarm", "call", "kernel", "next", "previous", "queue")

    tid: int = 0
    kernel: Scheduler
    #: Its place on the queue, and the system call that is still to be done: only while it sleeps.
    previous: Caller | None
    next: Caller | None
    call: Any

    def __init__(self) -> None:
        self.queue: WaitQueue | None = None
        self.alarm: Alarm | None = None

    @property
    def task(self) -> Task | None:
        """The task that calls; a request is of none."""
        return None

    def sleep(self, queue: WaitQueue, call: SystemCall) -> Asleep:
        """Take a place on `queue`, or keep the one there; `call` is what is still to be done."""
        former = self.queue
        if former is None:
            queue.append(self)
        elif former is not queue:
            former.remove(self)
            queue.append(self)
        self.call = call
        return ASLEEP

    def give_way(self) -> Asleep:
        """Have the call answered by None, but only after everyone else who is ready."""
        self.answer(None)
        return ASLEEP

    def answer(self, value: object) -> None:
        """End the sleep: the call answers `value`."""
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """End the sleep: the call raises `error`."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Run the call once more. Only for the loop itself, when an alarm rings."""
        try:
            answer = self.call.run(self.kernel, self)
        except BaseException as error:
            self.fail(error)
        else:
            if answer is not ASLEEP:
                self.answer(answer)

    def go_on(self, file: File) -> None:
        """The file that the call waits for is ready. Only for the loop itself."""
        call = self.call
        try:
            answer = call.go_on(self.kernel, self, file)
        except BaseException as error:
            self.fail(file.plain(error))
        else:
            if answer is not ASLEEP:
                self.answer(answer)
            elif self.call is call and file.alarm is None:
                file.table.false_alarm(file)
                return
        file.false_alarms = 0

    def ended(self, task: Task) -> None:
        """The task whose end it waits for has ended. Only for the scheduler."""
        try:
            self.answer(self.call.ended(task))
        except BaseException as error:
            self.fail(error)

    def ring(self) -> None:
        """The alarm is due."""
        try:
            self.call.ring(self.kernel, self)
        except BaseException as error:
            self.fail(error)

    def reason(self) -> str:
        """What it waits for, in words; empty while it does not sleep."""
        if self.queue is None:
            return ""
        try:
            return str.__str__(self.call.reason(self.kernel, self))
        except BaseException as error:
            return f"{type(self.call).__name__}, whose reason raised {type(error).__name__}"

    def leave(self) -> None:
        """Off the queue, and no alarm any more."""
        if self.queue is not None:
            self.queue.remove(self)
            self.call = None
        if self.alarm is not None:
            self.kernel.alarms.drop(self)


class WaitQueue:
    """Callers asleep, first in, first out."""

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: Caller | None = None
        self.last: Caller | None = None

    def append(self, caller: Caller) -> None:
        """To the end; the caller must not be on any queue."""
        last = self.last
        caller.queue, caller.previous, caller.next = self, last, None
        if last is None:
            self.first = caller
        else:
            last.next = caller
        self.last = caller

    def remove(self, caller: Caller) -> None:
        """Out, wherever it stands; the caller must be on this queue."""
        before, after = caller.previous, caller.next
        if before is None:
            self.first = after
        else:
            before.next = after
        if after is None:
            self.last = before
        else:
            after.previous = before
        caller.queue = caller.previous = caller.next = None

    def __iter__(self) -> Iterator[Caller]:
        caller = self.first
        while caller is not None:
            yield caller
            caller = caller.next

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return self.first is not None


class Dormitory(WaitQueue):
    """Where callers sleep whom only an alarm will wake. Nobody looks for them there, so it keeps no
    list of them.
    """

    __slots__ = ()

    def append(self, caller: Caller) -> None:
        caller.queue = self

    def remove(self, caller: Caller) -> None:
        caller.queue = None
