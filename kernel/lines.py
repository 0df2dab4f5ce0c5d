"""The lines that tasks read: what a console gives them, or else those of `sys.stdin`.

Whoever has waited longest gets the next line. While nobody waits, lines are kept for those who will
ask; so a reader that is killed takes none along.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from .frames import strip
from .outside import Outside, bearable
from .poller import READ
from .syscalls.files import ReadWait
from .trace import ReadersChanged
from .waitqueue import Caller, WaitQueue

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .systemcall import SystemCall

#: So many lines are kept, at most, for those who will ask.
KEPT: Final = 1000

#: A line of `sys.stdin` that is longer comes in pieces of so many characters.
LONGEST: Final = 64 * 1024

#: A line, or what is raised in its place: at the end of the input, an `EOFError`.
Item = str | BaseException


class Readers(Outside):
    """Those who wait for a line; `lines` is told of each who comes or goes."""

    __slots__ = ("lines",)

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.lines = lines

    def append(self, caller: Caller) -> None:
        super().append(caller)
        self.lines.readers_changed(caller)

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        self.lines.readers_changed(caller)


class Lines:
    """The lines that are given to the tasks of one kernel."""

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        self.readers: WaitQueue = Readers(self)
        #: What came while nobody waited.
        self.kept: deque[Item] = deque()

    def serve(self, caller: Caller, call: SystemCall) -> object:
        """What a call that takes a line does: the next one, or a place among the readers."""
        return self.take() if self.kept else caller.sleep(self.readers, call)

    def take(self) -> str:
        """The first of the lines that are kept; raises what is there in place of one."""
        item = self.kept.popleft()
        if isinstance(item, BaseException):
            raise item
        return item

    def give(self, item: Item, reader: Caller | None) -> bool:
        """Hand it to a `reader`, or keep it; whether there was one."""
        if reader is None:
            self.kept.append(item)
        elif isinstance(item, BaseException):
            reader.fail(item)
        else:
            reader.answer(item)
        return reader is not None

    def reader(self, tid: int) -> Caller | None:
        """The task of this number, if it waits for a line."""
        return next((reader for reader in self.readers if reader.tid == tid), None)

    def readers_changed(self, caller: Caller) -> None:
        """The `caller` has begun to wait for a line, or does so no more."""
        first = self.readers.first
        self.kernel.trace.emit(ReadersChanged(caller.tid, first.tid if first is not None else 0))


class StdinLines(Lines):
    """The lines of `sys.stdin`, of which one is read whenever somebody waits.

    That may block, so a thread does it. Where it is a terminal, the thread is only sent when the
    poller has told that a line is there: so what is typed when nobody waits any more is not taken
    away from whoever reads the terminal then.
    """

    def __init__(self, kernel: Scheduler) -> None:
        super().__init__(kernel)
        self.watcher = Watcher(self)
        #: Whether a thread is reading; and then, what it has read.
        self.reading = False
        self.item: Item = ""

    def readers_changed(self, caller: Caller) -> None:
        super().readers_changed(caller)
        if self.readers.first is None:
            self.watcher.leave()
        elif not self.reading and self.watcher.queue is None:
            self.expect()

    def expect(self) -> None:
        """Have the next line read, as soon as it is there."""
        if not (is_terminal(sys.stdin) and self.watcher.watch(sys.stdin)):
            self.read()

    def read(self) -> None:
        """Send a thread to read a line."""
        self.reading = True
        thread = Thread(target=self.fetch, args=(sys.stdin,), name="pyos stdin", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are too many threads
            self.bring_in(error)

    def fetch(self, stream: Any) -> None:
        """On the thread: read a line of `stream`."""
        self.bring_in(line_of(stream))

    def bring_in(self, item: Item) -> None:
        self.item = item
        self.kernel.inbox.put(self)

    def arrive(self) -> None:
        item, self.item = self.item, ""
        self.reading = False
        self.give(item, self.readers.first)

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and its tasks have ended."""


class Watcher(Caller):
    """Waits for a terminal, in the name of all who want its next line."""

    def __init__(self, lines: StdinLines) -> None:
        super().__init__()
        self.lines, self.kernel = lines, lines.kernel

    def watch(self, stream: Any) -> bool:
        """Wait until there is something to read; False where no poller could tell."""
        files = self.kernel.files
        with suppress(Exception):
            return files.wait(files.of(stream), READ, self, ReadWait(stream)) is not None
        return False

    def answer(self, value: object) -> None:
        self.leave()
        self.lines.read()

    def fail(self, error: BaseException) -> None:
        self.answer(None)  # the thread that reads will find it, too


def is_terminal(stream: Any) -> bool:
    """Whether it is a terminal that a poller can watch."""
    with suppress(BaseException):  # it may be anything that a program has put there
        return os.name == "posix" and bool(stream.isatty())
    return False


def line_of(stream: Any) -> Item:
    """The next line of `stream`, without its newline, or what is to be raised in its place."""
    try:
        line = stream.readline(LONGEST) if stream is not None else ""
        return line.removesuffix("\n") if line else EOFError("the input is at its end")
    except BaseException as error:
        return bearable(strip(error), stream)
