"""Locks: fair, and in order again whatever ends the tasks that have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Abandon,
    Acquire,
    AlreadyOwner,
    CapacityLimiter,
    Deadlock,
    GetTid,
    KillTask,
    Lock,
    Mutex,
    NewTask,
    NotATask,
    NotOwner,
    Now,
    OpenScope,
    OwnerDied,
    Release,
    RWLock,
    Scheduler,
    Select,
    Semaphore,
    SendSignal,
    Signal,
    Sleep,
)

from ..support import ask, either_style, idle, outcome, run, settle, start, turn

KINDS = {
    "semaphore": lambda: Semaphore(1),
    "mutex": Mutex,
    "limiter": lambda: CapacityLimiter(1),
    "writer": lambda: RWLock().writer,
}
every_lock = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def classic(lock, log, name, seconds=1.0):
    yield Acquire(lock)
    try:
        log.append(f"{name} in")
        yield Sleep(seconds)
    finally:
        log.append(f"{name} out")
        yield Release(lock)


async def block(lock, log, name, seconds=1.0):
    async with lock:
        log.append(f"{name} in")
        try:
            await Sleep(seconds)
        finally:
            log.append(f"{name} out")


styles = pytest.mark.parametrize("hold", [classic, block])


@every_lock
@styles
def test_one_at_a_time_in_the_order_in_which_they_came(make, hold):
    lock, log = make(), []
    settle(start(*(hold(lock, log, name) for name in "abc")))
    assert log == ["a in", "a out", "b in", "b out", "c in", "c out"]


@styles
@pytest.mark.parametrize("make", [Semaphore, CapacityLimiter])
def test_as_many_at_a_time_as_there_are_permits(make, hold):
    lock, log = make(2), []
    settle(start(*(hold(lock, log, name) for name in "abc")))
    assert log == ["a in", "b in", "a out", "b out", "c in", "c out"]


@every_lock
@styles
def test_nobody_overtakes_who_waits(make, hold):
    lock, log = make(), []
    sched = start(hold(lock, log, "a"), hold(lock, log, "b"))

    def late():
        yield Sleep(1)  # comes at the very moment when the lock is handed over
        yield hold(lock, log, "late")

    sched.new(late())
    settle(sched)
    assert [entry for entry in log if entry.endswith("in")] == ["a in", "b in", "late in"]


@every_lock
@styles
@pytest.mark.parametrize("rounds", range(1, 9))
@pytest.mark.parametrize("victim", [1, 2, 3])
def test_a_kill_at_any_step_costs_no_permit(make, hold, rounds, victim):
    lock, log = make(), []
    sched = start(*(hold(lock, log, name, 0.001) for name in "abc"))
    turn(sched, rounds)
    if victim in sched.tasks:
        sched.kill(sched.tasks[victim])
    settle(sched)
    sched.new(hold(lock, log, "last"))
    settle(sched)
    assert log[-2:] == ["last in", "last out"]
    assert [entry for entry in log if entry.endswith("in")].__len__() == len(log) / 2


@every_lock
@styles
def test_who_is_killed_right_after_it_was_handed_the_lock_gives_it_back(make, hold):
    lock, log = make(), []

    def program():
        yield Acquire(lock)
        yield NewTask(hold(lock, log, "victim"))
        yield NewTask(hold(lock, log, "next"))
        yield Sleep(1)
        yield Release(lock)  # now the victim has it, and has not had a turn since
        yield KillTask(2)

    settle(start(program()))
    assert log == ["victim in", "victim out", "next in", "next out"]


@every_lock
def test_a_kill_that_lands_at_the_very_release_does_not_prevent_it(make):
    lock, log = make(), []

    def victim():
        yield Acquire(lock)
        yield Release(lock)
        log.append("must not be reached")

    def program():
        yield Acquire(lock)
        yield NewTask(victim())
        yield Sleep(1)
        yield Release(lock)
        yield KillTask(2)
        yield Acquire(lock)
        log.append("free again")

    settle(start(program()))
    assert log == ["free again"]


@styles
def test_a_task_that_is_ended_by_force_leaves_no_mutex_locked(hold):
    lock, log = Mutex(), []

    def stubborn():
        yield Acquire(lock)
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(1000)

    def program():
        yield NewTask(stubborn())
        yield Sleep(1)
        yield KillTask(2, 0)
        with pytest.raises(OwnerDied, match="task 2 ended while it had the Mutex") as died:
            yield Acquire(lock)
        assert died.value.tid == 2
        yield Release(lock)
        yield hold(lock, log, "next")

    assert run(program()).error is None
    assert log == ["next in", "next out"]


@every_lock
@styles
def test_who_is_ended_by_force_gives_back_what_its_finally_gives_back(make, hold):
    lock, log = make(), []

    def program():
        tid = yield NewTask(hold(lock, log, "victim", 1000))
        yield Sleep(1)
        yield SendSignal(tid, Signal.KILL)
        yield hold(lock, log, "next")

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).error is None
    assert outcome(sched, 2).forced
    assert outcome(sched, 2).error is None
    assert log == ["victim in", "victim out", "next in", "next out"]


def test_who_gives_back_without_end_when_it_is_ended_by_force_is_ended_all_the_same():
    semaphore = Semaphore(0)

    def stubborn():
        while True:
            try:
                yield Release(semaphore)
                yield Sleep(1)
            except GeneratorExit:
                pass

    sched = start(stubborn(), idle(2))
    turn(sched, 2)
    sched.force(sched.find(1))
    assert "ignored GeneratorExit" in str(outcome(sched, 1).error)
    assert semaphore.permits < 200


def keeper(lock):
    yield Acquire(lock)


@pytest.mark.parametrize("name", ["mutex", "writer"])
def test_the_next_owner_after_one_that_has_died_is_told_so(name):
    lock, log = KINDS[name](), []

    def waiter(name):
        try:
            yield Acquire(lock)
            log.append(f"{name} has it")
        except OwnerDied as died:
            log.append(f"{name} has it after {died.tid}")
        yield Release(lock)

    settle(start(keeper(lock), waiter("a"), waiter("b")))
    assert log == ["a has it after 1", "b has it"]


def test_who_waits_when_the_owner_dies_is_told_as_well_as_who_comes_later():
    lock, log = Mutex(), []

    def owner():
        yield Acquire(lock)
        yield Sleep(1)

    def waiter(name, patience):
        yield Sleep(patience)
        try:
            yield Acquire(lock)
        except OwnerDied:
            log.append(name)
            yield Abandon(lock)

    settle(start(owner(), waiter("waits", 0), waiter("later", 2)))
    assert log == ["waits", "later"]


def test_a_block_passes_the_news_of_a_dead_owner_on_to_the_next():
    lock, log = Mutex(), []

    async def careless(name):
        try:
            async with lock:
                log.append("must not be reached")
        except OwnerDied as died:
            log.append((name, died.tid))

    def careful():
        with pytest.raises(OwnerDied):
            yield Acquire(lock)
        yield Release(lock)

    sched = start(keeper(lock), careless("a"), careless("b"), careful())
    sched.new(block(lock, log, "at last"))
    settle(sched)
    assert log == [("a", 1), ("b", 1), "at last in", "at last out"]


@pytest.mark.parametrize("lock", [CapacityLimiter(1), RWLock().reader], ids=str)
def test_who_only_reads_or_is_let_in_may_die_without_disorder(lock):
    log = []
    settle(start(keeper(lock), classic(lock, log, "next")))
    assert log == ["next in", "next out"]


@pytest.mark.parametrize("name", ["mutex", "limiter", "writer"])
def test_to_acquire_twice_is_an_error_and_not_a_wait_for_ever(name):
    lock = KINDS[name]()

    def program():
        yield Acquire(lock)
        with pytest.raises(AlreadyOwner, match=r"this task has the .* already"):
            yield Acquire(lock)
        yield Release(lock)
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("name", ["mutex", "limiter", "writer"])
def test_only_the_owner_releases(name):
    lock = KINDS[name]()

    def thief():
        with pytest.raises(
            NotOwner, match=r"this task does not have the .*: task 1 has it"
        ) as error:
            yield Release(lock)
        assert error.value.owner == 1
        return "refused"

    def program():
        with pytest.raises(NotOwner) as error:
            yield Release(lock)
        assert error.value.owner is None
        yield Acquire(lock)
        yield NewTask(thief())
        yield Sleep(1)
        yield Release(lock)

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).ok
    assert outcome(sched, 2).value == "refused"


def test_anybody_may_give_a_semaphore_a_permit():
    semaphore, log = Semaphore(0), []

    def waiter():
        yield Acquire(semaphore)
        log.append("let go")

    sched = start(waiter())
    turn(sched, 2)
    assert log == []
    ask(sched, Release(semaphore))
    settle(sched)
    assert log == ["let go"]
    assert semaphore.permits == 0


def test_a_request_may_have_a_permit_and_nothing_that_has_an_owner():
    semaphore = Semaphore(1)
    sched = start(idle(3))
    permit, mutex = ask(sched, Acquire(semaphore)), ask(sched, Acquire(Mutex()))
    settle(sched)
    assert permit.result(0) is None
    assert semaphore.permits == 0
    assert isinstance(mutex.exception(0), NotATask)


@pytest.mark.parametrize("call", [Acquire, Release])
@pytest.mark.parametrize("thing", [3, "x", None])
def test_what_is_no_lock_is_refused_at_that_very_yield(call, thing):
    def program():
        with pytest.raises(TypeError, match="a lock is wanted here, not"):
            yield call(thing)
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("permits", [-1, 1.5, None])
def test_permits_are_a_number(permits):
    with pytest.raises(ValueError, match="a semaphore has 0 permits or more"):
        Semaphore(permits)


@pytest.mark.parametrize("capacity", [0, -1, 1.5, None])
def test_a_capacity_is_a_number_of_tasks(capacity):
    with pytest.raises(ValueError, match="a limiter lets in 1 task or more"):
        CapacityLimiter(capacity)


def test_tasks_say_what_they_wait_for_and_who_has_it():
    mutex = Mutex("stock")
    sched = start(classic(mutex, [], "a"), classic(mutex, [], "b"))
    turn(sched, 2)
    assert sched.find(2).reason() == "acquire Mutex stock, which task 1 has"
    settle(sched)


def test_a_circle_of_mutexes_is_said_to_be_one():
    one, two = Mutex("one"), Mutex("two")

    def program(first, second):
        yield Acquire(first)
        yield
        yield Acquire(second)

    sched = Scheduler()
    sched.new(program(one, two))
    sched.new(program(two, one))
    with pytest.raises(Deadlock, match=r"in a circle: 1 → 2 → 1; .*Mutex two, which task 2 has"):
        sched.mainloop()


def test_a_lock_of_ones_own_works_with_the_same_calls():
    class Turnstile(Lock):
        """Lets everybody in, and counts."""

        inside = 0

        def acquire(self, caller, call):
            self.inside += 1

        def release(self, caller, repaired):
            self.inside -= 1

    async def program(lock):
        async with lock:
            return lock.inside

    lock = Turnstile()
    assert run(program(lock)).value == 1
    assert lock.inside == 0


def test_twenty_thousand_waiters_are_let_in_one_after_the_other():
    semaphore, log = Semaphore(0), []

    def waiter(number):
        yield Acquire(semaphore)
        log.append(number)

    def program():
        for number in range(20_000):
            yield NewTask(waiter(number))
        yield Sleep(1)
        for _ in range(20_000):
            yield Release(semaphore)

    settle(start(program()))
    assert log == list(range(20_000))


# -- the reader-writer lock


@styles
def test_readers_read_together_and_a_writer_writes_alone(hold):
    lock, log = RWLock(), []
    sides = [lock.reader, lock.reader, lock.writer, lock.reader, lock.reader]
    settle(start(*(hold(side, log, name) for side, name in zip(sides, "abWcd", strict=True))))
    assert log == [
        *("a in", "b in", "a out", "b out"),
        *("W in", "W out"),
        *("c in", "d in", "c out", "d out"),
    ]


def test_a_reader_does_not_overtake_a_writer_that_waits():
    lock, log = RWLock(), []
    programs = [(lock.reader, "reads"), (lock.writer, "writes"), (lock.reader, "waits")]
    settle(start(*(classic(side, log, name) for side, name in programs)))
    assert log == ["reads in", "reads out", "writes in", "writes out", "waits in", "waits out"]


def test_a_reader_cannot_have_the_other_side_as_well():
    def program():
        lock = RWLock("book")
        yield Acquire(lock.reader)
        with pytest.raises(AlreadyOwner, match="this task has the RWLock book already"):
            yield Acquire(lock.writer)
        yield Release(lock.reader)
        with pytest.raises(TypeError, match="its reader or its writer"):
            yield Acquire(lock)
        return "lives"

    assert run(program()).value == "lives"


@given(
    st.lists(st.tuples(st.sampled_from("RW"), st.integers(0, 3), st.integers(0, 3)), max_size=8),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 8)), max_size=3),
)
def test_never_a_writer_beside_anybody_whoever_is_killed_when(programs, kills):
    lock, inside = RWLock(), []

    def program(kind, wait, stay):
        yield Sleep(wait)
        side = lock.writer if kind == "W" else lock.reader
        try:
            yield Acquire(side)
        except OwnerDied:
            pass
        inside.append(kind)
        assert inside == ["W"] or set(inside) == {"R"}
        try:
            yield Sleep(stay)
        finally:
            inside.remove(kind)
            yield Release(side)

    def killer():
        for when, tid in sorted(kills):
            yield Sleep(when)
            if tid <= len(programs):
                yield KillTask(tid)

    sched = start(*(program(*each) for each in programs), killer())
    settle(sched)
    assert all(outcome(sched, tid).error is None for tid in range(1, len(programs) + 2))
    assert inside == []
    assert not lock.owners
    assert not lock.waiters


@either_style
def test_locks_of_several_kinds_nest(style):
    def program():
        mutex, limiter, semaphore = Mutex(), CapacityLimiter(1), Semaphore(1)
        for lock in (mutex, limiter, semaphore):
            yield Acquire(lock)
        for lock in (semaphore, limiter, mutex):
            yield Release(lock)
        return (yield GetTid()), not mutex.owners, not limiter.owners, semaphore.permits

    assert run(style(program())).value == (1, True, True, 1)


def reader_and_when(lock, log, name, seconds):
    yield Acquire(lock.reader)
    log.append((name, (yield Now())))
    yield Sleep(seconds)
    yield Release(lock.reader)


@pytest.mark.parametrize("leave", ["kill", "timeout", "select"])
def test_a_writer_that_waits_no_more_keeps_no_reader_off(leave):
    lock, log = RWLock(), []

    def writer():
        if leave == "select":
            yield Select(Sleep(1), Acquire(lock.writer))
        else:
            with (yield OpenScope(1 if leave == "timeout" else None)):
                yield Acquire(lock.writer)

    def killer():
        yield Sleep(1)
        if leave == "kill":
            yield KillTask(2)

    readers = [reader_and_when(lock, log, name, 3) for name in "abc"]
    sched = start(readers[0], writer(), readers[1], readers[2], killer())
    settle(sched)
    assert log == [("a", 0.0), ("b", 1.0), ("c", 1.0)]
    assert not sched.alarms.live


def test_of_two_writers_that_wait_one_that_goes_does_not_let_a_reader_overtake_the_other():
    lock, log = RWLock(), []
    sched = start(
        reader_and_when(lock, log, "a", 5),
        classic(lock.writer, log, "first", 1),
        classic(lock.writer, log, "second", 1),
        reader_and_when(lock, log, "b", 1),
    )
    turn(sched, 2)
    ask(sched, KillTask(2))
    settle(sched)
    assert log == [("a", 0.0), "second in", "second out", ("b", 6.0)]


def test_a_chain_of_selects_each_of_which_keeps_off_the_next_comes_undone_without_recursion():
    locks = [RWLock() for _ in range(2000)]

    def link(number):
        branches = [Acquire(locks[number].reader)]
        if number + 1 < len(locks):
            branches.append(Acquire(locks[number + 1].writer))
        return (yield Select(*reversed(branches)))

    def program():
        for lock in locks:
            yield Acquire(lock.reader)
        first = yield NewTask(waiting(Acquire(locks[0].writer)))
        for number in reversed(range(len(locks))):
            yield NewTask(link(number))
        yield Sleep(1)
        yield KillTask(first)
        yield Sleep(1)

    def waiting(call):
        yield call

    sched = start(program())
    settle(sched)
    assert not any(lock.owners or lock.waiters for lock in locks)


def test_a_block_that_is_ended_by_force_gives_a_permit_back_and_no_frame_is_left():
    semaphore, mutex = Semaphore(1), Mutex()

    async def program():
        async with semaphore, mutex:
            await Sleep(100)

    sched = start(program())
    turn(sched, 2)
    ask(sched, SendSignal(1, Signal.KILL))
    settle(sched)
    assert outcome(sched, 1).forced
    assert outcome(sched, 1).error is None
    assert semaphore.permits == 1
    assert (mutex.owners, mutex.dead) == ({}, None)


@every_lock
def test_a_block_in_an_async_generator_that_is_left_gives_the_lock_back(make):
    lock, log = make(), []

    async def numbers():
        async with lock:
            yield 1

    async def program():
        generator = numbers()
        async for _ in generator:
            break
        await generator.aclose()

    settle(start(program()))
    settle(start(block(lock, log, "next")))
    assert log == ["next in", "next out"]
