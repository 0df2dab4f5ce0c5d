"""How a task says to whoever started it that it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import check_kind
from ..errors import NeverReady
from ..systemcall import SystemCall, system_call
from ..waitqueue import WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller


class Ready:
    """What a task gets that is made by `TaskGroup.start`."""

    __slots__ = ("told", "value", "waiters")

    def __init__(self) -> None:
        self.told = False
        self.value: Any = None
        self.waiters = WaitQueue()

    def ended(self, task: Task) -> None:
        """The task has ended: it can say nothing any more."""
        status = task.status
        assert status is not None
        while (waiter := self.waiters.first) is not None:
            waiter.fail(NeverReady(status))

    def __repr__(self) -> str:
        return f"<{'ready' if self.told else 'not ready yet'}>"


@system_call
class TellReady(SystemCall):
    """Says that the task is ready, and what for: its `value` is what `start` gives. Answers None.

    Raises `ValueError` if it has been said before.
    """

    ready: Ready
    value: Any = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        ready = self.ready
        check_kind(ready, Ready, "what `start` gave the task")
        if ready.told:
            raise ValueError("the task has said before that it is ready")
        ready.told, ready.value = True, self.value
        while (waiter := ready.waiters.first) is not None:
            waiter.answer(self.value)
        return None


@system_call
class WaitReady(SystemCall):
    """Waits until a task that was started says that it is ready; answers its value."""

    ready: Ready

    woken_by = "the task that it has started"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return self.ready.value if self.ready.told else caller.sleep(self.ready.waiters, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "a task to be ready"
