"""Who writes where the threads are, though none of them can run: an alarm that is put off in time.

Python's `faulthandler` writes without the interpreter's lock, in two ways: a thread of its own
writes the stacks of all others, or each thread its own, in the handler of a signal. Either reads
frames as they are. If Python is at work on them just then, the process dies. That happens to an
alarm by the clock: a process that was stopped, or had no processor, is late, and not stuck.

So on Linux what counts is processor time, which who is stopped does not use. A thread that has used
so much of it, while the watchdog had no chance to put it off, is in C code that keeps the lock.
Such code may also wait, instead of computing. Then the watchdog knocks in vain, at the lock, and
what it uses up by knocking counts.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, Protocol

from kernel.machine import KERNEL_THREAD
from kernel.watchdog import WATCHDOG_THREAD

if TYPE_CHECKING:
    from .threadtimer import ThreadTimer

#: So many threads are looked after at most.
MOST: Final = 64

#: The part of its time that knocking takes at most; a tenth or a twentieth is usual.
KNOCKING: Final = 0.2


class StackAlarm(Protocol):
    """Any of the two."""

    def arm(self, seconds: float, fd: int) -> None:
        """Have stacks written to `fd` then, unless it is armed anew before."""

    def disarm(self) -> None:
        """Nothing is written."""

    def cover(self) -> None:
        """A thread has begun, which may have the lock before anybody else has it again."""


class AllAtOnce:
    """A thread of `faulthandler` writes the stacks of all others, by the clock, on every system."""

    def arm(self, seconds: float, fd: int) -> None:
        faulthandler.dump_traceback_later(seconds, file=fd)

    def disarm(self) -> None:
        faulthandler.cancel_dump_traceback_later()

    def cover(self) -> None:
        pass


class EachItsOwn:
    """A thread writes its own stack when it has computed for so long; the kernel's does, too, when
    the watchdog has knocked for so long. Raises `ImportError` or `OSError` where the system has no
    such timers.
    """

    def __init__(self) -> None:
        from .threadtimer import ThreadTimer

        self.made = ThreadTimer
        #: A real-time signal that nobody is known to use.
        self.signal = signal.SIGRTMAX - 11
        #: By the thread whose time counts, and the one that writes.
        self.timers: dict[tuple[Thread, Thread], ThreadTimer] = {}
        self.lock = threading.RLock()  # a Ctrl-Z puts it off in whatever the main thread does
        #: For how long it is armed; 0 while it is not.
        self.seconds = 0.0
        #: Our own descriptor of what is written to, as a signal may come late; -1 before the first.
        self.fd = -1
        ident = threading.get_native_id()
        self.made(ident, ident, self.signal).delete()  # a sandbox may forbid it

    def arm(self, seconds: float, fd: int) -> None:
        with self.lock:
            self.write_to(fd)
            if self.fd >= 0:  # or nobody would handle the signal, which then ends a process
                self.seconds = seconds
                self.cover()

    def disarm(self) -> None:
        with self.lock:
            self.seconds = 0.0
            self.set_all()

    def cover(self) -> None:
        with self.lock:
            if self.seconds:
                self.follow(pairs(threading.enumerate()))
                self.set_all()

    def write_to(self, fd: int) -> None:
        """Have the handler of the signal write there, from now on for ever."""
        with suppress(OSError):  # there is no more descriptor to be had: the former one will do
            own = os.dup(fd)
            faulthandler.register(self.signal, file=own, all_threads=False)
            former, self.fd = self.fd, own
            if former >= 0:
                os.close(former)

    def follow(self, wanted: set[tuple[Thread, Thread]]) -> None:
        """Have a timer for each of these, and no others."""
        for pair in self.timers.keys() - wanted:
            self.timers.pop(pair).delete()
        for counted, told in wanted - self.timers.keys():
            with suppress(OSError):  # it has ended, or there is no more timer to be had
                timer = self.made(counted.native_id or 0, told.native_id or 0, self.signal)
                self.timers[counted, told] = timer

    def set_all(self) -> None:
        """Set all timers, or put them off."""
        for (counted, told), timer in self.timers.items():
            with suppress(OSError):  # it has ended
                timer.set(self.seconds if counted is told else self.seconds * KNOCKING)


def pairs(threads: list[Thread]) -> set[tuple[Thread, Thread]]:
    """Whose time counts, and who writes then: the same, or for the watchdog the kernel's thread."""
    begun = [thread for thread in threads if thread.native_id is not None]
    kernel = {thread.name: thread for thread in begun}.get(KERNEL_THREAD)
    return {
        (thread, kernel if kernel is not None and thread.name == WATCHDOG_THREAD else thread)
        for thread in begun[:MOST]
    }


def stack_alarm() -> StackAlarm:
    """The best that this system has."""
    if sys.platform == "linux":
        with suppress(ImportError, OSError):
            return EachItsOwn()
    return AllAtOnce()
