"""How many tasks a kernel has, by state, read off it from outside.

Nobody is asked, so the numbers are there at once, even while a task holds the kernel, and they cost
the loop nothing. They are those of one moment, but not all of exactly the same.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from .record import record
from .scheduler import LAPS, PASS, Scheduler

#: Tasks that are looked at one by one, at most.
LOOKED_AT: Final = 1_000


@record
class Counts:
    """How many `tasks` there are, how many of them are `ready` to run and how many have been
    `stopped` (among the first 1,000); all others are `blocked`. And how many `passes` over the
    ready queue there have been.
    """

    tasks: int
    ready: int
    stopped: int
    passes: int

    @property
    def blocked(self) -> int:
        """Those that wait for something."""
        return max(0, self.tasks - self.ready - self.stopped)

    @property
    def turns(self) -> int:
        """How many turns a pass has, about, as long as so many are ready."""
        if 0 < self.ready < len(LAPS):
            return len(LAPS)
        return min(max(self.ready, 1), PASS)


def counts_of(kernel: Scheduler) -> Counts:
    """The counts of a kernel that may be running meanwhile."""
    tasks = list(kernel.tasks.values())  # one instruction, so that nobody comes between
    stopped = sum(task.state == "stopped" for task in islice(tasks, LOOKED_AT))
    return Counts(len(kernel.tasks), len(kernel.ready), stopped, kernel.passes)
