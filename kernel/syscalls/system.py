"""Calls for those who look at the system, the console first of all. They answer snapshots: plain
values that stay as they are whatever the tasks do next.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from ..frames import frame_of, locals_of, traceback_of
from ..places import FrameInfo, code_and_lines, expanded
from ..systemcall import SystemCall, brief, safe, system_call
from ..task import ExitStatus, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..scheduler import Scheduler
    from ..waitqueue import Caller

T = TypeVar("T")

#: A stack of more frames than this is shown without its middle.
SHOWN: Final = 200


@dataclass(slots=True, frozen=True)
class TaskInfo:
    """A task at one moment. `age` is in seconds, `depth` in frames; `nice` is its level."""

    tid: int
    parent: int
    state: str
    reason: str
    age: float
    depth: int
    program: str
    nice: int = 0


@dataclass(slots=True, frozen=True)
class TaskList:
    """The first tasks of the table, and how many there are in all; which poller, and its limit.

    So many are `ready`, and `next` is the tid of the one that runs next, 0 if nobody can tell.
    While the system is `paused` no task has a step, or `rate` steps a second are made.
    """

    tasks: list[TaskInfo]
    total: int
    poller: str
    limit: int | None
    ready: int = 0
    next: int = 0
    paused: bool = False
    rate: float | None = None


@dataclass(slots=True, frozen=True)
class StackInfo:
    """A task's call stack, from the program down to the trap.

    `omitted` frames are left out in the middle, after the first half of `frames`. `call` is the
    system call that the task is asleep in. An ended task has its `status`, and if it crashed, the
    frames of its traceback.
    """

    tid: int
    program: str
    state: str
    frames: list[FrameInfo]
    omitted: int = 0
    call: str = ""
    reason: str = ""
    status: ExitStatus | None = None


@system_call
class ListTasks(SystemCall):
    """Answers a `TaskList` of the living tasks by tid: all of them, or the `first` so many.

    Raises `ValueError` for a `first` that is no number of tasks.
    """

    first: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        first = self.first
        if first is not None and not (type(first) is int and 0 <= first <= sys.maxsize):
            raise ValueError(f"the first so many tasks are a number, not {brief(first)}")
        tasks = list(islice(kernel.tasks.values(), first))
        rows = [task_info(kernel, task, caller) for task in tasks]
        brake, following = kernel.brake, kernel.policy.peek(kernel.ready)
        return TaskList(
            rows,
            len(kernel.tasks),
            kernel.poller.name,
            kernel.poller.limit,
            len(kernel.ready),
            following.tid if following is not None else 0,
            brake is not None,
            brake.rate if brake is not None else None,
        )


@system_call
class GetStack(SystemCall):
    """Answers the `StackInfo` of a task, alive or ended. Raises `NoSuchTask`."""

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = kernel.find(self.tid)
        if task.status is not None:
            frames, omitted = cut(list(traceback_frames(task.status.error)))
        else:
            stack, deep = cut(task.frames())
            frames, more = cut(list(expanded(stack)))
            omitted = deep + more
        info = task_info(kernel, task, caller)
        call = safe(repr, task.call) if task.queue is not None else ""
        return StackInfo(
            task.tid, info.program, info.state, frames, omitted, call, info.reason, task.status
        )


def task_info(kernel: Scheduler, task: Task, caller: Caller) -> TaskInfo:
    return TaskInfo(
        task.tid,
        task.parent,
        "running" if task is caller else task.state,
        task.reason(),
        kernel.clock.now() - task.born,
        depth(task),
        program(task),
        kernel.nice.level(task) if kernel.nice is not None else 0,
    )


def program(task: Task) -> str:
    """The task's name, with the arguments that its function was called with, as they are now."""
    frames = task.frames()
    frame = frame_of(frames[0]) if frames else None
    if frame is None or task.name != frames[0].__qualname__:
        return task.name
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = locals_of(frame)
    arguments = [bare(brief(values[name], 24)) for name in names if name in values]
    return " ".join([task.name, *arguments])


def bare(text: str) -> str:
    """A string without its quotes where they say nothing: `127.0.0.1`."""
    inner = text[1:-1]
    quoted = text[:1] in ("'", '"') and text[-1:] == text[:1]
    return inner if quoted and inner and not set(inner) & set(" '\"\\") else text


def depth(task: Task) -> int:
    """How many frames it has; of a very deep stack, without what they delegate to."""
    frames = task.frames()
    return len(frames) if len(frames) > SHOWN else sum(1 for _ in code_and_lines(frames))


def traceback_frames(error: BaseException | None) -> Iterator[FrameInfo]:
    """The frames of an error; of one that the interpreter made of another (a `StopIteration` that
    left a generator), those of the other.
    """
    while error is not None and traceback_of(error) is None:
        error = vars(BaseException)["__cause__"].__get__(error)
    trace = traceback_of(error) if error is not None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        yield FrameInfo(code.co_qualname, code.co_filename, trace.tb_lineno)
        trace = trace.tb_next


def cut(frames: list[T]) -> tuple[list[T], int]:
    """The frames without the middle of a very deep stack, and how many those are."""
    omitted = len(frames) - SHOWN
    if omitted <= 0:
        return frames, 0
    return frames[: SHOWN // 2] + frames[-SHOWN // 2 :], omitted


@system_call
class WaitAllBlocked(SystemCall):
    """Waits until nobody else can go on by itself: every other task is asleep, no file is ready and
    no alarm is due. Answers None. For tests.
    """

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return caller.sleep(kernel.idlers, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "all others to be blocked"
