"""How long a task has gone on in its step since it was put aside last."""

from __future__ import annotations

import time


class Slice:
    """The time that a task has before it is put aside again.

    Nobody is interrupted just in time. What one has had too much, or too little, is made up for in
    the next slice, so that all have the same in the end.
    """

    def __init__(self) -> None:
        #: When it began; 0 before it has.
        self.begun = 0.0
        #: So many seconds more than was due to it the task has had before.
        self.over = 0.0

    def begin(self) -> None:
        """The task goes on, perhaps in the midst of its slice, after others who were asked for."""
        self.begun = self.begun or time.monotonic()

    def end(self, length: float) -> None:
        """It is over, and should have taken so many seconds; the next one will."""
        if self.begun:
            over = self.over + time.monotonic() - self.begun - length
            self.over = max(-length / 2, min(over, length / 2))
        self.begun = 0.0
