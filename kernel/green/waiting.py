"""What the modules of a green program wait by."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..fibers import call
from ..files import File
from ..greenlets import current_fiber
from ..syscalls.files import ReadWait, WriteWait
from ..systemcall import ASLEEP, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


#: So many calls a task makes in a row.
BUDGET: Final = 64


@system_call
class Readable(ReadWait):
    """Waits as `ReadWait`, for `seconds` at most if given; answers False if they are over."""

    seconds: float | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return limited(ReadWait.run(self, kernel, caller), self.seconds, kernel, caller)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        ReadWait.go_on(self, kernel, caller, file)
        return True

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(False)


@system_call
class Writable(WriteWait):
    """Waits as `WriteWait`, for `seconds` at most if given; answers False if they are over."""

    seconds: float | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return limited(WriteWait.run(self, kernel, caller), self.seconds, kernel, caller)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        WriteWait.go_on(self, kernel, caller, file)
        return True

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(False)


def limited(answer: object, seconds: float | None, kernel: Scheduler, caller: Caller) -> object:
    """The answer of a call that may sleep, for so long at most; what is ready at once is True."""
    if answer is not ASLEEP:
        return True
    if seconds is not None:
        kernel.alarms.set(kernel.clock.now() + max(0.0, seconds), caller)
    return answer


def wait_for(file: Any, write: bool, seconds: float | None = None) -> bool:
    """Suspend the task until the file is ready; False if that was not so for so many seconds."""
    ready: bool = call(Writable(file, seconds) if write else Readable(file, seconds))
    return ready


def in_task() -> bool:
    """Whether there is a task to suspend: not where the interpreter frees something, say."""
    stack = current_fiber()
    return stack is not None and stack.ground.resumer is not None


def count_call() -> None:
    """Something has been done that need not wait: after so many of them in a row the task gives way
    as after as many system calls, or one whose peer is as fast would hold up all others.
    """
    stack = current_fiber()
    if stack is None:
        return
    count = vars(stack)["calls"] = vars(stack).get("calls", 0) + 1
    if count % BUDGET == 0:
        give_way()


def give_way() -> None:
    """Let every other ready task have its turn."""
    if in_task():
        call(None)


def close_quietly(file: Any) -> None:
    with suppress(OSError):
        file.close()
