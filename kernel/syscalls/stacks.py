"""The call stack of a task, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from ..callstack import cut, python_frames, shown_frames, told_of
from ..frames import traceback_of
from ..systemcall import SystemCall, brief, safe, system_call
from ..task import ExitStatus
from .listing import task_info

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: So many locals of a frame are told, each in so many characters.
LOCALS: Final = 30
WIDTH: Final = 80


@dataclass(slots=True, frozen=True)
class FrameInfo:
    """One frame of a call stack: where it stands, and where its function begins. `locals` are the
    names and values of its variables, if they were asked for, without the `omitted` last ones.
    """

    function: str
    file: str
    line: int
    first: int = 0
    locals: tuple[tuple[str, str], ...] = ()
    omitted: int = 0


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
            frames = [frame_info(frame, self.locals) for frame in stack]
        info = task_info(kernel, task, caller)
        call = safe(repr, task.call) if task.queue is not None else ""
        return StackInfo(
            task.tid, info.program, info.state, frames, omitted, call, info.reason, task.status
        )


def expanded(frames: list[Any]) -> Iterator[FrameInfo]:
    """These frames of a stack, each with those that it delegates to by `yield from` or `await`."""
    return map(frame_info, python_frames(frames))


def frame_info(frame: FrameType, with_locals: bool = False) -> FrameInfo:
    code = frame.f_code
    place = code.co_qualname, code.co_filename, frame.f_lineno, code.co_firstlineno
    if not with_locals:
        return FrameInfo(*place)
    return FrameInfo(*place, *told_of(frame, in_words))


def in_words(values: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], int]:
    """The first of these variables with their values in short, and how many there are more."""
    names = list(values)
    told = tuple((name, brief(values[name], WIDTH)) for name in names[:LOCALS])
    return told, len(names) - len(told)


def traceback_frames(error: BaseException | None) -> Iterator[FrameInfo]:
    """The frames of an error; of one that the interpreter made of another (a `StopIteration` that
    left a generator), those of the other.
    """
    while error is not None and traceback_of(error) is None:
        error = vars(BaseException)["__cause__"].__get__(error)
    trace = traceback_of(error) if error is not None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        yield FrameInfo(code.co_qualname, code.co_filename, trace.tb_lineno, code.co_firstlineno)
        trace = trace.tb_next
