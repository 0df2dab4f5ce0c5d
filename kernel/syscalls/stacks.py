"""The call stack of a task, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING, Final

from ..callstack import cut, shown_frames
from ..frames import locals_of, traceback_of
from ..places import FrameInfo, frame_info
from ..record import record
from ..systemcall import SystemCall, brief, safe, system_call
from ..task import ExitStatus
from .listing import task_info

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: So many locals of a frame are told, each in so many characters.
LOCALS: Final = 30
WIDTH: Final = 80


@record
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
class GetStack(SystemCall):
    """Answers the `StackInfo` of a task, alive or ended; with the `locals` of its frames, if they
    are wanted: those of a task that has ended are gone. Raises `NoSuchTask`.
    """

    tid: int
    locals: bool = False

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = kernel.find(self.tid)
        if task.status is not None:
            frames, omitted = cut(list(traceback_frames(task.status.error)))
        else:
            stack, omitted = shown_frames(task)
            frames = [told(frame, self.locals) for frame in stack]
        info = task_info(kernel, task, caller)
        call = safe(repr, task.call) if task.queue is not None else ""
        return StackInfo(
            task.tid, info.program, info.state, frames, omitted, call, info.reason, task.status
        )


def told(frame: FrameType, with_locals: bool) -> FrameInfo:
    """Where a frame stands, and what is in its variables."""
    info = frame_info(frame.f_code, frame.f_lineno)
    if not with_locals:
        return info
    values = locals_of(frame)
    words = tuple((name, brief(values[name], WIDTH)) for name in islice(values, LOCALS))
    return replace(info, locals=words, omitted=len(values) - len(words))


def traceback_frames(error: BaseException | None) -> Iterator[FrameInfo]:
    """The frames of an error; of one that the interpreter made of another (a `StopIteration` that
    left a generator), those of the other.
    """
    while error is not None and traceback_of(error) is None:
        error = vars(BaseException)["__cause__"].__get__(error)
    trace = traceback_of(error) if error is not None else None
    while trace is not None:
        yield frame_info(trace.tb_frame.f_code, trace.tb_lineno)
        trace = trace.tb_next
