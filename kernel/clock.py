"""The first door: what time is it?

Times are seconds as a float, from a start that means nothing; only differences count.
"""

from __future__ import annotations

import time


class Clock:
    """The machine's own clock; it never goes back."""

    def __init__(self) -> None:
        # The function itself, as the kernel asks in every round.
        self.now = time.monotonic

    def left(self, due: float) -> float:
        """How many seconds the kernel may sleep until then."""
        return max(0.0, due - self.now())


class ManualClock(Clock):
    """A clock that is moved by hand, for tests and for runs that repeat themselves exactly.

    `advance` makes alarms due, and nothing else does: so turn the kernel by `cycle(wait=False)`, as
    in its `mainloop` nobody would move the clock.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.time = start
        self.now = lambda: self.time

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock does not move on by {seconds} seconds")
        self.time += seconds


class JumpingClock(ManualClock):
    """A clock that stands still while anybody can do anything, and then jumps to the next alarm. So
    a test of hours takes no time.

    Files are looked at once before it jumps: what happens outside takes no time either.
    """

    def __init__(self, start: float = 0.0) -> None:
        super().__init__(start)
        self.asked: float | None = None

    def left(self, due: float) -> float:
        if self.asked == due:
            self.time = max(self.time, due)
        self.asked = due
        return 0.0
