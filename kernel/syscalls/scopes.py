"""Cancel scopes: parts of a task's run that can be ended early.

    with (yield OpenScope(seconds=3)) as scope:
        line = yield read_line(socket)
    if scope.caught:
        print("nobody has written for 3 seconds")

When a scope is cancelled, `Cancelled` surfaces at the task's `yield`, once, and goes up to the
`with`, where it ends. So a `finally` on the way may wait, as it may in a kill, and it is not told
again and again.
"""

from __future__ import annotations

from math import inf
from types import coroutine
from typing import TYPE_CHECKING, Any

from ..checks import check_kind
from ..errors import Cancelled
from ..systemcall import SystemCall, system_call
from ..task import Task
from .tasks import own_task

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..alarms import Alarm
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Scope:
    """What `OpenScope` answers: a part of a task's run, until its `with` block is left.

    `cancelled` tells whether it has been cancelled, `caught` whether the block was left by that.
    """

    __slots__ = (
        "alarm",
        "cancelled",
        "caught",
        "fail",
        "late",
        "seconds",
        "shield",
        "task",
        "told",
    )

    def __init__(self, seconds: float | None, fail: bool, shield: bool) -> None:
        self.seconds, self.fail, self.shield = seconds, fail, shield
        #: Whether its time was up; and whether the task has been told that it is cancelled.
        self.late = self.told = False
        self.cancelled = self.caught = False
        self.alarm: Alarm | None = None
        #: Whose it is, while it is open.
        self.task: Task | None = None

    def open(self, task: Task) -> None:
        self.task = task
        if task.scopes is None:
            task.scopes = []
        task.scopes.append(self)
        if self.seconds is not None:
            task.kernel.alarms.set(task.kernel.clock.now() + self.seconds, self)

    def close(self) -> None:
        """Of scopes that were opened in it and forgotten, too."""
        task = self.task
        if task is None or task.scopes is None or self not in task.scopes:
            return
        while True:
            scope = task.scopes.pop()
            scope.task = None
            if scope.alarm is not None:
                task.kernel.alarms.drop(scope)
            if scope is self:
                return

    def ring(self) -> None:
        """Its time is up."""
        self.late = True
        self.cancel()

    def cancel(self) -> None:
        """Only for the kernel, between two steps of the task."""
        self.cancelled = True
        if self.task is not None and (error := to_be_told(self.task)) is not None:
            self.task.interrupt(error)

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        task = self.task
        self.close()
        self.caught = isinstance(error, Cancelled) and error.scope is self
        if task is not None and (kept_off := to_be_told(task)) is not None:
            raise kept_off
        if self.caught and self.late and self.fail:
            raise TimeoutError(f"this took longer than {self.seconds} seconds") from None
        return self.caught


def to_be_told(task: Task) -> Cancelled | None:
    """The error that tells a task of the outermost of its scopes that is cancelled and that no
    shield protects, if it has not been told before.
    """
    shielded = False
    found = None
    for scope in reversed(task.scopes or ()):
        if scope.cancelled and not scope.told and not shielded:
            found = scope
        shielded = shielded or scope.shield
    if found is None:
        return None
    found.told = True
    return Cancelled(found)


@system_call
class OpenScope(SystemCall):
    """Opens a cancel scope; answers the `Scope`, for a `with` block.

    After `seconds`, if any, it is cancelled; then with `fail` the block raises `TimeoutError`, and
    otherwise the task moves on behind it. A `shield` keeps off what cancels the scopes around it,
    until its own end; not a kill. Raises `ValueError` for seconds that are no time.
    """

    seconds: float | None = None
    fail: bool = False
    shield: bool = False

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if self.seconds is not None and not 0 <= self.seconds < inf:
            raise ValueError(f"a scope cannot be open for {self.seconds} seconds")
        scope = Scope(self.seconds, self.fail, self.shield)
        scope.open(own_task(caller, self))
        return scope


@system_call
class Cancel(SystemCall):
    """Cancels a scope, of whatever task. Answers True, or False where it was closed or cancelled
    before.
    """

    scope: Scope

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        scope = self.scope
        check_kind(scope, Scope, "a scope")
        if scope.task is None or scope.cancelled:
            return False
        if scope.task is not caller:
            scope.cancel()
            return True
        scope.cancelled = True
        error = to_be_told(scope.task)
        if error is not None:
            raise error
        return True


@coroutine
def within(seconds: float, what: Any) -> Generator[Any, Any, Any]:
    """Does `what`, a call or a subroutine, and gives its answer.

    Raises `TimeoutError` when it has taken so many seconds, `ValueError` for what is no time.
    """
    with (yield OpenScope(seconds, fail=True)):
        return (yield what)
