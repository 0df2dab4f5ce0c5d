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

from types import coroutine
from typing import TYPE_CHECKING, Any

from ..checks import check_kind, check_seconds
from ..errors import Cancelled
from ..frames import drop
from ..systemcall import SystemCall, system_call
from ..task import Task
from ..watch import Watch
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
        "of_kill",
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
        #: Whose it is, while it is open; and whether that was being killed already.
        self.task: Task | None = None
        self.of_kill = False

    def open(self, task: Task) -> None:
        self.task, self.of_kill = task, task.killed
        if task.scopes is None:
            task.scopes = []
            Watch(task, close_all)
        task.scopes.append(self)
        if self.seconds is not None:
            self.set_alarm(self.seconds)

    def set_alarm(self, seconds: float) -> None:
        assert self.task is not None
        kernel = self.task.kernel
        if self.alarm is not None:
            kernel.alarms.drop(self)
        kernel.alarms.set(kernel.clock.now() + seconds, self)

    def close(self) -> None:
        """Of scopes that were opened in it and forgotten, too."""
        task = self.task
        while self.task is not None:
            assert task is not None
            assert task.scopes is not None
            scope = task.scopes.pop()
            scope.task = None
            if scope.alarm is not None:
                task.kernel.alarms.drop(scope)

    def ring(self) -> None:
        """Its time is up, or it is to tell what it could not tell before."""
        self.late = self.late or not self.cancelled
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
        rest = self.rest_of(error)
        self.caught = rest is not error
        if task is not None and (kept_off := to_be_told(task)) is not None:
            if rest is None:
                raise kept_off
            kept_off.scope.tell_later()
        if self.caught and rest is not None:
            raise rest
        if self.caught and self.late and self.fail:
            raise TimeoutError(f"this took longer than {self.seconds} seconds") from None
        return self.caught

    def rest_of(self, error: BaseException | None) -> BaseException | None:
        """What is left of an error without what says that this scope was cancelled."""
        if isinstance(error, BaseExceptionGroup):
            own, rest = error.split(lambda part: self.is_told_by(part))
            return error if own is None else rest
        return None if error is None or self.is_told_by(error) else error

    def is_told_by(self, error: BaseException) -> bool:
        return isinstance(error, Cancelled) and error.scope is self

    def tell_later(self) -> None:
        """In the next round, if it is still open then: an error that is under way goes first."""
        self.told = False
        self.set_alarm(0)


def to_be_told(task: Task) -> Cancelled | None:
    """The error that tells a task of the outermost of its scopes that is cancelled and that no
    shield protects, if it has not been told before.

    The scopes within that one have nothing to say from now on: the task is about to leave them, and
    should not be kept. The same holds in a kill for those that were open before.
    """
    heard: list[Scope] = []
    for scope in reversed(task.scopes or ()):
        if task.killed and not scope.of_kill:
            break
        heard.append(scope)
        if scope.shield:
            break
    while heard:
        scope = heard.pop()
        if scope.cancelled and not scope.told:
            for told in (scope, *heard):
                told.told = True
            return Cancelled(scope)
    return None


def close_all(task: Task) -> None:
    """The task has ended, with scopes open that it had forgotten, or because it was forced to."""
    if task.scopes:
        task.scopes[0].close()


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
        if self.seconds is not None:
            check_seconds(self.seconds, "a scope cannot be open for {} seconds")
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
        if scope.task is not caller.task:
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
    try:
        scope = yield OpenScope(seconds, fail=True)
    except BaseException:
        drop(what)
        raise
    with scope:
        return (yield what)
