"""Task groups: tasks whose lives lie within a block.

    async with TaskGroup() as group:
        await group.spawn(fetch(1))
        await group.spawn(fetch(2))

    group = TaskGroup()                      # the same in classic style
    answer = yield group.run(body(group))

The block is left when all of its tasks have ended. If one of them fails, or the block itself does,
the others are killed, and what went wrong surfaces from the block as an `ExceptionGroup`. Nothing
leaves it early: a kill or a cancellation of whoever is in the block ends its tasks first.
"""

from __future__ import annotations

from collections import deque
from types import coroutine
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_kind
from ..errors import Cancelled, GroupClosed, TaskFailed, TaskKilled
from ..frames import drop
from ..systemcall import SystemCall, system_call
from ..task import ExitStatus, Target, Task
from ..waitqueue import WaitQueue
from ..watch import Watch
from .ready import Ready, WaitReady
from .scopes import Scope
from .tasks import own_task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: The ends that nobody has asked for yet of which a group keeps the status.
KEPT: Final = 1000


class TaskGroup:
    """A group of tasks, for one block.

    With `fail_fast` (unless told otherwise) the first failure ends all; otherwise the failures that
    `NextEnded` has not told of surface at the end of the block.
    """

    def __init__(self, *, fail_fast: bool = True) -> None:
        self.fail_fast = fail_fast
        #: Who is in the block, what tells of its end, and its scope there.
        self.parent: Task | None = None
        self.parents_end: Watch | None = None
        self.scope = Scope(None, fail=False, shield=False)
        #: Those that live, by tid; the daemons among them.
        self.tasks: dict[int, Task] = {}
        self.daemons: set[int] = set()
        #: How others ended, as far as nobody has asked for it; and the errors that ended the group.
        self.ended: deque[ExitStatus] = deque(maxlen=KEPT)
        self.errors: list[BaseException] = []
        #: Whether the block is at its end, and whether no task can be added any more.
        self.closing = self.closed = False
        #: Who waits for the next end, and for the last.
        self.asking, self.leaving = WaitQueue(), WaitQueue()

    def spawn(self, target: Target, name: str | None = None, *, daemon: bool = False) -> SystemCall:
        """The call that makes a task of the group and answers its tid. A `daemon` is killed once
        the block is at its end and all others have ended.
        """
        return SpawnInGroup(self, target, name, daemon)

    @coroutine
    def start(
        self, function: Callable[..., Target], *arguments: Any, name: str | None = None
    ) -> Generator[Any, Any, Any]:
        """Make a task of `function(*arguments, ready)` and wait until it says, by
        `TellReady(ready, value)`, that it is ready; gives the value. Raises `NeverReady` if it ends
        before.
        """
        ready = Ready()
        yield SpawnInGroup(self, function(*arguments, ready), name, False, ready)
        return (yield WaitReady(ready))

    @coroutine
    def run(self, body: Any) -> Generator[Any, Any, Any]:
        """Do `body`, a subroutine, as the block; gives what it returns once all have ended."""
        yield EnterGroup(self)
        try:
            answer = yield body
        except BaseException as error:
            yield from self.leave(error)
            return None
        yield from self.leave(None)
        return answer

    async def __aenter__(self) -> TaskGroup:
        await EnterGroup(self)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        await self.leave(error)
        return error is not None

    @coroutine
    def leave(self, error: BaseException | None) -> Generator[Any, Any, None]:
        """Wait until all have ended; then raise what went wrong, if anything did."""
        if error is None:
            try:
                yield LeaveGroup(self)
            except BaseException as late:  # a kill, or a scope around the block: end them first
                error = late
        if isinstance(error, GeneratorExit):
            self.abandon()
            raise error
        if error is not None:
            yield EndAndLeave(self)
        self.close()
        self.raise_errors(self.scope.rest_of(error))

    def raise_errors(self, error: BaseException | None) -> None:
        """Raise what went wrong in the tasks, together with the `error` by which the block ended;
        if nothing did, an error that has come from outside goes on as it is.
        """
        errors = [*self.errors, *(status.error for status in self.ended if status.error)]
        if error is not None:
            if not errors and isinstance(error, (TaskKilled, Cancelled)):
                raise error
            errors.insert(0, error)
        if errors:
            raise BaseExceptionGroup("in a task group", errors)

    # -- what the calls do

    def open(self, parent: Task) -> None:
        if self.parent is not None:
            raise ValueError("a task group is for one block: make another")
        self.parent = parent
        self.scope.open(parent)
        self.parents_end = Watch(parent, lambda _: self.abandon())

    def close(self) -> None:
        """The block is left."""
        self.scope.close()
        assert self.parents_end is not None
        self.parents_end.leave()

    def abandon(self) -> None:
        """Nobody can wait for the tasks: the block was left by force."""
        self.closed = True
        self.end_all()
        self.close()

    def add(self, task: Task, daemon: bool) -> None:
        self.tasks[task.tid] = task
        if daemon:
            self.daemons.add(task.tid)
        Watch(task, self.task_ended)

    def task_ended(self, task: Task) -> None:
        status = task.status
        assert status is not None
        del self.tasks[task.tid]
        self.daemons.discard(task.tid)
        if status.error is not None and self.fail_fast:
            self.errors.append(status.error)
            self.fail()
        elif self.asking.first is not None:
            self.asking.first.answer(status)
        else:
            self.ended.append(status)
        if self.closing and len(self.tasks) == len(self.daemons):
            self.end_all()
        if not self.tasks:
            self.closed = self.closed or bool(self.leaving)
            for waiter in [*self.asking, *self.leaving]:
                waiter.answer(None)

    def fail(self) -> None:
        """End the others, and the block."""
        self.closed = True
        self.end_all()
        if not self.closing and not self.scope.cancelled:
            self.scope.cancel()

    def end_all(self) -> None:
        for task in reversed(list(self.tasks.values())):
            task.kernel.kill(task)


@system_call
class EnterGroup(SystemCall):
    """Begins the block of a group. Answers None."""

    group: TaskGroup

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        self.group.open(own_task(caller, self))
        return None


@system_call
class SpawnInGroup(SystemCall):
    """Makes a task of a group; answers its tid. Raises `GroupClosed` unless the group is in its
    block, otherwise as `NewTask`.
    """

    group: TaskGroup
    target: Any
    name: str | None = None
    daemon: bool = False
    ready: Ready | None = None

    def drop(self) -> None:
        drop(self.target)

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = Task(self.target, self.name)
        if self.group.parent is None or self.group.closed:
            task.force()
            raise GroupClosed
        kernel.schedule(task, caller.tid)
        self.group.add(task, self.daemon)
        if self.ready is not None:
            Watch(task, self.ready.ended)
        return task.tid


@system_call
class LeaveGroup(SystemCall):
    """Waits until all tasks of a group have ended."""

    group: TaskGroup

    acts_first = True
    failed = False

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        group = self.group
        group.closing = True
        group.closed = group.closed or self.failed or not group.tasks
        if self.failed or len(group.tasks) == len(group.daemons):
            group.end_all()
        return caller.sleep(group.leaving, self) if group.tasks else None

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        count = len(self.group.tasks)
        return f"{count:,} task{'s' * (count != 1)} of its group"

    def waits_for(self) -> int | None:
        return next(iter(self.group.tasks)) if len(self.group.tasks) == 1 else None

    def waits_for_all(self) -> Iterable[int]:
        group = self.group  # its daemons are killed once the others have ended
        return [tid for tid in group.tasks if tid not in group.daemons]


@system_call
class EndAndLeave(LeaveGroup):
    """Kills all tasks of a group, as the block has failed, and waits until they have ended."""

    uninterruptible = True
    failed = True


@system_call
class NextEnded(SystemCall):
    """Waits for the next task of a group to end; answers its `ExitStatus`, each once, in the order
    of their ends. None when there is none any more. (Of those that nobody asks for the last 1,000
    are kept.)
    """

    group: TaskGroup

    woken_by = "the first of them that ends"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        group = self.group
        check_kind(group, TaskGroup, "a task group")
        if group.ended:
            return group.ended.popleft()
        return caller.sleep(group.asking, self) if group.tasks else None

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "the next task of its group"


@system_call
class EndGroup(SystemCall):
    """Kills the tasks that a group has now, newest first. Answers None."""

    group: TaskGroup

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.group, TaskGroup, "a task group")
        self.group.end_all()
        return None


@coroutine
def first_ended(*targets: Target) -> Generator[Any, Any, ExitStatus]:
    """Run all; gives the `ExitStatus` of the first that ends, once the others are killed.

    Raises `ValueError` without any.
    """
    statuses = yield from race(targets, lambda status: True)
    return statuses[-1]


@coroutine
def first_good(*targets: Target) -> Generator[Any, Any, Any]:
    """Run all; gives what the first returns that neither crashes nor is killed, once the others are
    killed. If there is none, raises an `ExceptionGroup` of a `TaskFailed` for each, from their own
    errors.
    """
    statuses = yield from race(targets, lambda status: status.ok)
    if statuses[-1].ok:
        return statuses[-1].value
    raise ExceptionGroup("none of them succeeded", [failure(status) for status in statuses])


def race(
    targets: tuple[Target, ...], wins: Callable[[ExitStatus], bool]
) -> Generator[Any, Any, list[ExitStatus]]:
    """Run all until one of them wins; gives how those ended that were told of, in their order."""
    if not targets:
        raise ValueError("there is nothing to run")
    group = TaskGroup(fail_fast=False)
    statuses: list[ExitStatus] = []
    left = deque(targets)

    def body() -> Generator[Any, Any, None]:
        while left:
            yield SpawnInGroup(group, left.popleft())
        while (status := (yield NextEnded(group))) is not None:
            statuses.append(status)
            if wins(status):
                break
        yield EndGroup(group)

    try:
        yield group.run(body())
    finally:
        for target in left:
            drop(target)
    return statuses


def failure(status: ExitStatus) -> TaskFailed:
    failed = TaskFailed(status)
    failed.__cause__ = status.error
    return failed
