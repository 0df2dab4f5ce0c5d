"""Who wants to be woken, and when.

Time is cut into ticks of about a millisecond. An alarm of a later tick goes into that tick's bucket
as it comes; once its tick has begun, the bucket is sorted, in one go, into the heap of those that
are next. So an alarm costs little, however many there are, and yet they ring in their exact order.
(A simple kind of calendar queue: R. Brown, Communications of the ACM 31/10, 1988.)

An alarm that is dropped stays where it is, since to search for it would cost more. Stale ones never
ring, never wake the kernel, and never outnumber the live ones for long: then they are thrown out.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import chain
from typing import Final, Protocol

#: Ticks in a second.
TICKS: Final = 1024

#: A time that never comes; the alarms beyond it share a bucket.
NEVER: Final = 1e15


class Sleeper(Protocol):
    """Whoever an alarm can be set for; each has one at most."""

    alarm: Alarm | None

    def ring(self) -> None:
        """The alarm is due."""


#: When it is due, its number, and whom it wakes. The numbers differ, so no sleepers are compared.
Alarm = tuple[float, int, Sleeper]


class Alarms:
    """All alarms of one kernel."""

    def __init__(self) -> None:
        #: A heap of the alarms whose tick has begun.
        self.next: list[Alarm] = []
        #: The others by their tick, and a heap of those ticks.
        self.later: dict[int, list[Alarm]] = {}
        self.ticks: list[int] = []
        #: The tick that has begun last.
        self.tick = -1
        self.live = self.stale = 0
        self.number = 0

    def set(self, when: float, sleeper: Sleeper) -> None:
        """Ring `sleeper` at `when`; it must have no alarm yet."""
        self.number += 1
        self.live += 1
        sleeper.alarm = alarm = (when, self.number, sleeper)
        tick = int(when * TICKS) if when < NEVER else int(NEVER * TICKS)
        if tick <= self.tick:
            heappush(self.next, alarm)
        elif tick in self.later:
            self.later[tick].append(alarm)
        else:
            self.later[tick] = [alarm]
            heappush(self.ticks, tick)

    def drop(self, sleeper: Sleeper) -> None:
        """Take back the alarm of `sleeper`."""
        sleeper.alarm = None
        self.live -= 1
        self.stale += 1
        if self.stale > self.live + 64:
            self.throw_out()

    def throw_out(self) -> None:
        """Get rid of the stale ones."""
        self.stale = 0
        self.next[:] = sorted(filter(is_live, self.next))
        kept = {tick: list(filter(is_live, bucket)) for tick, bucket in self.later.items()}
        self.later = {tick: bucket for tick, bucket in kept.items() if bucket}
        self.ticks = sorted(self.later)

    def due(self) -> float | None:
        """When to look for the first alarm: at its time, or when its tick begins; None without
        any.
        """
        while self.next and not is_live(self.next[0]):
            heappop(self.next)
            self.stale -= 1
        if self.next:
            return self.next[0][0]
        while self.ticks:
            bucket = self.later[self.ticks[0]]
            while bucket and not is_live(bucket[-1]):
                bucket.pop()
                self.stale -= 1
            if bucket:
                return self.ticks[0] / TICKS
            del self.later[heappop(self.ticks)]
        return None

    def ring(self, now: float) -> None:
        """Ring all that are due; one set meanwhile waits for the next round."""
        self.begin(int(now * TICKS))
        alarms, last = self.next, self.number
        while alarms and alarms[0][0] <= now and alarms[0][1] <= last:
            alarm = heappop(alarms)
            sleeper = alarm[2]
            if sleeper.alarm is alarm:
                sleeper.alarm = None
                self.live -= 1
                sleeper.ring()
            else:
                self.stale -= 1

    def begin(self, tick: int) -> None:
        """Fetch the alarms of all ticks up to this one."""
        self.tick = tick
        if self.ticks and self.ticks[0] <= tick:
            while self.ticks and self.ticks[0] <= tick:
                self.next += self.later.pop(heappop(self.ticks))
            self.next.sort()  # a sorted list is a heap

    def __iter__(self) -> Iterator[Alarm]:
        """All there are, stale ones too."""
        return chain(self.next, *self.later.values())


def is_live(alarm: Alarm) -> bool:
    """Whether it has not been dropped."""
    return alarm[2].alarm is alarm
