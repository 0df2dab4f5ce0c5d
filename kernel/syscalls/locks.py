"""Locks: semaphore, mutex, reader-writer lock and capacity limiter.

All are taken by `Acquire` and given back by `Release`, or held by `async with`. All are fair: a
permit goes into the hands of whoever has waited longest, and nobody overtakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..checks import check_count, wrong_kind
from ..errors import AlreadyOwner, NotOwner, OwnerDied
from ..named import Named
from ..systemcall import SystemCall, system_call
from ..task import Task
from ..waitqueue import WaitQueue
from ..watch import Watch
from .tasks import own_task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Lock(Named):
    """What `Acquire` takes and `Release` gives back."""

    __slots__ = ("waiters",)

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.waiters = WaitQueue()

    def acquire(self, caller: Caller, call: SystemCall) -> object:
        """Take it, or sleep until it is handed over."""
        raise NotImplementedError

    def release(self, caller: Caller, repaired: bool) -> None:
        """Hand it to whoever has waited longest, or put it back."""
        raise NotImplementedError

    def owner(self) -> int | None:
        """The tid of the one task that has it, if there is just one."""
        return None

    def holders(self) -> Iterable[int]:
        """The tids of the tasks of which each must give it back before one more can have it."""
        owner = self.owner()
        return () if owner is None else (owner,)

    async def __aenter__(self) -> Lock:
        try:
            await Acquire(self)
        except OwnerDied:  # here nobody could put things in order: that is for the next to try
            await Abandon(self)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await Release(self)


@system_call
class Acquire(SystemCall):
    """Takes a lock; waits until it is free. Answers None.

    Raises `AlreadyOwner` to a task that has it and would wait for itself. Raises `OwnerDied` to
    the next that has it after a task that ended without giving it back.
    """

    lock: Lock

    woken_by = "whoever gives it back"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        lock = self.lock
        if type(lock) is Semaphore:  # served here: another function is as dear as all of this
            if lock.permits:
                lock.permits -= 1
                return None
            return caller.sleep(lock.waiters, self)
        if isinstance(lock, Lock):
            return lock.acquire(caller, self)
        raise wrong_kind(lock, "a lock")

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        owner = self.lock.owner()
        return f"acquire {self.lock}" + (f", which task {owner} has" if owner else "")

    def waits_for(self) -> int | None:
        return self.lock.owner()

    def waits_for_all(self) -> Iterable[int]:
        return self.lock.holders()


@system_call
class Release(SystemCall):
    """Gives a lock back, into the hands of whoever has waited longest. Answers None.

    After an `OwnerDied`, to release it says that things are in order again; otherwise there is
    `Abandon`. Raises `NotOwner` to a task that does not have the lock.
    """

    lock: Lock

    gives_back = True
    repaired = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        lock = self.lock
        if type(lock) is Semaphore:
            waiter = lock.waiters.first
            if waiter is None:
                lock.permits += 1
            else:
                waiter.answer(None)
            return None
        if isinstance(lock, Lock):
            lock.release(caller, self.repaired)
            return None
        raise wrong_kind(lock, "a lock")


@system_call
class Abandon(Release):
    """Gives a lock back in the disorder in which a dead owner has left it: the next one gets
    `OwnerDied`, too. Otherwise like `Release`.
    """

    repaired = False


class Semaphore(Lock):
    """So many permits. Anybody may give one back, and so make them more than there were."""

    __slots__ = ("permits",)

    def __init__(self, permits: int = 1, name: str = "") -> None:
        super().__init__(name)
        check_count(permits, 0, "a semaphore has 0 permits or more")
        self.permits = permits

    def acquire(self, caller: Caller, call: SystemCall) -> object:
        if self.permits:
            self.permits -= 1
            return None
        return caller.sleep(self.waiters, call)

    def release(self, caller: Caller, repaired: bool) -> None:
        waiter = self.waiters.first
        if waiter is not None:
            waiter.answer(None)
        else:
            self.permits += 1


class OwnedLock(Lock):
    """A lock that knows which tasks have it, and takes it from those that end."""

    __slots__ = ("dead", "owners")

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        #: Who has it, and what tells of its end.
        self.owners: dict[Task, Watch] = {}
        #: The tid of an owner that ended and left things in disorder.
        self.dead: int | None = None

    def free(self, call: Any) -> bool:
        """Whether it may be had now by one more task, which asks for it by `call`."""
        raise NotImplementedError

    def acquire(self, caller: Caller, call: SystemCall) -> object:
        task = own_task(caller, call)
        if task in self.owners:
            raise AlreadyOwner(str(self))
        if self.waiters.first is not None or not self.free(call):
            return caller.sleep(self.waiters, call)
        self.give(task, call)
        if self.dead is not None:
            raise OwnerDied(str(self), self.dead)
        return None

    def give(self, task: Task, call: Any) -> None:
        self.owners[task] = Watch(task, self.died)

    def release(self, caller: Caller, repaired: bool) -> None:
        if caller.task not in self.owners:
            raise NotOwner(str(self), self.owner())
        self.owners.pop(caller.task).leave()
        if repaired:
            self.dead = None
        self.pass_on()

    def died(self, task: Task) -> None:
        """An owner has ended."""
        del self.owners[task]
        self.pass_on()

    def pass_on(self) -> None:
        """Hand it to as many as may have it now, in the order in which they came."""
        while (waiter := self.waiters.first) is not None and self.free(waiter.call):
            assert waiter.task is not None
            self.give(waiter.task, waiter.call)
            if self.dead is None:
                waiter.answer(None)
            else:
                waiter.fail(OwnerDied(str(self), self.dead))

    def owner(self) -> int | None:
        return next(iter(self.owners)).tid if len(self.owners) == 1 else None


class Mutex(OwnedLock):
    """One task at a time has it, and only that one gives it back.

    If its owner ends without that, what the mutex protects may be half done: the next one has it,
    and gets `OwnerDied`.
    """

    __slots__ = ()

    def free(self, call: Any) -> bool:
        return not self.owners

    def died(self, task: Task) -> None:
        self.dead = task.tid
        super().died(task)


class CapacityLimiter(OwnedLock):
    """So many tasks at a time, each of them once."""

    __slots__ = ("capacity",)

    def __init__(self, capacity: int, name: str = "") -> None:
        super().__init__(name)
        check_count(capacity, 1, "a limiter lets in 1 task or more")
        self.capacity = capacity

    def free(self, call: Any) -> bool:
        return len(self.owners) < self.capacity
