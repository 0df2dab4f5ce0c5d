"""A priority boost: somebody at a terminal waits, so for a moment no task gets a turn.

A busy kernel and its console share the interpreter's lock, and whoever wants it back waits for the
switch interval each time; an answer that takes a console a few milliseconds takes three times as
long beside a busy kernel. So whoever has a key, and something to show for it, may ask for the
processor: until it has been shown, for `MOST` seconds at most, and for no more than half of the
time. Meanwhile requests are answered and files are looked at. (Operating systems boost a thread in
the same way whose window gets a key.)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .machine import Machine

#: Seconds, of real time: it is people who wait.
MOST: Final = 0.01


class Boost:
    """One such moment; an arrival."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.over = False
        #: Whether the kernel has begun to give way to it.
        self.begun = False

    def end(self) -> None:
        """What somebody waited for is there. From any thread; once is enough."""
        if not self.over:
            self.over = True
            if self.begun:
                self.machine.kernel.inbox.wake()

    def arrive(self) -> None:
        machine, now = self.machine, time.monotonic()
        if now < machine.unboosted:
            return
        self.begun = True  # before we look: whoever ends it from now on wakes us
        begun = now
        while self.lasts() and now < begun + MOST:
            machine.kernel.rest(begun + MOST - now)
            machine.kernel.inbox.take()
            now = time.monotonic()
        self.over = True
        machine.unboosted = now + (now - begun)

    def lasts(self) -> bool:
        return not self.over and self.machine.grace is None

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and is in nobody's way."""
