"""The call stack of a task, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING, Final

from ..callstack import cut, shown_frames
from ..fibers import is_own
from ..frames import locals_of, traceback_of
from ..places import FrameInfo, frame_info, info_of
from ..record import record
from ..systemcall import SystemCall, brief, safe, system_call
from ..task import ExitStatus, in_words
from .hosting import host_of
from .listing import TaskInfo, task_info

if TYPE_CHECKING:
    from ..hosting.host import Host
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: So many locals of a frame are told, each in so many characters.
LOCALS: Final = 30
WIDTH: Final = 80

#: So many asyncio tasks are told of with the stack of the task that they live in.
WITHIN: Final = 50

#: So many errors of a group are told of.
PARTS: Final = 20


@record
class ErrorPart:
    """An error in the group that a task crashed with: in words, and where it was raised, if that is
    known.
    """

    text: str
    place: FrameInfo | None


@record
class StackInfo:
    """A task's call stack, from the program down to the trap.

    `omitted` frames are left out in the middle, after the first half of `frames`. `call` is the
    system call that the task is asleep in. An ended task has its `status`, and if it crashed, the
    frames of its traceback; of an `ExceptionGroup`, `parts` are the first of the errors in it, of
    so many `parts_total`. Of an asyncio task in the task `tid`, `inner` is the number; of a task
    that such tasks live in, `within` are the first of them, of so many `within_total`; before all
    others that which it is at.
    """

    tid: int
    program: str
    state: str
    frames: list[FrameInfo]
    omitted: int = 0
    call: str = ""
    reason: str = ""
    status: ExitStatus | None = None
    inner: int = 0
    within: tuple[TaskInfo, ...] = ()
    within_total: int = 0
    parts: tuple[ErrorPart, ...] = ()
    parts_total: int = 0


@system_call
class GetStack(SystemCall):
    """Answers the `StackInfo` of a task, alive or ended; with the `locals` of its frames, if they
    are wanted: those of a task that has ended are gone. With `inner`, of the asyncio task of this
    number in it. Raises `NoSuchTask`, `NoSuchAsyncTask`.
    """

    tid: int
    locals: bool = False
    inner: int = 0

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if self.inner:
            return inner_stack(host_of(kernel, self.tid, self.inner), self, caller)
        task = kernel.find(self.tid)
        if task.status is not None:
            frames, omitted = cut(list(traceback_frames(task.status.error)))
        else:
            stack, omitted = shown_frames(task)
            frames = [told(frame, self.locals) for frame in stack]
        info = task_info(kernel, task, caller)
        call = safe(repr, task.call) if task.queue is not None else ""
        result = StackInfo(
            task.tid, info.program, info.state, frames, omitted, call, info.reason, task.status
        )
        if task.status is not None:
            return with_parts(result, task.status.error)
        return with_those_within(result, kernel, caller)


def with_parts(stack: StackInfo, error: BaseException | None) -> StackInfo:
    """The stack, and the first errors in the group that the task ended with, if it is one."""
    if not isinstance(error, BaseExceptionGroup):
        return stack
    leaves = list(ungrouped(error))
    parts = tuple(told_part(leaf) for leaf in leaves[:PARTS])
    return replace(stack, parts=parts, parts_total=len(leaves))


def ungrouped(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group, and in the groups in it, without these."""
    left = [error]
    while left:
        part = left.pop()
        if isinstance(part, BaseExceptionGroup):
            left += reversed(vars(BaseExceptionGroup)["exceptions"].__get__(part))
        else:
            yield part


def told_part(error: BaseException) -> ErrorPart:
    frames = list(traceback_frames(error))
    return ErrorPart(in_words(error), frames[-1] if frames else None)


def inner_stack(host: Host, wanted: GetStack, caller: Caller) -> StackInfo:
    """The stack of an asyncio task."""
    from ..hosting.inner import find, frames_of, info, of_its_own, visitor_of

    task = find(host, wanted.inner)
    told_of = info(host, wanted.inner, task, caller)
    stack = frames_of(task)
    frames, omitted = cut(of_its_own(stack))
    visitor = visitor_of(stack)
    return StackInfo(
        wanted.tid,
        told_of.program,
        told_of.state,
        [told(frame, wanted.locals) for frame in frames],
        omitted,
        safe(repr, visitor.call) if visitor is not None else "",
        told_of.reason,
        inner=wanted.inner,
    )


def with_those_within(stack: StackInfo, kernel: Scheduler, caller: Caller) -> StackInfo:
    """The stack, and the first asyncio tasks that live in the task, if any do."""
    host = kernel.hosts.get(stack.tid)
    if host is None:
        return stack
    from ..hosting.inner import first_told, info, living

    within = tuple(info(host, *one, caller) for one in first_told(host, WITHIN))
    return replace(stack, within=within, within_total=sum(1 for _ in living(host)))


def told(frame: FrameType, with_locals: bool) -> FrameInfo:
    """Where a frame stands, and what is in its variables."""
    info = info_of(frame)
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
        if not is_own(trace.tb_frame):
            yield frame_info(trace.tb_frame.f_code, trace.tb_lineno)
        trace = trace.tb_next
