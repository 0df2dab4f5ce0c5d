"""What waits to be shown on one console.

Each console has a feed of its own, so one that is slow, or gone, loses only lines of its own, which
are counted, and nobody waits for it.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from kernel.record import record

from .mistake import visible

if TYPE_CHECKING:
    from .output import Output

#: Lines that wait to be shown, at most, and their characters in all.
BUFFERED_LINES: Final = 5_000
BUFFERED_CHARACTERS: Final = 256 * 1024

#: A report overtakes what was printed, if more characters of that wait than this; so many reports.
LONG_WAIT: Final = 16 * 1024
URGENT: Final = 1_000

#: About as many characters come with each line: its tid, a newline, colours.
LABEL: Final = 16


@record
class Line:
    """A line that the task `tid`, or no task if 0, has printed, or that reports about it.

    `kind` is `out`, `report`, `crash`, `trace`, or `typed` for what somebody else has typed.
    """

    tid: int
    kind: str
    text: str


class Feed:
    """A bounded queue of lines, on their way from `output` to a console."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.lines: deque[Line] = deque()
        self.characters = 0
        #: How many of these characters were printed, not reported.
        self.printed = 0
        #: Reports that are shown before all these lines.
        self.urgent: deque[Line] = deque()
        self.dropped = 0
        #: How many have been, since the beginning.
        self.dropped_so_far = 0
        #: Tells which lines are shown, if not all are.
        self.wanted: Callable[[Line], bool] | None = None
        #: The tasks that its console has in the foreground: there they print as it is.
        self.foreground: Collection[int] = frozenset()
        #: Set when there is something to show.
        self.arrived = threading.Event()

    def put(self, line: Line) -> None:
        """Let the line wait to be shown, if it is wanted."""
        if self.wanted is not None and not self.wanted(line):
            return
        if line.kind != "out" and self.printed > LONG_WAIT:
            self.hurry(line)
        else:
            self.enqueue(line)

    def tell(self, tid: int, kind: str, text: str) -> None:
        """Let a line wait that is for this console alone. From any thread."""
        with self.output.lock:
            self.put(Line(tid, kind, visible(text)))
            self.ring()

    def ring(self) -> None:
        """There is something to show. (To set an event that is set already takes a while.)"""
        if not self.arrived.is_set():
            self.arrived.set()

    def enqueue(self, line: Line) -> None:
        """Let the line wait for its turn; the oldest make room for it."""
        self.lines.append(line)
        self.count(line, len(line.text))
        while len(self.lines) > BUFFERED_LINES or self.characters > BUFFERED_CHARACTERS:
            self.hurry(self.next_line())

    def next_line(self) -> Line:
        """Take the oldest of the lines that wait."""
        line = self.lines.popleft()
        self.count(line, -len(line.text))
        return line

    def count(self, line: Line, characters: int) -> None:
        self.characters += characters
        if line.kind == "out":
            self.printed += characters

    def hurry(self, line: Line) -> None:
        """A line that cannot wait: a report is shown next, anything else is dropped."""
        if line.kind != "out" and len(self.urgent) < URGENT:
            self.urgent.append(line)
        else:
            self.dropped += 1
            self.dropped_so_far += 1

    def take(self, characters: int, unfinished: float = math.inf) -> list[Line]:
        """The next lines, about so many characters of them, and what has been without its newline
        for so many seconds as well.
        """
        with self.output.lock:
            if unfinished < math.inf:
                self.output.finish_all(unfinished)
            taken = list(self.urgent)
            self.urgent.clear()
            if self.dropped:
                taken.append(Line(0, "report", f"{self.dropped:,} lines dropped"))
                self.dropped = 0
            while self.lines and characters > 0:
                taken.append(self.next_line())
                characters -= len(taken[-1].text) + LABEL
            if not (self.lines or self.output.unfinished):
                self.arrived.clear()
        return taken
