"""How much of what was printed a terminal is given at a time.

Between us and a terminal there is a buffer (12 kB in a pseudo-terminal of Linux), and what lies in
it comes before the answer to a key: so it should be empty, as a rule. Nobody tells how full it is,
but once it is full a write has to wait.

As TCP does it (Jacobson, "Congestion Avoidance and Control", 1988), helpings double until the
terminal makes us wait, which halves them, and from then on they grow in small steps.
"""

from __future__ import annotations

from typing import Final

#: Seconds between two helpings, and the characters of the smallest and the largest one.
PERIOD: Final = 0.05
LEAST: Final = 1_024
MOST: Final = 16_384

#: Characters that a helping grows by, once the terminal's limit is known.
STEP: Final = 16

#: Seconds that a write takes if it does not have to wait, at most.
NO_WAIT: Final = 0.002


class Pace:
    """The next helping has so many `characters`."""

    def __init__(self) -> None:
        self.characters = LEAST
        #: Whether the terminal has ever made us wait.
        self.limited = False

    def note(self, seconds: float) -> None:
        """So long has the last helping's write taken."""
        if seconds > NO_WAIT:
            self.limited = True
            self.characters = max(LEAST, self.characters // 2)
        else:
            larger = self.characters + (STEP if self.limited else self.characters)
            self.characters = min(MOST, larger)
