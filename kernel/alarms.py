"""Who wants to be woken, and when: a heap of alarms.

An alarm that is dropped stays in the heap as a stale entry, since taking it out of the middle
would cost a search. Stale entries never ring, never wake the kernel, and never outnumber the live
ones for long: then the heap is made anew.
"""

from __future__ import annotations

import heapq
from typing import Protocol


class Sleeper(Protocol):
    """Whoever an alarm can be set for. `alarm` is the number of its alarm, or 0."""

    alarm: int

    def ring(self) -> None:
        """The alarm is due."""


class Alarms:
    """All alarms of one kernel; each sleeper has one at most."""

    def __init__(self) -> None:
        #: (due time, number, sleeper); the numbers differ, so sleepers are never compared.
        self.heap: list[tuple[float, int, Sleeper]] = []
        self.live = 0
        self.number = 0

    def set(self, when: float, sleeper: Sleeper) -> None:
        """Ring `sleeper` at `when`; it must have no alarm yet."""
        self.number += 1
        self.live += 1
        sleeper.alarm = self.number
        heapq.heappush(self.heap, (when, self.number, sleeper))

    def drop(self, sleeper: Sleeper) -> None:
        """Take back the alarm of `sleeper`."""
        sleeper.alarm = 0
        self.live -= 1
        if len(self.heap) > 2 * self.live + 64:
            self.heap = [entry for entry in self.heap if entry[2].alarm == entry[1]]
            heapq.heapify(self.heap)

    def next(self) -> float | None:
        """When the first alarm is due, or None."""
        while self.heap and self.heap[0][2].alarm != self.heap[0][1]:
            heapq.heappop(self.heap)
        return self.heap[0][0] if self.heap else None

    def ring(self, now: float) -> None:
        """Ring all that are due; one set meanwhile waits for the next round."""
        last = self.number
        while self.heap and self.heap[0][0] <= now and self.heap[0][1] <= last:
            _, number, sleeper = heapq.heappop(self.heap)
            if sleeper.alarm == number:
                sleeper.alarm = 0
                self.live -= 1
                sleeper.ring()
