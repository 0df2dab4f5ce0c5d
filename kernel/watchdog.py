"""Sees from outside when a task holds the kernel.

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
from types import FrameType
from typing import Final

from .scheduler import NO_TURN, Scheduler
from .trace import Hogged, Released, log

#: Seconds between two looks at a busy kernel.
PERIOD: Final = 0.1

#: Seconds after which a turn is reported.
LIMIT: Final = 0.5

#: After so many looks at a sleeping kernel the watchdog sleeps as well.
QUIET: Final = 5

STANDARD_LIBRARY: Final = os.path.dirname(os.__file__)


class Watchdog:
    """Watches one kernel, which runs on the thread `ident`."""

    def __init__(
        self,
        kernel: Scheduler,
        ident: int,
        observers: list[Callable[[], object]],
        wakers: Iterable[Callable[[], object]] = (),
    ) -> None:
        self.kernel = kernel
        self.ident = ident
        self.observers = observers
        self.wakers = wakers
        self.stopped = False
        self.wanted = threading.Event()
        #: So many looks in a row have found the kernel asleep. Unless it is `QUIET`, others follow.
        self.quiet = 0
        #: Whether the kernel has been awake since the last look, however short; and whether we
        #: sleep until it calls.
        self.woken = False
        self.asleep = False
        #: The turn that was seen last, since when, and whether it has been reported.
        self.turn = NO_TURN
        self.since = time.monotonic()
        self.reported = False
        self.thread = threading.Thread(target=self.watch, name="pyos watchdog", daemon=True)

    def watch(self) -> None:
        """Look every so often while the kernel is busy; sleep while it sleeps."""
        while not self.stopped:
            if self.quiet == QUIET and self.kernel_will_call():
                self.asleep = True
                self.wanted.wait()
                self.asleep = False
            else:
                self.wanted.wait(PERIOD)
            self.wanted.clear()
            self.quiet = 0 if self.look() else min(self.quiet + 1, QUIET)
            tell(self.observers)
        self.quiet = QUIET
        tell(self.observers)

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
        turn = Scheduler.turn_at(sys._current_frames().get(self.ident))
        now = time.monotonic()
        if turn != self.turn:
            if self.reported and self.turn.task is not None:
                self.kernel.trace.emit(Released(self.turn.task.tid, now - self.since))
            self.turn, self.since, self.reported = turn, now, False
        elif turn.task is not None and not self.reported and now - self.since >= LIMIT:
            event = self.holder()
            if event is not None:
                self.reported = True
                self.kernel.trace.emit(event)
        return woken or not self.kernel.inbox.asleep

    def holder(self) -> Hogged | None:
        """The task that is in a step at this moment, where, and for how long so far."""
        frame = sys._current_frames().get(self.ident)
        turn = Scheduler.turn_at(frame)
        if turn.task is None or frame is None:
            return None
        seconds = time.monotonic() - self.since if turn == self.turn else 0.0
        place = own_place(frame)
        return Hogged(turn.task.tid, place.f_code.co_filename, place.f_lineno, seconds)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped = True
        self.wanted.set()
        self.thread.join()


def tell(observers: Iterable[Callable[[], object]]) -> None:
    """Call all of them, whatever they raise."""
    for observer in observers:
        try:
            observer()
        except Exception as error:
            log("the observer %r failed", observer, error)


def own_place(frame: FrameType) -> FrameType:
    """The innermost frame of the user's own code, rather than of the standard library's."""
    place: FrameType | None = frame
    while place is not None and place.f_code is not Scheduler.run_passes.__code__:
        if not in_standard_library(place.f_code.co_filename):
            return place
        place = place.f_back
    return frame


def in_standard_library(file: str) -> bool:
    """Whether Python brought this file; not so what was installed beside its own."""
    if file.startswith(STANDARD_LIBRARY + os.sep):
        return "site-packages" not in file and "dist-packages" not in file
    return file.startswith("<frozen")
