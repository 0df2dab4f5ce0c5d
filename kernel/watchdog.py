"""Sees from outside when a task holds the kernel, and has it interrupted.

The loop does nothing for it: the watchdog's thread reads the running task off the loop's own
frame, and the number of its turn tells whether it is still the same one. While the kernel sleeps,
so does the watchdog.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Final

from .frames import is_kernels_own
from .scheduler import NO_TURN, Scheduler, Turn
from .shares import Shares
from .trace import Hogged, Released, log

if TYPE_CHECKING:
    from .preemption.preemption import Preemption
    from .task import Task

#: Seconds between two looks at a busy kernel, and between two calls of its observers. With a slice
#: that is shorter than that there are so many looks in each.
PERIOD: Final = 0.05
TELL: Final = 0.1
LOOKS: Final = 4

#: Seconds to the next look while a request waits, while all code is armed, and at least.
PATIENCE: Final = 0.02
WIDE: Final = 0.002
MOMENT: Final = 0.001

#: Seconds after which a turn is reported.
LIMIT: Final = 0.5

#: After so many calls of its observers for a sleeping kernel the watchdog sleeps as well.
QUIET: Final = 5

#: The name of a watchdog's thread.
WATCHDOG_THREAD: Final = "pyos watchdog"

STANDARD_LIBRARY: Final = os.path.dirname(os.__file__)


class Watchdog:
    """Watches one kernel, which runs on the thread `ident`."""

    def __init__(
        self,
        kernel: Scheduler,
        ident: int,
        observers: list[Callable[[], object]],
        wakers: Iterable[Callable[[], object]] = (),
        preemption: Preemption | None = None,
    ) -> None:
        self.kernel = kernel
        self.preemption = preemption
        self.ident = ident
        self.observers = observers
        self.wakers = wakers
        self.stopped = False
        self.wanted = threading.Event()
        #: So many calls of the observers in a row have found the kernel asleep. Unless it is
        #: `QUIET`, others follow.
        self.quiet = 0
        #: Whether the kernel has been awake since the last look, however short; and whether we
        #: sleep until it calls.
        self.woken = False
        self.asleep = False
        #: The turn that was seen last, and in which slice; since when, and whether it has been
        #: reported; and when that look was.
        self.turn, self.times = NO_TURN, 0
        self.since = self.looked = time.monotonic()
        self.reported = False
        #: What tells for how long the kernel's thread has computed, and what it told then.
        self.worked = processor_clock(ident)
        self.worked_before = self.worked()
        #: When the observers are to be called next.
        self.due = 0.0
        #: Whom the looks have found in a step.
        self.shares = Shares()
        self.thread = threading.Thread(target=self.watch, name=WATCHDOG_THREAD, daemon=True)

    def watch(self) -> None:
        """Look every so often while the kernel is busy; sleep while it sleeps."""
        while not self.stopped:
            if self.quiet == QUIET and self.kernel_will_call():
                self.asleep = True
                self.wanted.wait()
                self.asleep = False
                self.looked = time.monotonic()  # who slept so long has not had the processor
            else:
                self.wanted.wait(self.pause())
            self.wanted.clear()
            awake, now = self.look(), time.monotonic()
            due = now >= self.due
            if awake:
                self.quiet = 0
            elif due:
                self.quiet = min(self.quiet + 1, QUIET)
            if due:
                self.due = now + TELL
                tell(self.observers)
        self.quiet = QUIET
        tell(self.observers)

    def pause(self) -> float:
        """Seconds until the next look: slices are to end in time, and requests not to wait."""
        if self.preemption is None:
            return PERIOD
        if self.preemption.points is not None and self.preemption.points.wide:
            return WIDE
        if self.preemption.somebody_waits():
            return PATIENCE
        slice = self.preemption.slice
        if slice is None or slice >= LOOKS * PERIOD:
            return PERIOD
        if self.turn.task is None:
            return max(MOMENT, slice / LOOKS)
        end = self.since + self.preemption.allowance(self.turn.task)
        return max(MOMENT, min(slice / LOOKS, end - time.monotonic()))

    def wake(self) -> None:
        """On the kernel's thread, which nobody has watched while it slept."""
        self.quiet = 0
        tell(self.wakers)
        self.wanted.set()

    def kernel_will_call(self) -> bool:
        """Have the kernel call when it wakes; False if it is awake already, or has been."""
        self.kernel.on_waking = self.wake
        if self.kernel.inbox.asleep and not self.woken:
            return True
        self.kernel.on_waking = self.note_waking
        return False

    def note_waking(self) -> None:
        """On the kernel's thread: it does not sleep any more."""
        self.woken = True

    def look(self) -> bool:
        """One look at the kernel; whether it is awake, or was since the last one.

        Reports a turn that takes too long.
        """
        woken, self.woken = self.woken, False
        self.kernel.on_waking = self.note_waking
        frame = sys._current_frames().get(self.ident)
        turn, times = self.slice_of(Scheduler.turn_at(frame, self.kernel))
        now = time.monotonic()
        if turn.task is not None and not self.kernel.inbox.asleep:
            self.shares.note(now, turn.task.tid, now - self.looked)
        if (turn, times) != (self.turn, self.times):
            self.let_go(now - self.since)
            self.turn, self.times, self.since = turn, times, self.begun(turn) or now
            self.worked_before = self.worked()
        elif turn.task is not None and frame is not None:
            self.still_running(turn.task, frame, now - self.since)
        self.looked = now
        return woken or not self.kernel.inbox.asleep

    def slice_of(self, turn: Turn) -> tuple[Turn, int]:
        """The turn in which its step began, and how often it has given way since then."""
        return self.preemption.slice_of(turn) if self.preemption is not None else (turn, 0)

    def begun(self, turn: Turn) -> float:
        """When that slice began, if that is known; or else 0."""
        return self.preemption.begun(turn.task) if self.preemption is not None else 0.0

    def let_go(self, seconds: float) -> None:
        """The turn, or the slice, that was seen last is over, after so many seconds."""
        task = self.turn.task
        if self.preemption is not None:
            self.preemption.withdraw()
        if self.reported and task is not None and task.unfinished is None:
            self.kernel.trace.emit(Released(task.tid, seconds))
        self.reported = False

    def still_running(self, task: Task, frame: FrameType, seconds: float) -> None:
        """A task has been in the same slice for so long, and is at `frame` now."""
        if seconds >= LIMIT and not self.reported and self.is_news():
            event = self.holder()
            if event is not None:
                self.reported = True
                self.kernel.trace.emit(event)
        if self.preemption is not None:
            self.preemption.look(task, frame, seconds, self.worked() - self.worked_before)

    def is_news(self) -> bool:
        """Whether somebody who holds the kernel has not been interrupted, or will not be again."""
        return not self.times or self.preemption is None or self.preemption.slice is None

    def holder(self) -> Hogged | None:
        """The task that is in a step at this moment, where, and for how long so far."""
        frame = sys._current_frames().get(self.ident)
        turn = Scheduler.turn_at(frame, self.kernel)
        if turn.task is None or frame is None:
            return None
        same = self.slice_of(turn) == (self.turn, self.times)
        seconds = time.monotonic() - self.since if same else 0.0
        place = own_place(frame)
        in_call = self.preemption is not None and self.preemption.in_call(turn)
        return Hogged(turn.task.tid, place.f_code.co_filename, place.f_lineno, seconds, in_call)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped = True
        self.wanted.set()
        self.thread.join()


def processor_clock(ident: int) -> Callable[[], float]:
    """What tells how many seconds a thread has computed; where no system does, it is the time."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    return partial(time.clock_gettime, time.pthread_getcpuclockid(ident))


def tell(observers: Iterable[Callable[[], object]]) -> None:
    """Call all of them, whatever they raise."""
    for observer in observers:
        try:
            observer()
        except Exception as error:
            log("the observer %r failed", observer, error)


def own_place(frame: FrameType) -> FrameType:
    """The innermost frame of the user's own code, rather than of the standard library's; nor of
    ours, where the thread comes by at the moment.
    """
    place: FrameType | None = frame
    while place is not None and place.f_code is not Scheduler.run_passes.__code__:
        if not (in_standard_library(place.f_code.co_filename) or is_kernels_own(place)):
            return place
        place = place.f_back
    return frame


def in_standard_library(file: str) -> bool:
    """Whether Python brought this file; not so what was installed beside its own."""
    if file.startswith(STANDARD_LIBRARY + os.sep):
        return "site-packages" not in file and "dist-packages" not in file
    return file.startswith("<frozen")
