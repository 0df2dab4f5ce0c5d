"""A world in which tasks wait for each other: locks, conditions, events, barriers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from hypothesis import strategies as st

from kernel import (
    Abandon,
    Acquire,
    Barrier,
    CapacityLimiter,
    ClearEvent,
    Condition,
    Event,
    Mutex,
    Notify,
    Release,
    RWLock,
    Semaphore,
    SetEvent,
    Sleep,
    WaitBarrier,
    WaitEvent,
    within,
)

from ..support import as_coroutine
from .world import IDLE, SECONDS, WHO, Calls, Note, Worker, World, each, happening, orders_of

#: What workers call to wait for each other.
LOCKING: dict[str, Any] = {
    "acquire": lambda world, worker, i: Acquire(world.locks[i]),
    "acquire the other": lambda world, worker, i: Acquire(world.locks[i + 3]),
    "read": lambda world, worker, i: Acquire(world.book.reader),
    "write": lambda world, worker, i: Acquire(world.book.writer),
    "wait": lambda world, worker, i: WaitEvent(world.event),
    "set": lambda world, worker, i: (SetEvent, ClearEvent)[i % 2](world.event),
    "meet": lambda world, worker, i: WaitBarrier(world.barriers[i]),
    "sleep": lambda world, worker, i: Sleep(i / 2),
}


class Locks(World):
    """Locks, conditions, events and barriers: every permit is somebody's, or free."""

    def prepare(self) -> None:
        super().prepare()
        self.semaphores = Counter({Semaphore(number): number for number in (1, 2)})
        self.mutex, self.limiter, self.book = Mutex(), CapacityLimiter(2), RWLock()
        sides = self.book.reader, self.book.writer
        self.locks = [*self.semaphores, *sides, self.limiter, self.mutex]
        self.condition, self.event = Condition(self.mutex), Event()
        self.barriers = [Barrier(parties) for parties in (1, 2, 3)]
        owned = self.mutex, self.limiter, self.book
        self.things += [*self.semaphores, *owned, self.condition, self.event, *self.barriers]
        self.owned = owned
        self.woken = self.waited = 0

    def took(self, worker: Worker, note: Note) -> None:
        super().took(worker, note)
        if note.error is not None:
            calls = getattr(note.call, "calls", (note.call,))
            for call in each(calls, Acquire):
                if owns(worker, call.lock):  # of the two sides of a lock, one
                    worker.held.append(call.lock)
        elif isinstance(note.done[0], Acquire):
            worker.held.append(note.done[0].lock)

    @happening(orders=st.lists(orders_of(LOCKING), min_size=1, max_size=IDLE))
    def workers_use_locks(self, orders: Any) -> None:
        for order in orders:
            self.order(0, partial(self.do, order=order, words=LOCKING))

    @happening(who=WHO, which=WHO, repaired=st.booleans())
    def a_worker_releases(self, who: int, which: int, repaired: bool) -> None:
        def order(worker: Worker) -> Calls:
            if worker.held:
                lock = worker.held.pop(which % len(worker.held))
                yield from worker.make(Release(lock) if repaired else Abandon(lock))

        self.order(who, order)

    @happening(who=WHO, which=st.integers(0, 5))
    def a_worker_enters_a_block_of_a_lock(self, who: int, which: int) -> None:
        async def block(worker: Worker) -> None:
            lock = self.locks[which]
            note = worker.note = self.note(Note(Acquire(lock), worker))
            try:
                async with lock:
                    note.end("left")
                    worker.inside.append(lock)
                    try:
                        await as_coroutine(worker.serve())
                    finally:
                        worker.inside.remove(lock)
            finally:
                if note.under_way:
                    note.end("raised")

        def order(worker: Worker) -> Calls:
            yield block(worker)

        self.order(who, order)

    @happening(who=WHO, patience=st.none() | SECONDS)
    def a_worker_waits_for_a_notice(self, who: int, patience: float | None) -> None:
        def order(worker: Worker) -> Calls:
            mutex = self.mutex
            if mutex not in worker.held:
                yield from worker.make(Acquire(mutex))
            worker.held.remove(mutex)
            worker.waits = True
            try:
                yield self.waiting() if patience is None else within(patience, self.waiting())
            except GeneratorExit:
                raise
            except BaseException:
                worker.held.append(mutex)
                raise
            else:
                worker.held.append(mutex)
            finally:
                worker.waits = False

        self.order(who, order)

    def waiting(self) -> Calls:
        yield from self.condition.wait()
        self.waited += 1

    @happening(who=WHO, number=st.sampled_from([1, 2, None]))
    def a_worker_notifies(self, who: int, number: int | None) -> None:
        def order(worker: Worker) -> Calls:
            mutex = self.mutex
            if mutex not in worker.held:
                yield from worker.make(Acquire(mutex))
            yield from worker.make(Notify(self.condition, number))
            worker.held.remove(mutex)
            yield from worker.make(Release(mutex))

        self.order(who, order)

    @happening(which=st.integers(0, 1), gives=st.booleans())
    def a_request_takes_or_gives_a_permit(self, which: int, gives: bool) -> None:
        self.request((Release if gives else Acquire)(self.locks[which]))

    def check(self) -> None:
        super().check()
        self.every_permit_is_somebodys_or_free()
        self.every_owner_knows_that_it_is()
        assert all(len(barrier.waiters) < barrier.parties for barrier in self.barriers)
        assert self.waited <= sum(answer for _, answer, _ in self.done(Notify))

    def every_permit_is_somebodys_or_free(self) -> None:
        there = Counter({semaphore: semaphore.permits for semaphore in self.semaphores})
        for worker in self.workers:
            there.update(each(worker.held + worker.inside, Semaphore))
        # In the hands of a request, or of a task that has not seen it yet or never will.
        there.update(
            call.lock
            for call, _, note in self.done(Acquire)
            if note.worker is None or note.state != "answered"
            if isinstance(call.lock, Semaphore)
        )
        there.subtract(call.lock for call, _, note in self.done(Release) if note.worker is None)
        assert there == self.semaphores, "a permit is lost, or one too many"

    def every_owner_knows_that_it_is(self) -> None:
        for lock in self.owned:
            for worker in self.living():
                if lock in map(whole, worker.held + worker.inside):
                    assert worker.task in lock.owners, "a lock is lost"
                elif worker.task in lock.owners:
                    assert worker.waits or worker.note.under_way


def owns(worker: Worker, lock: Any) -> bool:
    """Whether a worker has a lock with an owner that it did not have before."""
    lock = whole(lock)
    return lock not in map(whole, worker.held) and worker.task in getattr(lock, "owners", ())


def whole(lock: Any) -> Any:
    """Of a side, the reader-writer lock."""
    return getattr(lock, "lock", lock)
