"""Names the line where no thread of the process can run.

C code that keeps the interpreter's lock, such as a regular expression gone wild, stops the console
and the watchdog with everything else. But an alarm needs no lock (`stackalarm.py`): it has written
where the threads are, unless somebody puts it off in time, as with a dead man's switch. Here the
watchdog's thread does, and none is set while the kernel sleeps. A process has just one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from kernel import Machine
from kernel.watchdog import QUIET

from .output import Output
from .stackalarm import StackAlarm, stack_alarm

#: Seconds without a sign of life after which the stacks are written.
PATIENCE = 5.0

#: Seconds after which it is put off anew, which takes some system calls each time.
PERIOD: Final = 0.5


class DeadManSwitch:
    """Has the stacks of threads written when nobody can put that off any more."""

    def __init__(self) -> None:
        #: The descriptor that they are written to; None while nobody wants it.
        self.fd: int | None = None
        #: Who writes them, from the first time on that it is set.
        self.alarm: StackAlarm | None = None
        #: When it was put off last, None while it is not set; and when somebody looked last.
        self.held: float | None = None
        self.seen = 0.0

    @contextmanager
    def writing_to(self, file: TextIO) -> Iterator[None]:
        """In the `with` block it can be set, if the file has a descriptor."""
        former = self.fd
        with suppress(OSError, ValueError):
            self.fd = file.fileno()
        try:
            yield
        finally:
            self.fd = former
            self.release()

    def look(self, machine: Machine, output: Output) -> None:
        """On the watchdog's thread, ten times a second: put it off, as long as there will be
        another look. Tell `output` if nobody could look for long.
        """
        watchdog = machine.watchdog
        if self.fd is None or self.alarm is None or watchdog is None:
            return
        if watchdog.quiet == QUIET:
            self.release()
            return
        now = time.monotonic()
        if self.held is not None and now - self.held >= PATIENCE:
            output.report(0, stuck(now - self.seen), "crash")
        self.seen = now
        if self.held is None or now - self.held >= min(PERIOD, PATIENCE / 2):
            self.hold()

    def hold(self) -> None:
        """Set it, or put it off; called also on the kernel's thread, before anything runs there."""
        if self.fd is not None:
            self.held = self.seen = time.monotonic()
            if self.alarm is None:
                self.alarm = stack_alarm()
            self.alarm.arm(PATIENCE, self.fd)

    def cover(self) -> None:
        """On a thread that has begun, and may keep the lock from now on."""
        if self.held is not None and self.alarm is not None:
            self.alarm.cover()

    def release(self) -> None:
        """Nothing is written, though nobody puts it off."""
        if self.held is not None and self.alarm is not None:
            self.alarm.disarm()
        self.held = None

    def suspend(self, number: int, frame: object) -> None:
        """The signal of Ctrl-Z: who is stopped is not stuck."""
        fd, self.fd = self.fd, None
        self.release()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self.suspend)  # somebody has had us continue
        self.fd = fd


def stuck(seconds: float) -> str:
    """What is said when all can run again."""
    return (
        f"nothing in this process could run for {seconds:.1f} s; "
        "if a stack was written meanwhile, it tells where it was"
    )


#: That of this process.
SWITCH: Final = DeadManSwitch()
