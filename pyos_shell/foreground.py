"""Tasks in the foreground: the keyboard is theirs, and what they print is shown as it is.

A job is what `run` has started, one task or the stages of a pipeline, with the tasks that they
start. While it is in the foreground, the lines that are typed go to it, Ctrl-C interrupts it,
Ctrl-Z stops it, and Ctrl-D is the end of its input. `fg` and `bg` let it go on.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from kernel import InputFull, Scheduler, SendSignal, Signal, SystemCall, Task, system_call
from kernel.lines import KEPT, Item, Lines
from kernel.task import ExitStatus
from kernel.watch import Watch

from .feed import BUFFERED_LINES
from .output import Output
from .outputfile import OutputFile
from .plumber import Connection, Plumber

END_OF_INPUT: Final = "the input is at its end"


class Keyboard(Lines):
    """What is typed ahead for one job. Its tasks wait for a line among all others, so that a line
    can also be given to them from behind.
    """

    def __init__(self, kernel: Scheduler) -> None:
        super().__init__(kernel)
        self.readers = kernel.lines.readers

    def serve(self, caller: Any, call: SystemCall) -> object:
        return self.take() if self.kept else self.kernel.lines.serve(caller, call)


class Job(Plumber):
    """Tasks that have the keyboard, or had it. On the kernel's thread, but for what is said to be
    for others.
    """

    def __init__(self, output: Output, title: str, target: OutputFile | None = None) -> None:
        super().__init__(output, target)
        self.title = title
        self.keyboard: Keyboard | None = None
        #: The stages' tids, how those that have ended did so, and all its tasks.
        self.tids: list[int] = []
        self.ends: list[ExitStatus] = []
        self.members: set[int] = set()
        #: Those of them that have ended, as far as lines of theirs may still wait to be shown.
        self.ended: deque[int] = deque()
        #: For other threads: set when all stages have ended, or the user wants the prompt back.
        self.left = threading.Event()
        self.stopped = False
        self.interrupted = False

    def join(self, kernel: Scheduler, tasks: list[Task]) -> None:
        """Join the tasks, the stages of the job."""
        self.keyboard = Keyboard(kernel)
        self.tids = [task.tid for task in tasks]
        super().join(kernel, tasks)
        for task in tasks:
            Watch(task, self.stage_ended)

    def connect(self, task: Task, connection: Connection) -> None:
        self.members.add(task.tid)
        if connection.source is None and self.keyboard is not None:
            self.kernel.inputs.setdefault(task.tid, self.keyboard)
        super().connect(task, connection)

    def disconnect(self, task: Task) -> None:
        if self.kernel.inputs.get(task.tid) is self.keyboard:
            del self.kernel.inputs[task.tid]
        self.ended.append(task.tid)
        if len(self.ended) > BUFFERED_LINES:
            self.members.discard(self.ended.popleft())
        super().disconnect(task)

    def stage_ended(self, task: Task) -> None:
        assert task.status is not None
        self.ends.append(task.status)
        if self.over:
            self.left.set()

    @property
    def over(self) -> bool:
        """Whether all stages have ended. From any thread."""
        return len(self.ends) == len(self.tids)


@system_call
class Adopt(SystemCall):
    """Makes a living task, with those that it has started, a job. Answers whether it still lives.
    Raises `NoSuchTask`.
    """

    job: Job
    tid: int

    def run(self, kernel: Scheduler, caller: object) -> object:
        task = kernel.find(self.tid)
        if task.status is not None:
            return False
        self.job.join(kernel, [task])
        for each in list(kernel.tasks.values()):  # by tid, so parents come first
            if each.parent in self.job.members:
                self.job.connect(each, Connection(None, None))
        return True


@system_call
class Feed(SystemCall):
    """Gives a job what was typed: a line, or what is raised in place of one. Its task that has
    waited longest gets it; or else it is kept. Raises `InputFull` if too much is.
    """

    job: Job
    item: Item

    def run(self, kernel: Scheduler, caller: object) -> object:
        keyboard, members = self.job.keyboard, self.job.members
        if keyboard is None:
            return False
        reader = next((each for each in keyboard.readers if each.tid in members), None)
        if reader is None and len(keyboard.kept) >= KEPT:
            raise InputFull(KEPT)
        return keyboard.give(self.item, reader)


@system_call
class SignalJob(SystemCall):
    """Sends a signal to all living tasks of a job. Answers whether there was any."""

    job: Job
    signal: Signal

    def ends(self, tid: int) -> bool:
        return self.signal is Signal.INT and tid in self.job.connections

    def run(self, kernel: Scheduler, caller: Any) -> object:
        living = [tid for tid in self.job.connections if tid in kernel.tasks]
        for tid in living:
            SendSignal(tid, self.signal).run(kernel, caller)
        return bool(living)
