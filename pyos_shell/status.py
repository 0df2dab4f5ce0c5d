"""How the system is doing, for the toolbar: sampled a few times a second while it is at work, and
not at all while it sleeps.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from kernel import Machine, Overview
from kernel.record import record
from kernel.scheduler import turns_in_pass

from .feed import Feed

#: Seconds between two samples.
PERIOD: Final = 0.25


@record
class Status:
    """A sample. `turns` are those of all tasks in a second, about; `memory` is in bytes, None
    where the system does not tell; `dropped` are lines of output. While the system is `paused` no
    task has a step, or `rate` steps a second are made.
    """

    tasks: int = 0
    ready: int = 0
    blocked: int = 0
    stopped: int = 0
    turns: float = 0.0
    memory: int | None = None
    dropped: int = 0
    paused: bool = False
    rate: float | None = None


class Sampler:
    """Takes samples of one console's machine, and calls `changed` after each that is news."""

    def __init__(self, feed: Feed, changed: Callable[[], None]) -> None:
        self.feed = feed
        self.changed = changed
        self.status = Status(memory=memory())
        self.machine: Machine | None = None
        self.observer: Callable[[], object] = lambda: None
        #: What was seen at the last sample, and when; and the passes at the last look.
        self.overview = Overview()
        self.taken = 0.0
        self.passes = 0

    def watch(self, machine: Machine) -> None:
        """Take samples of this machine from now on."""
        self.stop()
        self.machine = machine
        self.observer = partial(self.look, machine)
        machine.observe(self.observer)

    def stop(self) -> None:
        """Take no more samples."""
        if self.machine is not None:
            self.machine.ignore(self.observer)
            self.machine = None

    def look(self, machine: Machine) -> None:
        """On the watchdog's thread, ten times a second: take a sample if it is time for one, or if
        everything has just come to rest.
        """
        if machine is not self.machine:
            return
        now, passes = time.monotonic(), machine.kernel.passes
        at_rest = passes == self.passes and self.status.turns > 0
        self.passes = passes
        if at_rest or now - self.taken >= PERIOD:
            self.take(machine.overview(), now, at_rest)

    def take(self, overview: Overview, now: float, at_rest: bool) -> None:
        """Take a sample."""
        turns = 0.0 if at_rest else rate(self.overview, overview, now - self.taken)
        self.overview, self.taken = overview, now
        status = Status(
            overview.tasks,
            overview.ready,
            overview.blocked,
            overview.stopped,
            turns,
            memory(),
            self.feed.dropped_so_far,
            overview.paused,
            overview.rate,
        )
        if status != self.status:
            self.status = status
            self.changed()


def rate(before: Overview, after: Overview, seconds: float) -> float:
    """The turns in a second: the passes, times the turns of a pass before and after."""
    passes = max(0, after.passes - before.passes)
    turns = (turns_in_pass(before.ready) + turns_in_pass(after.ready)) / 2
    return passes * turns / seconds if seconds > 0 else 0.0


def memory() -> int | None:
    """The memory of this process, in bytes, as far as the system tells: all that is in use, or else
    the most that ever was.
    """
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return peak()


def peak() -> int | None:
    """The most memory that this process ever had, in bytes."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
