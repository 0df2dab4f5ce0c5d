"""How much of the processor each task has had lately, by the looks of the watchdog."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Final

#: Seconds that are looked back upon, and looks that are kept at most: where slices are short they
#: are frequent, and then it is less.
WINDOW: Final = 5.0
MOST: Final = 5_000

#: Seconds that a look stands for at most. The one before may have been long ago, as nobody looks
#: while the kernel sleeps.
LONGEST: Final = 0.1


class Shares:
    """The last looks that have found a task in its step."""

    def __init__(self) -> None:
        #: When each was, whom it has found, and the seconds that it stands for.
        self.looks: deque[tuple[float, int, float]] = deque(maxlen=MOST)

    def note(self, now: float, tid: int, seconds: float) -> None:
        """A look has found this task in its step, so many seconds after the look before."""
        self.looks.append((now, tid, min(seconds, LONGEST)))
        while self.looks[0][0] < now - WINDOW:
            self.looks.popleft()

    def gathered(self, now: float) -> dict[int, float]:
        """The share of the last five seconds that each task has had, between 0 and 1; without those
        that have not been seen. From any thread.
        """
        seen: defaultdict[int, float] = defaultdict(float)
        for when, tid, seconds in self.looks.copy():
            if when >= now - WINDOW:
                seen[tid] += seconds
        return {tid: min(1.0, seconds / WINDOW) for tid, seconds in seen.items()}
