"""Which tasks use the processor: seen from outside, a hundred times a second.

The loop reads no clock and counts nothing for it. Whoever samples is a thread of his own, which
reads the running task off the loop's frame, as the watchdog does; when nobody samples it costs
nothing at all.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from typing import Final

from kernel import Machine, Overview, Scheduler

from ..status import rate

#: Seconds between two samples.
PERIOD: Final = 0.01

#: Points of the history that are kept.
KEPT: Final = 200


class Profile:
    """Samples of one machine, gathered into shares at the end of each interval."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        #: In this interval: the samples of each task, of all tasks, and all there are.
        self.seen: Counter[int] = Counter()
        self.samples = 0
        self.since = time.monotonic()
        self.overview = machine.overview()
        #: In the last interval: the share of the processor that each task had, and all together.
        self.shares: dict[int, float] = {}
        self.processor = 0.0
        self.turns = 0.0
        #: The processor's share, and the length of the ready queue, at the end of each interval.
        self.history: deque[tuple[float, int]] = deque(maxlen=KEPT)

    def sample(self) -> None:
        """Look which task runs at this moment."""
        self.samples += 1
        frame = sys._current_frames().get(self.machine.thread.ident or 0)
        task = Scheduler.running_task(frame)
        if task is not None and not self.machine.kernel.inbox.asleep:
            self.seen[task.tid] += 1

    def gather(self) -> Overview:
        """End the interval: work out the shares, and begin the next. Answers how the system is."""
        now, overview = time.monotonic(), self.machine.overview()
        samples = max(1, self.samples)
        self.shares = {tid: seen / samples for tid, seen in self.seen.items()}
        self.processor = self.seen.total() / samples
        self.turns = rate(self.overview, overview, now - self.since)
        self.history.append((self.processor, overview.ready))
        self.seen.clear()
        self.samples, self.since, self.overview = 0, now, overview
        return overview
