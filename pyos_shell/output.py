"""What tasks print and the kernel reports, on its way to the terminal.

`Output` takes the place of `sys.stdout`. Whatever a task prints is cut into lines, made safe for a
terminal, labelled with the task's tid and put into a bounded buffer, which the console empties
above its prompt. A task that floods the terminal therefore waits for nobody, and costs no more
memory than the buffer: what does not fit is dropped and counted.
"""

from __future__ import annotations

import io
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, TextIO

from kernel.scheduler import running_task

from .mistake import visible

#: Lines that wait to be shown, at most, and their characters in all.
BUFFERED_LINES: Final = 5_000
BUFFERED_CHARACTERS: Final = 256 * 1024

#: A line without an end is shown in pieces of so many characters.
LONGEST_LINE: Final = 2_000

#: About as many characters come with each line: its tid, a newline, colours.
LABEL: Final = 16

#: Lines that `log` remembers.
REMEMBERED: Final = 2_000


@dataclass(slots=True, frozen=True)
class Line:
    """A line of output: of the task `tid`, or of no task if 0. `kind` is `out` or `report`."""

    tid: int
    kind: str
    text: str


class Output(io.TextIOBase):
    """A text stream that knows which task prints."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, kernel_thread: int | None = None) -> None:
        super().__init__()
        self.kernel_thread = kernel_thread
        self.lock = threading.Lock()
        #: What has been printed since the last newline, by tid.
        self.unfinished: dict[int, str] = {}
        self.lines: deque[Line] = deque()
        self.characters = 0
        self.dropped = 0
        self.remembered: deque[Line] = deque(maxlen=REMEMBERED)
        #: Set when there is something to show.
        self.arrived = threading.Event()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Take what is printed on any thread. Never waits for the terminal."""
        tid = self.printing_task()
        with self.lock:
            *whole, rest = (self.unfinished.pop(tid, "") + text).split("\n")
            for line in whole:
                self.append(Line(tid, "out", line))
            if len(rest) > LONGEST_LINE:
                whole_pieces = len(rest) - len(rest) % LONGEST_LINE
                self.append(Line(tid, "out", rest[:whole_pieces]))
                rest = rest[whole_pieces:]
            if rest:
                self.unfinished[tid] = rest
        self.arrived.set()
        return len(text)

    def printing_task(self) -> int:
        """The tid of the task in whose step this thread is; 0 if it is in none."""
        if threading.get_ident() != self.kernel_thread:
            return 0
        task = running_task(sys._getframe())
        return task.tid if task is not None else 0

    def report(self, tid: int, text: str) -> None:
        """A message of the system's about a task; `text` may have several lines."""
        with self.lock:
            self.finish(tid)
            for line in text.split("\n"):
                self.append(Line(tid, "report", line))
        self.arrived.set()

    def finish(self, tid: int) -> None:
        """Show what a task has printed without a newline."""
        rest = self.unfinished.pop(tid, "")
        if rest:
            self.append(Line(tid, "out", rest))

    def append(self, line: Line) -> None:
        """Remember the line, and let it wait to be shown if there is room; else count it."""
        pieces = range(0, len(line.text), LONGEST_LINE) if line.text else [0]
        for start in pieces:
            piece = Line(line.tid, line.kind, visible(line.text[start : start + LONGEST_LINE]))
            self.remembered.append(piece)
            if self.has_room(piece):
                self.own_up()
                self.enqueue(piece)
            else:
                self.dropped += 1

    def has_room(self, line: Line) -> bool:
        return (
            len(self.lines) < BUFFERED_LINES
            and self.characters + len(line.text) <= BUFFERED_CHARACTERS
        )

    def enqueue(self, line: Line) -> None:
        self.lines.append(line)
        self.characters += len(line.text)

    def own_up(self) -> None:
        """Say how many lines are missing at this place."""
        if self.dropped:
            self.enqueue(Line(0, "report", f"{self.dropped:,} lines dropped"))
            self.dropped = 0

    def take(self, characters: int, unfinished: bool = False) -> list[Line]:
        """The next lines, about so many characters of them. With `unfinished`, what was printed
        without a newline as well.
        """
        taken: list[Line] = []
        with self.lock:
            if unfinished:
                for tid in list(self.unfinished):
                    self.finish(tid)
            while self.lines and characters > 0:
                line = self.lines.popleft()
                taken.append(line)
                self.characters -= len(line.text)
                characters -= len(line.text) + LABEL
            if not self.lines:
                self.own_up()
            if not self.lines:
                self.arrived.clear()
        return taken

    def log(self, tid: int | None) -> list[Line]:
        """What is remembered, of one task or of all."""
        with self.lock:
            return [line for line in self.remembered if tid is None or line.tid == tid]


class Plain(Output):
    """Without a terminal: what tasks print goes straight to `out`, reports to `err`."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__()
        self.out, self.err = out, err

    def write(self, text: str) -> int:
        tid = self.printing_task()
        with self.lock:
            self.out.write(text)
            *whole, rest = (self.unfinished.pop(tid, "") + text).split("\n")
            self.unfinished[tid] = rest[-LONGEST_LINE:]
            self.remembered.extend(Line(tid, "out", visible(line[:LONGEST_LINE])) for line in whole)
        return len(text)

    def flush(self) -> None:
        self.out.flush()

    def report(self, tid: int, text: str) -> None:
        with self.lock:
            self.out.flush()
            print(text, file=self.err, flush=True)
            lines = text.split("\n")
            self.remembered.extend(Line(tid, "report", visible(line)) for line in lines)
