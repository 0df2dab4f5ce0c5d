"""The condition: tasks that share a mutex wait until one of them says that something has changed.

async with condition:
    await condition.wait_for(lambda: stock)
    stock.pop()
"""

from __future__ import annotations

from collections.abc import Callable
from types import coroutine
from typing import TYPE_CHECKING, Any

from ..checks import check_count, check_kind
from ..errors import NotOwner, OwnerDied
from ..named import Named
from ..systemcall import SystemCall, system_call
from ..waitqueue import WaitQueue
from .locks import Mutex

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Condition(Named):
    """A condition with its `mutex`, which is a new one unless given. The mutex is had by whoever
    waits, notifies, or is in an `async with` of the condition.
    """

    __slots__ = ("mutex", "waiters")

    def __init__(self, mutex: Mutex | None = None, name: str = "") -> None:
        if mutex is not None:
            check_kind(mutex, Mutex, "a mutex")
        super().__init__(name)
        self.mutex = mutex or Mutex(name)
        self.waiters = WaitQueue()

    @coroutine
    def wait(self) -> Generator[Any, Any, None]:
        """Give the mutex back, wait for a `Notify`, and have the mutex again: whatever ends the
        waiting, a kill or a timeout, too. Raises `NotOwner` to a task that does not have it.
        """
        notice = Notice()
        try:
            yield AwaitNotice(self, notice)
        except OwnerDied:
            raise
        except GeneratorExit:  # by force; it has not seen what it may have been given
            if notice.given:
                self.pass_on()
            raise
        except BaseException as error:
            if notice.awaited:
                yield from self.have_again(notice, error)
            raise

    def have_again(self, notice: Notice, error: BaseException) -> Generator[Any, Any, None]:
        """Take the mutex, although the waiting has come to an untimely end by `error`."""
        try:
            yield Regain(self, notice)
        except OwnerDied as died:
            raise error from died

    @coroutine
    def wait_for(self, predicate: Callable[[], Any]) -> Generator[Any, Any, Any]:
        """Wait until `predicate()` is true; gives what it returned."""
        while not (result := predicate()):
            yield from self.wait()
        return result

    def pass_on(self) -> bool:
        """Let the first who waits have the mutex when its turn comes; False if nobody waits."""
        waiter = self.waiters.first
        if waiter is None:
            return False
        notice = waiter.call.notice
        notice.given = True
        waiter.sleep(self.mutex.waiters, Notified(self, notice))
        self.mutex.pass_on()
        return True

    async def __aenter__(self) -> Condition:
        await self.mutex.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.mutex.__aexit__(*error)


class Notice:
    """One waiting for one notification: whether it is awaited, and whether it was given."""

    __slots__ = ("awaited", "given")

    def __init__(self) -> None:
        self.awaited = self.given = False


@system_call
class AwaitNotice(SystemCall):
    """Gives the mutex back and waits to be notified."""

    condition: Condition
    notice: Notice

    acts_first = True
    woken_by = "whoever notifies"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        self.condition.mutex.release(caller, repaired=True)
        self.notice.awaited = True
        return caller.sleep(self.condition.waiters, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return str(self.condition)


@system_call
class Regain(SystemCall):
    """Takes the mutex after a waiting that came to an untimely end. A notice that was given before
    goes to another.
    """

    condition: Condition
    notice: Notice

    acts_first = True
    uninterruptible = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if self.notice.given:
            self.notice.given = False
            self.condition.pass_on()
        return self.condition.mutex.acquire(caller, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        owner = self.condition.mutex.owner()
        return f"{self.condition}, whose mutex " + (f"task {owner} has" if owner else "is free")

    def waits_for(self) -> int | None:
        return self.condition.mutex.owner()


@system_call
class Notified(Regain):
    """What is left of a waiting once there was a notice: the mutex is to be had again."""

    uninterruptible = False


@system_call
class Notify(SystemCall):
    """Wakes the `count` tasks that have waited longest for a condition, or all with None: each goes
    on when it has the mutex. Answers how many. Raises `NotOwner` to a task without the mutex.
    """

    condition: Condition
    count: int | None = 1

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        condition = self.condition
        check_kind(condition, Condition, "a condition")
        if self.count is not None:
            check_count(self.count, 0, "Notify wakes 0 tasks or more")
        if caller.task not in condition.mutex.owners:
            raise NotOwner(str(condition.mutex), condition.mutex.owner())
        woken = 0
        while woken != self.count and condition.pass_on():
            woken += 1
        return woken
