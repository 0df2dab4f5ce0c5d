"""Signals: what one task, or the console, can tell another without its asking."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Final

from ..checks import check_kind
from ..errors import Cancelled, TaskKilled
from ..frames import strip
from ..systemcall import SystemCall, brief, system_call
from ..watch import Watch
from .tasks import KillTask, own_task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller


class Signal(Enum):
    """What `SendSignal` sends.

    - TERM raises `TaskKilled` at the task's `yield`, as `KillTask` does.
    - KILL ends the task at once, by force.
    - INT raises `KeyboardInterrupt` there, unless the task has a handler for it, or is being
      killed: in a cleanup it would take the place of the kill.
    - STOP lets it have no step until a CONT; a kill continues it, too.
    - USR1 and USR2 are for its handlers, if it has any.
    """

    TERM = "TERM"
    KILL = "KILL"
    INT = "INT"
    STOP = "STOP"
    CONT = "CONT"
    USR1 = "USR1"
    USR2 = "USR2"

    @classmethod
    def _missing_(cls, value: object) -> Signal | None:
        """What else it is called: `SIGINT`, and the numbers that every system has for it."""
        name = NUMBERS.get(str(value), str(value).upper().removeprefix("SIG"))
        return cls.__members__.get(name)

    def __repr__(self) -> str:
        return self.name


NUMBERS: Final = {"2": "INT", "9": "KILL", "15": "TERM"}

#: What a program may handle by itself.
HANDLED = (Signal.INT, Signal.USR1, Signal.USR2)

Handler = Callable[[Signal], object]


@system_call
class SendSignal(SystemCall):
    """Sends a task a signal. Answers whether it makes a difference: not to a task that has ended,
    a CONT to one that is not stopped, a USR1 or USR2 without a handler, or an INT without one to a
    task that is being killed.

    Raises `NoSuchTask`, and `TypeError` for what is no `Signal`.
    """

    tid: int
    signal: Signal

    def ends(self, tid: int) -> bool:
        return self.tid == tid and self.signal in (Signal.TERM, Signal.KILL, Signal.INT)

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.signal, Signal, "a Signal")
        task = kernel.find(self.tid)
        if task.frame is None:
            return False
        match self.signal:
            case Signal.TERM:
                return KillTask(self.tid).run(kernel, caller)
            case Signal.KILL if task is caller.task:  # it is running: it ends as soon as it can
                return KillTask(self.tid, 0).run(kernel, caller)
            case Signal.KILL:
                kernel.force(task)
                return True
            case Signal.STOP:
                return task.halt()
            case Signal.CONT:
                return task.unhalt()
        return self.handle(kernel, task, caller)

    def handle(self, kernel: Scheduler, task: Task, caller: Caller) -> bool:
        """Call the task's handler, or do what is done without one."""
        handler = kernel.handlers.get(task.tid, {}).get(self.signal)
        if handler is None and (self.signal is not Signal.INT or task.killed):
            return False
        try:
            if handler is None:
                raise KeyboardInterrupt
            handler(self.signal)
        except BaseException as error:
            if task is caller.task:
                raise
            task.interrupt(strip(error))
        return True


def handling_task(frame: FrameType | None) -> Task | None:
    """The task whose handler a thread is in that stands at `frame`, if it is in one."""
    while frame is not None and frame.f_code is not SendSignal.handle.__code__:
        frame = frame.f_back
    task: Task | None = frame.f_locals["task"] if frame is not None else None
    return task


@system_call
class RaiseIn(SystemCall):
    """Raises an error in a task: at the `yield` where it sleeps, or, where it has an answer that it
    has not seen yet, at its next one. Answers True, or False if the task has ended.

    Raises `NoSuchTask`, and `TypeError` for what is no error, or one that comes in another way:
    `TaskKilled` by `KillTask`, `Cancelled` by `Cancel`.
    """

    tid: int
    error: BaseException

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.error, BaseException, "an error")
        if isinstance(self.error, (TaskKilled, Cancelled)):
            way = "KillTask" if isinstance(self.error, TaskKilled) else "Cancel"
            raise TypeError(f"{type(self.error).__name__} comes by {way} only")
        task = kernel.find(self.tid)
        if task.frame is None:
            return False
        if task is caller.task:
            raise self.error
        task.interrupt(self.error)
        return True


@system_call
class OnSignal(SystemCall):
    """Has `handler(signal)` called when the caller gets that signal; None for what is done without
    one. Answers the handler before.

    It is called at once, between two steps of the task, which sleeps on if it sleeps. What it
    raises surfaces at the task's `yield`. Raises `ValueError` for a signal that cannot be handled.
    """

    signal: Signal
    handler: Handler | None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.signal, Signal, "a Signal")
        if self.signal not in HANDLED:
            raise ValueError(f"{self.signal!r} cannot be handled: INT, USR1 and USR2 can")
        if self.handler is not None and not callable(self.handler):
            raise TypeError(f"a handler is a function, not {brief(self.handler)}")
        task = own_task(caller, self)
        if task.tid not in kernel.handlers:
            kernel.handlers[task.tid] = {}
            Watch(task, kernel.forget_handlers)
        handlers = kernel.handlers[task.tid]
        before = handlers.pop(self.signal, None)
        if self.handler is not None:
            handlers[self.signal] = self.handler
        return before
