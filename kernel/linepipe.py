"""Pipes of lines: what some tasks print is what others read.

A pipe has room for so many characters. Printing cannot wait in the middle of a step, so who prints
more ends his turn, and then is held up: he has no step until half of the room is free again. Who
prints very much more in one turn gets a `BlockingIOError` at that `print`, as from any file that
does not let itself be waited for.

The end of all who print is the end of the input. Once all who read have ended, who prints is killed
by a `PipeBroken`.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Final

from .errors import PipeBroken
from .lines import LONGEST, Lines
from .waitqueue import Caller, WaitQueue
from .watch import Watch

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .systemcall import SystemCall
    from .task import Task

#: Characters that a pipe has room for, and that it ever holds.
ROOM: Final = 64 * 1024
MOST: Final = 16 * 1024 * 1024


class LinePipe(Lines):
    """A pipe from the tasks that `join_writers` to those that `join_readers`."""

    def __init__(self, kernel: Scheduler, room: int = ROOM, most: int = MOST) -> None:
        super().__init__(kernel)
        self.readers = WaitQueue()
        self.room, self.most = room, most
        self.lines: deque[str] = deque()
        self.characters = 0
        #: The living tasks that read; and those that print, each with its unfinished line.
        self.reading: set[int] = set()
        self.writing: dict[int, str] = {}
        #: Those that are to be held up after their turn, and those that are.
        self.noted: set[int] = set()
        self.held: dict[int, Task] = {}

    def join_readers(self, task: Task) -> None:
        """The task reads from the pipe until it ends."""
        self.reading.add(task.tid)
        self.kernel.inputs[task.tid] = self
        Watch(task, self.reader_ended)

    def join_writers(self, task: Task) -> None:
        """The task prints into the pipe until it ends."""
        self.writing[task.tid] = ""
        Watch(task, self.writer_ended)

    # -- reading

    def serve(self, caller: Caller, call: SystemCall) -> object:
        if self.lines:
            line = self.lines.popleft()
            self.characters -= len(line) + 1
            if self.characters <= self.room // 2:
                self.let_go()
            return line
        if not self.writing:
            raise end_of_input()
        return caller.sleep(self.readers, call)

    def reader_ended(self, task: Task) -> None:
        self.reading.discard(task.tid)
        del self.kernel.inputs[task.tid]
        if not self.reading:
            self.lines.clear()
            self.characters = 0
            self.let_go()
            for tid in self.writing:
                self.kernel.kill(self.kernel.tasks[tid], error=PipeBroken())

    # -- writing

    def write(self, tid: int, text: str) -> None:
        """Take what the task `tid` prints, in its step. Raises `BlockingIOError` if that is more
        than can be kept; what nobody can read any more is dropped.
        """
        if not self.reading:
            return
        if self.characters + len(text) > self.most:
            raise BlockingIOError(errno.EAGAIN, "the pipe is full, and cannot wait within a step")
        *whole, rest = (self.writing[tid] + text).split("\n")
        for line in whole:
            self.pass_on(line)
        while len(rest) >= LONGEST:
            self.pass_on(rest[:LONGEST])
            rest = rest[LONGEST:]
        self.writing[tid] = rest
        if self.characters > self.room and tid not in self.noted and tid not in self.held:
            self.noted.add(tid)
            self.kernel.inbox.put(HoldUp(self, tid))

    def pass_on(self, line: str) -> None:
        """Hand the line to who has waited longest, or keep it."""
        if self.readers.first is not None:
            self.readers.first.answer(line)
        else:
            self.lines.append(line)
            self.characters += len(line) + 1

    def writer_ended(self, task: Task) -> None:
        self.held.pop(task.tid, None)
        rest = self.writing.pop(task.tid)
        if rest and self.reading:
            self.pass_on(rest)
        if not self.writing:
            while (reader := self.readers.first) is not None:
                reader.fail(end_of_input())

    def hold_up(self, tid: int) -> None:
        """The turn in which the task has printed too much is over."""
        self.noted.discard(tid)
        task = self.kernel.tasks.get(tid)
        if task is not None and not task.killed and self.characters > self.room // 2:
            task.halt(self)
            self.held[tid] = task

    def let_go(self) -> None:
        """There is room again, or nobody needs any."""
        while self.held:
            _, task = self.held.popitem()
            task.unhalt(self)

    def __str__(self) -> str:
        return f"room in the pipe to task {min(self.reading, default=0)}"


class HoldUp:
    """The note that a task has printed more than there is room for."""

    def __init__(self, pipe: LinePipe, tid: int) -> None:
        self.pipe, self.tid = pipe, tid

    def arrive(self) -> None:
        self.pipe.hold_up(self.tid)

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and its tasks have ended."""


def end_of_input() -> EOFError:
    return EOFError("the input is at its end")
