"""Shows system calls as they happen, like strace: what each was asked, what came of it, and how
long it took.

The sink runs on the kernel's thread, so it only notes the time and hands over; a thread writes it
all out. What is more than can be read, or than that thread can take, is dropped and counted. While
nothing is traced nobody has subscribed, and the kernel's loop does not know of any of this.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TextIO

from kernel import (
    Answered,
    Called,
    Exited,
    Failed,
    Machine,
    Spawned,
    SystemCall,
    TraceEvent,
)
from kernel.record import record
from kernel.systemcall import brief, safe
from kernel.task import in_words

from .feed import Feed
from .output import Output

#: Events that wait to be written out, at most; and so many lines a second, unless told otherwise.
QUEUE: Final = 5_000
RATE: Final = 100

#: So many written lines are remembered.
REMEMBERED: Final = 2_000

#: Seconds between two looks at calls that are still asleep, and after which that is said.
PERIOD: Final = 0.1
ASLEEP: Final = 0.5

#: If more tasks than this are asleep in a traced call, it is not said of each.
CROWD: Final = 1_000

#: Characters of an answer.
WIDTH: Final = 60


@record
class Wishes:
    """What is to be traced: calls of these tasks (of all, if none is named) and of these kinds;
    births and deaths; so many lines a second, or all that can be had; into a file.
    """

    tids: frozenset[int] = frozenset()
    calls: frozenset[str] = frozenset()
    lives: bool = False
    rate: int | None = RATE
    file: TextIO | None = None

    def tell(self) -> str:
        """In words."""
        calls = ", ".join(sorted(self.calls)) or "all calls"
        whose = "all tasks"
        if self.tids:
            whose = f"task{'s' * (len(self.tids) > 1)} {', '.join(map(str, sorted(self.tids)))}"
        lives = ", births and deaths" * self.lives
        return f"{calls} of {whose}{lives}"


@dataclass(slots=True)
class Pending:
    """A call that has no answer yet; `told` when it has been said that it is asleep."""

    call: SystemCall
    since: float
    told: bool = False


@record
class Finished:
    """A call, and what came of it after so many seconds."""

    tid: int
    pending: Pending | None
    event: Answered | Failed
    seconds: float


@dataclass(slots=True)
class Limit:
    """So many a second, by a clock of one's own; without a rate, all."""

    rate: int | None
    second: int = -1
    count: int = 0

    def admits(self, now: float) -> bool:
        if int(now) != self.second:
            self.second, self.count = int(now), 0
        self.count += 1
        return self.rate is None or self.count <= self.rate


@dataclass
class Tracer:
    """Traces one machine; `on` and `off` may be called from any thread but the kernel's."""

    machine: Machine
    output: Output
    wishes: Wishes
    clock: Callable[[], float] = time.monotonic
    #: The calls under way, by tid.
    pending: dict[int, Pending] = field(default_factory=dict)
    events: deque[Finished | Spawned | Exited] = field(default_factory=deque)
    #: How many were dropped in all, which the kernel's thread counts; of how many it has been said,
    #: and when that was: once a second is enough.
    dropped: int = 0
    said: int = 0
    said_at: float = 0.0
    remembered: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    stopped: bool = False
    #: What shows the lines; None for the output, and with it all consoles.
    feed: Feed | None = None
    arrived: threading.Event = field(default_factory=threading.Event)

    def on(self) -> None:
        """Begin."""
        self.limit = Limit(self.wishes.rate)
        self.thread = threading.Thread(target=self.write_all, name="pyos trace", daemon=True)
        self.thread.start()
        self.machine.subscribe(self.take, Called, Answered, Failed, Spawned, Exited)

    def off(self) -> None:
        """Trace no more, and write what is left."""
        self.machine.unsubscribe(self.take)
        self.stopped = True
        self.arrived.set()
        self.thread.join()
        if self.wishes.file is not None:
            with suppress(OSError):
                self.wishes.file.close()

    def calls_of(self, tid: int) -> list[str]:
        """The last calls of a task, in words."""
        return [text for other, text in list(self.remembered) if other == tid]

    # -- on the kernel's thread

    def take(self, event: TraceEvent) -> None:
        """The sink. It is quick: it looks at the time and hands over."""
        tid = event.tid
        if not tid or (self.wishes.tids and tid not in self.wishes.tids):
            return
        now = self.clock()
        if isinstance(event, Called):
            if not self.wishes.calls or type(event.call).__name__ in self.wishes.calls:
                self.pending[tid] = Pending(event.call, now)
        elif isinstance(event, (Answered, Failed)):
            pending = self.pending.pop(tid, None)
            if pending is not None or not self.wishes.calls:
                seconds = now - pending.since if pending is not None else 0.0
                self.hand_over(Finished(tid, pending, event, seconds), now)
        elif isinstance(event, (Spawned, Exited)):
            self.pending.pop(tid, None)
            if self.wishes.lives:
                self.hand_over(event, now)

    def hand_over(self, event: Finished | Spawned | Exited, now: float) -> None:
        if self.limit.admits(now) and len(self.events) < QUEUE:
            self.events.append(event)
            if not self.arrived.is_set():
                self.arrived.set()
        else:
            self.dropped += 1

    # -- on the thread that writes

    def write_all(self) -> None:
        """Until it is told to stop, or the machine has."""
        ends = False
        while not ends:
            self.arrived.wait(PERIOD)
            self.arrived.clear()
            ends = self.stopped or not self.machine.thread.is_alive()
            try:
                self.write_some(ends)
            except (OSError, ValueError) as error:
                self.machine.unsubscribe(self.take)
                self.output.report(0, f"trace: cannot write the file: {in_words(error)}")
                return

    def write_some(self, at_the_end: bool = False) -> None:
        """Write what has come, what is asleep, and how much was dropped."""
        for tid, text in [*self.told(), *self.asleep()]:
            self.write(tid, text)
        dropped = self.dropped - self.said
        if dropped and (at_the_end or self.clock() - self.said_at >= 1):
            self.said, self.said_at = self.said + dropped, self.clock()
            self.write(0, f"{dropped:,} lines dropped")
        if self.wishes.file is not None:
            self.wishes.file.flush()

    def told(self) -> Iterator[tuple[int, str]]:
        """What has happened, in words."""
        while self.events:
            event = self.events.popleft()
            yield event.tid, safe(line, event)

    def asleep(self) -> Iterator[tuple[int, str]]:
        """Calls that have been asleep for a while, each once."""
        pending = list(self.pending.items())
        if len(pending) > CROWD:
            return
        now = self.clock()
        for tid, each in pending:
            if not each.told and now - each.since >= ASLEEP and self.pending.get(tid) is each:
                each.told = True
                yield tid, f"{safe(repr, each.call)} …"

    def write(self, tid: int, text: str) -> None:
        self.remembered.append((tid, text))
        if self.wishes.file is not None:
            self.wishes.file.write(f"{tid or '-':>5} {text}\n")
        elif self.feed is not None:
            self.feed.tell(tid, "trace", text)
        else:
            self.output.report(tid, text, "trace")


def line(event: Finished | Spawned | Exited) -> str:
    """What has happened, in a line."""
    if isinstance(event, Spawned):
        return f"is born: {event.name}" + (f", of task {event.parent}" if event.parent else "")
    if isinstance(event, Exited):
        return str(event.status)
    pending, outcome = event.pending, event.event
    call = "…" if pending is None else repr(pending.call)
    if pending is not None and pending.told:
        call = f"… {type(pending.call).__name__}"
    if isinstance(outcome, Answered):
        came = f"= {brief(outcome.answer, WIDTH)}"
    else:
        came = f"raised {in_words(outcome.error)}"
    return f"{call} {came}" + (f"  {taken(event.seconds)}" if pending is not None else "")


def taken(seconds: float) -> str:
    """A time in three digits and its unit: `12 µs`, `3.4 ms`, `2.1 s`."""
    for unit, length in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * length or unit == "µs":
            digits = 1 if seconds < 9.95 * length and unit != "µs" else 0
            return f"{seconds / length:.{digits}f} {unit}"
    raise AssertionError
