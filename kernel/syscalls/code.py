"""Calls about the code of tasks: evaluate an expression in its place, and see what is at work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..callstack import all_frames, innermost_frame
from ..errors import EvaluationFailed, TaskEnded, TooLong
from ..frames import locals_of
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller

T = TypeVar("T")

#: So many lines of Python an expression may execute, and all that it calls.
STEPS: Final = 200_000

#: Characters of the answer.
SHOWN: Final = 1_000


@system_call
class Evaluate(SystemCall):
    """Evaluates an expression of Python in the kernel, between two steps; answers what it gives, in
    one short line of text.

    It sees `kernel`, `tasks`, which are the living ones by tid, and of the task `tid` the variables
    of its innermost frame, and the task itself as `task`. It is given up after 200,000 lines of
    Python; a function in C that does not come back holds the kernel, as it does in a task.

    Raises `EvaluationFailed` whatever goes wrong in it; `NoSuchTask`, or `TaskEnded`.
    """

    expression: str
    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        names = {"kernel": kernel, "tasks": kernel.tasks, "task": kernel.find}
        if self.tid is not None:
            task = kernel.find(self.tid)
            if task.frame is None:
                raise TaskEnded(self.tid)
            names = {**names, "task": task, **variables(task)}
        try:
            return limited(lambda: brief(eval(self.expression, names), SHOWN), STEPS)
        except BaseException as error:
            raise EvaluationFailed(error.with_traceback(None)) from None


@system_call
class ListCode(SystemCall):
    """Answers which tasks are in code of a file: by tid, a list of the code of those frames."""

    file: str

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        found: dict[int, list[CodeType]] = {}
        for tid, task in kernel.tasks.items():
            codes = [frame.f_code for frame in all_frames(task)]
            if own := [code for code in codes if code.co_filename == self.file]:
                found[tid] = own
        return found


def variables(task: Task) -> dict[str, Any]:
    """What the innermost frame of a living task sees."""
    innermost = innermost_frame(task)
    return {**innermost.f_globals, **locals_of(innermost)}


def limited(work: Callable[[], T], steps: int) -> T:
    """What `work` answers. Raises `TooLong` in the midst of it, if it takes more steps."""
    left = steps

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooLong(steps)
        return step

    former = sys.gettrace()
    sys.settrace(step)
    try:
        return work()
    finally:
        sys.settrace(former)
