"""What happened, as events.

A sink is a function that takes one event. It subscribes to the kinds that it wants to see, and is
called on the kernel's thread, so it should be quick. What nobody subscribes to is never made.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .frames import innermost
from .record import record
from .standins import Done
from .systemcall import ASLEEP, SystemCall
from .task import ExitStatus, in_words

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .waitqueue import Caller


#: So many frames of a traceback are logged, the innermost. To write out more takes seconds.
LOGGED: Final = 200


@record
class TraceEvent:
    """Something that happened to the task `tid`; 0 stands for no task."""

    tid: int


@record
class Spawned(TraceEvent):
    """A task came into the table."""

    parent: int
    name: str


@record
class Exited(TraceEvent):
    """A task ended."""

    name: str
    status: ExitStatus
    parent: int = 0

    def __str__(self) -> str:
        return f"task {self.tid} ({self.name}) {self.status}"


@record
class Called(TraceEvent):
    """A task made a system call."""

    call: SystemCall


@record
class Answered(TraceEvent):
    """A call has its answer; a sleeper's comes when its sleep ends."""

    answer: Any


@record
class Failed(TraceEvent):
    """A call raised, at once or in its sleep."""

    error: BaseException


@record
class Deadlocked(TraceEvent):
    """Tasks are blocked, and none of them can ever go on unless a request helps."""

    verdict: str

    def __str__(self) -> str:
        return f"deadlock: {self.verdict}"


@record
class AcceptFailed(TraceEvent):
    """A listening socket cannot accept for now (out of descriptors, say); it is tried again."""

    fd: int
    error: OSError

    def __str__(self) -> str:
        return f"task {self.tid} cannot accept on file {self.fd} for now: {self.error.strerror}"


@record
class ReadersChanged(TraceEvent):
    """A task has begun to wait for a line, or does not any more. `first` is the tid of the one who
    gets the next line; 0 if no task waits.
    """

    first: int


@record
class Abandoned(TraceEvent):
    """Nobody waits any more for a function that runs in a thread; the thread is left to finish."""

    call: SystemCall

    def __str__(self) -> str:
        return f"{asked(self)} was given up: its thread is left to finish"


@record
class Unheard(TraceEvent):
    """A function that nobody waited for any more has failed in its thread."""

    call: SystemCall
    error: BaseException

    def __str__(self) -> str:
        return f"{asked(self)} was given up, and has failed: {in_words(self.error)}"


@record
class Hogged(TraceEvent):
    """A task has held the kernel for `seconds` now, at this place; `in_call` if it has been seen to
    be in a call of C code that does not return.
    """

    file: str
    line: int
    seconds: float
    in_call: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + ", in a call that does not return" * self.in_call
        return f"task {self.tid} holds the kernel for {self.seconds:.1f} s at {where}"


@record
class Released(TraceEvent):
    """A task that had hogged the kernel has let go of it, after about `seconds`."""

    seconds: float

    def __str__(self) -> str:
        return f"task {self.tid} has let go of the kernel after {self.seconds:.1f} s"


@record
class Preempted(TraceEvent):
    """A task was interrupted in the middle of a step, at this place, and goes on in a later turn.
    In this step it is the first time, the second, and so on.
    """

    file: str
    line: int
    times: int

    def __str__(self) -> str:
        return f"task {self.tid} was interrupted at {self.file}:{self.line}; it goes on in its turn"


@record
class NotInterrupted(TraceEvent):
    """From now on no task can be interrupted in the middle of a step, for this reason."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@record
class Panicked(TraceEvent):
    """The kernel itself failed: `stacks` shows where every task stood."""

    error: BaseException
    stacks: str

    def __str__(self) -> str:
        return f"kernel panic: {in_words(self.error)}\n{self.stacks}"


def asked(event: Abandoned | Unheard) -> str:
    """The call, and whose it was."""
    return f"{event.call} of {f'task {event.tid}' if event.tid else 'a request'}"


Sink = Callable[[Any], None]


class Trace:
    """Who wants to know what."""

    def __init__(self) -> None:
        self.sinks: dict[type[TraceEvent], list[Sink]] = {}
        self.lock = threading.RLock()
        #: Whether anyone wants calls and answers, or births and deaths.
        self.calls = self.lives = False
        #: The class of the calls that the loop runs by itself; of none, when calls are traced.
        self.untraced: type[SystemCall] | tuple[()] = SystemCall

    def subscribe(self, sink: Sink, *kinds: type[TraceEvent]) -> None:
        """Call `sink` with every event of these kinds from now on; of calls that are made, from the
        next pass over the ready queue on.
        """
        with self.lock:
            for kind in kinds:
                self.sinks[kind] = [*self.sinks.get(kind, []), sink]
            self.note_wishes()

    def unsubscribe(self, sink: Sink) -> None:
        """Call `sink` no more."""
        with self.lock:
            for kind, sinks in list(self.sinks.items()):
                rest = [other for other in sinks if other != sink]
                if rest:
                    self.sinks[kind] = rest
                else:
                    del self.sinks[kind]
            self.note_wishes()

    def note_wishes(self) -> None:
        self.calls = any(kind in self.sinks for kind in (Called, Answered, Failed))
        self.untraced = () if self.calls else SystemCall
        self.lives = any(kind in self.sinks for kind in (Spawned, Exited))

    def run(self, call: SystemCall, kernel: Scheduler, caller: Caller) -> object:
        """Run a call, and tell of it and of what comes of it at once."""
        if type(call) is not Done:
            self.emit(Called(caller.tid, call))
        answer = call.run(kernel, caller)
        if answer is not ASLEEP:
            self.emit(Answered(caller.tid, answer))
        return answer

    def answered(self, caller: Caller, answer: object) -> None:
        """A sleep has ended."""
        self.emit(Answered(caller.tid, answer))

    def failed(self, caller: Caller, error: BaseException) -> None:
        """A call has failed, at once or in its sleep."""
        self.emit(Failed(caller.tid, error))

    def report(self, event: TraceEvent, error: BaseException | None = None) -> None:
        """Show `event`, which should not go unseen: where nobody wants it, it is logged."""
        if type(event) in self.sinks:
            self.emit(event)
        else:
            log("%s", event, error)

    def emit(self, event: TraceEvent) -> None:
        """Show `event` to those who want it. One that raises is logged, and asked no more."""
        for sink in self.sinks.get(type(event), ()):
            try:
                sink(event)
            except BaseException as error:
                log("a sink of the trace failed on %s; it is dropped", type(event).__name__, error)
                self.unsubscribe(sink)


def log(text: str, subject: object, error: BaseException | None) -> None:
    """Log what nobody has subscribed to. A program's own logging may fail: not with the kernel."""
    import logging

    info = None
    if error is not None:
        trace, omitted = innermost(error, LOGGED)
        info = (type(error), error, trace)
        if omitted:
            text += f" (the traceback without its first {omitted:,} frames)"
    with contextlib.suppress(BaseException):
        logging.getLogger("pyos").error(text, subject, exc_info=info)
