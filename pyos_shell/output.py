"""What tasks print and the kernel reports, on its way to the terminal.

`Output` takes the place of `sys.stdout`. Whatever a task prints is cut into lines, made safe for a
terminal, labelled with the task's tid and put into a bounded queue for each console (`feed`), which
that one empties above its prompt. A task that floods the terminals therefore waits for nobody, and
costs no more memory than the queues: where one is full, the oldest lines are dropped and counted.
Reports are not lost in such a flood, nor late.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from kernel import Scheduler
from kernel.syscalls.signals import handling_task

from .feed import Feed
from .feed import Line as Line
from .mistake import visible

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from .tracer import Tracer

#: A line without an end is shown in pieces of so many characters.
LONGEST_LINE: Final = 2_000

#: Seconds after which text without a newline is shown.
UNFINISHED: Final = 0.2

#: What `log` remembers, and how many lines of it.
KINDS: Final = ("out", "report", "crash")
REMEMBERED: Final = 2_000


class Output(io.TextIOBase):
    """A text stream that knows which task prints."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, kernel_thread: int | None = None) -> None:
        super().__init__()
        self.kernel_thread = kernel_thread
        #: Held again by a thread that prints while it prints, as a `__del__` may.
        self.lock = threading.RLock()
        #: What has been printed since the last newline, by tid, and when that began.
        self.unfinished: dict[int, tuple[str, float]] = {}
        #: What takes the text that a task prints, by tid, where it is not shown.
        self.routes: dict[int, Callable[[int, str], object]] = {}
        #: One for each console. It is replaced, never changed, as threads go through it.
        self.feeds: tuple[Feed, ...] = ()
        self.remembered: deque[Line] = deque(maxlen=REMEMBERED)
        #: The task that gets the next line that is typed for one; 0 if none waits for any.
        self.awaited = 0
        #: What traces system calls, by the console that shows them; None stands for all.
        self.tracers: dict[Feed | None, Tracer] = {}

    @property
    def buffer(self) -> Bytes:
        """The way in for bytes, as `sys.stdout` has one."""
        return Bytes(self)

    def writable(self) -> bool:
        return True

    def reconfigure(self, **options: object) -> None:
        """Nothing to do: every character can be printed already."""

    def write(self, text: str) -> int:
        """Take what is printed on any thread. Never waits for the terminal."""
        tid = self.printing_task()
        if tid in self.routes:
            self.routes[tid](tid, text)
        else:
            self.take_in(tid, text)
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Take bytes, in UTF-8 as a rule. A character may be cut in two by this: `mended` puts it
        together again.
        """
        self.write(data.decode("utf-8", "surrogateescape"))

    def take_in(self, tid: int, text: str) -> None:
        """Cut what a task has printed into lines."""
        with self.lock:
            begun, since = self.unfinished.pop(tid, ("", None))
            rest = begun + text
            if "\n" in text:
                *whole, rest = rest.split("\n")
                since = None
                for line in whole:
                    self.append(Line(tid, "out", line.removesuffix("\r")))
            if len(rest) > LONGEST_LINE:
                whole_pieces = len(rest) - len(rest) % LONGEST_LINE
                self.append(Line(tid, "out", rest[:whole_pieces]))
                rest = rest[whole_pieces:]
            if rest:
                self.unfinished[tid] = rest, since or time.monotonic()
            self.ring()

    def printing_task(self) -> int:
        """The tid of the task in whose step, or handler of a signal, this thread is; or else 0."""
        if threading.get_ident() != self.kernel_thread:
            return 0
        frame = sys._getframe()
        task = handling_task(frame) or Scheduler.running_task(frame)
        return task.tid if task is not None else 0

    def report(self, tid: int, text: str, kind: str = "report", obvious: bool = False) -> None:
        """A message of the system's about a task; `text` may have several lines. One that is
        `obvious` to whoever has the task in the foreground is not shown there.
        """
        elsewhere = self.kernel_thread not in (None, threading.get_ident())
        with self.lock:
            self.finish(tid, UNFINISHED if elsewhere else 0)
            feeds = [each for each in self.feeds if not (obvious and tid in each.foreground)]
            for line in text.split("\n"):
                self.append(Line(tid, kind, line), feeds)
            self.ring()

    def readers_changed(self, tid: int, first: int) -> None:
        """A task has begun to wait for a line, or does no more; `first` gets the next. What it has
        asked is shown, though no newline has come.
        """
        with self.lock:
            self.finish(tid)
            self.awaited = first
            self.ring()

    def open_feed(self) -> Feed:
        """A feed for one more console, of what comes from now on."""
        with self.lock:
            feed = Feed(self)
            self.feeds += (feed,)
        return feed

    def close_feed(self, feed: Feed) -> None:
        """There is one console less, and what it traces is traced no more."""
        self.end_trace(feed)
        with self.lock:
            self.feeds = tuple(each for each in self.feeds if each is not feed)

    def ring(self) -> None:
        """There is something to show."""
        for feed in self.feeds:
            feed.ring()

    def finish(self, tid: int, seconds: float = 0) -> None:
        """Show what a task has begun to print so long ago, or longer, without a newline: a line
        that is just being printed, on another thread, is not cut.
        """
        rest, since = self.unfinished.get(tid, ("", 0.0))
        if rest and (not seconds or time.monotonic() - since >= seconds):
            del self.unfinished[tid]
            self.append(Line(tid, "out", rest))

    def finish_all(self, seconds: float) -> None:
        """The same for any task."""
        for tid in list(self.unfinished):
            self.finish(tid, seconds)
        self.ring()

    def append(self, line: Line, feeds: Iterable[Feed] | None = None) -> None:
        """Remember the line, and let it wait to be shown, on these consoles or on all."""
        text = mended(line.text)
        for start in range(0, len(text), LONGEST_LINE) if text else [0]:
            piece = Line(line.tid, line.kind, visible(text[start : start + LONGEST_LINE]))
            if piece.kind in KINDS:
                self.remembered.append(piece)
            for feed in self.feeds if feeds is None else feeds:
                feed.put(piece)

    def log(self, tid: int | None, kinds: Collection[str] = KINDS) -> list[Line]:
        """What is remembered, of one task or of all, of these kinds."""
        with self.lock:
            lines = [line for line in self.remembered if line.kind in kinds]
            return [line for line in lines if tid is None or line.tid == tid]

    def end_trace(self, feed: Feed | None) -> Tracer | None:
        """Trace no more for this console; gives what has traced until now."""
        tracer = self.tracers.pop(feed, None)
        if tracer is not None:
            tracer.off()
        return tracer

    def end_traces(self) -> None:
        """Trace no more for anybody."""
        for feed in list(self.tracers):
            self.end_trace(feed)


class Errors(io.TextIOBase):
    """`sys.stderr` beside it: what is printed there is always shown, and goes into no pipe."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.output.take_in(self.output.printing_task(), text)
        return len(text)


class Bytes(io.RawIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        taken = bytes(data)
        self.output.write_bytes(taken)
        return len(taken)


def mended(text: str) -> str:
    """A whole line, in which stray bytes are characters again, or else replaced."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half a character of UTF-16
        return text


class Plain(Output):
    """Without a terminal: what tasks print goes straight to `out`, messages to `err`.

    A line is passed on when it ends, so that nothing comes into the middle of it, or when the task
    flushes.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__()
        self.out, self.err = out, err
        #: What has not been passed on, by tid.
        self.held: dict[int, str] = {}
        #: Why `out` takes no more, and what is then called, once. Nothing is shown any more.
        self.error: OSError | ValueError | None = None
        self.on_error: Callable[[], object] = lambda: None

    def write(self, text: str) -> int:
        tid = self.printing_task()
        if tid in self.routes:
            return super().write(text)
        with self.lock:
            whole, newline, rest = (self.held.get(tid, "") + text).rpartition("\n")
            self.held[tid] = rest
            if newline:
                self.attempt(self.pass_on, whole + newline)
            if not rest or len(rest) > LONGEST_LINE:
                self.release(tid)
            self.take_in(tid, text)
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        tid = self.printing_task()
        if tid in self.routes:
            super().write_bytes(data)
            return
        with self.lock:
            self.release(tid)
            self.attempt(self.pass_on_bytes, data)
            self.take_in(tid, data.decode("utf-8", "surrogateescape"))

    def flush(self) -> None:
        self.release(self.printing_task())

    def release(self, tid: int) -> None:
        """Pass on what a task has printed without a newline."""
        with self.lock:
            rest = self.held.pop(tid, "")
            if rest:
                self.attempt(self.pass_on, rest)

    def release_all(self) -> None:
        """Pass on the last of what was printed."""
        for tid in list(self.held):
            self.release(tid)

    def finish(self, tid: int, seconds: float = 0) -> None:
        super().finish(tid, seconds)
        if tid not in self.unfinished:
            self.release(tid)

    def report(self, tid: int, text: str, kind: str = "report", obvious: bool = False) -> None:
        with self.lock:
            super().report(tid, text, kind, obvious)
            self.say(f"{tid or '-':>3} {text}" if kind == "trace" else text)

    def show(self, text: str, data: bool) -> None:
        """Show what a command answers: data, or a message about what was done."""
        with self.lock:
            if data:
                self.attempt(self.pass_on, text + "\n")
            else:
                self.say(text)

    def say(self, text: str) -> None:
        """Write a message to `err`, if there is anybody to read it."""
        if self.error is None:
            lines = [visible(line) + "\n" for line in text.split("\n")]
            with suppress(OSError, ValueError):
                self.err.writelines(lines)
                self.err.flush()

    def attempt(self, write: Callable[..., object], *what: object) -> None:
        """Write to `out`, as long as it takes anything."""
        if self.error is None:
            try:
                write(*what)
            except (OSError, ValueError) as error:  # ValueError: a program has closed it
                self.error = error
                self.on_error()

    def pass_on(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def pass_on_bytes(self, data: bytes) -> None:
        self.out.buffer.write(data)
        self.out.buffer.flush()
