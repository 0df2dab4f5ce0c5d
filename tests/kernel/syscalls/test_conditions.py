"""The condition: whatever ends the waiting, the mutex is had again, and no notice is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Condition,
    Exited,
    GetTid,
    KillTask,
    Mutex,
    NewTask,
    Notify,
    NotOwner,
    Now,
    OpenScope,
    OwnerDied,
    Release,
    SendSignal,
    Signal,
    Sleep,
    TaskKilled,
    within,
)

from ..support import either_style, end, outcome, run, settle, start, turn, watch


def holding(condition, body):
    """`body` with the mutex of the condition."""
    yield Acquire(condition.mutex)
    try:
        return (yield body)
    finally:
        yield Release(condition.mutex)


def waiter(condition, log, name):
    def body():
        yield condition.wait()
        log.append(name)
        assert condition.mutex.owner() == (yield GetTid())

    yield holding(condition, body())


def notifier(condition, count=1, pause=1.0):
    yield Sleep(pause)
    return (yield holding(condition, Notify(condition, count)))


@either_style
@pytest.mark.parametrize(
    ("count", "woken"), [(0, ""), (1, "a"), (2, "ab"), (9, "abc"), (None, "abc")]
)
def test_so_many_are_woken_as_are_notified_those_who_have_waited_longest_first(style, count, woken):
    condition, log = Condition(), []
    programs = [style(waiter(condition, log, name)) for name in "abc"]
    sched = start(*programs, style(notifier(condition, count)))
    turn(sched, 5)
    sched.clock.advance(1)
    turn(sched, 9)
    assert "".join(log) == woken
    assert outcome(sched, 4).value == len(woken)
    end(sched)


def test_a_block_of_the_condition_holds_its_mutex_and_wait_for_waits_until_it_is_so():
    condition, stock = Condition(), []

    async def consumer():
        async with condition:
            await condition.wait_for(lambda: len(stock) >= 2)
            return [stock.pop(), stock.pop()]

    async def producer():
        for item in "ab":
            await Sleep(1)
            async with condition:
                stock.append(item)
                await Notify(condition)

    sched = start(consumer(), producer())
    settle(sched)
    assert outcome(sched, 1).value == ["b", "a"]


def test_who_is_woken_goes_on_when_the_notifier_gives_the_mutex_back():
    condition, log = Condition(), []

    def slow():
        yield Sleep(1)
        yield Notify(condition)
        yield Sleep(5)
        log.append("notifier")

    def late():
        yield Sleep(1)
        yield holding(condition, slow())

    settle(start(waiter(condition, log, "waiter"), late()))
    assert log == ["notifier", "waiter"]


@pytest.mark.parametrize("kill_at", [0.5, 1.5, 2.5])
def test_a_kill_in_the_wait_has_the_mutex_again_before_anything_else_runs(kill_at):
    condition, log = Condition(), []

    def victim():
        yield Acquire(condition.mutex)
        try:
            yield condition.wait()
        finally:
            log.append((condition.mutex.owner(), (yield Now())))
            yield Release(condition.mutex)

    def holder():
        yield Sleep(1)
        yield holding(condition, Sleep(1))

    def killer():
        yield Sleep(kill_at)
        yield KillTask(1)

    sched = start(victim(), holder(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == [(1, {0.5: 0.5, 1.5: 2.0, 2.5: 2.5}[kill_at])]
    assert not condition.mutex.owners


def test_a_notice_whose_receiver_is_killed_before_it_has_the_mutex_goes_to_the_next():
    condition, log = Condition(), []

    def program():
        yield Sleep(1)
        yield Acquire(condition.mutex)
        assert (yield Notify(condition)) == 1
        yield KillTask(1)  # it has the notice, and waits for the mutex
        yield Release(condition.mutex)

    sched = start(waiter(condition, log, "victim"), waiter(condition, log, "next"), program())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == ["next"]


def test_a_notice_that_was_handed_over_is_seen_before_the_kill():
    condition, log = Condition(), []

    def program():
        yield Sleep(1)
        yield Acquire(condition.mutex)
        yield Notify(condition)
        yield Release(condition.mutex)  # now the waiter has the mutex, and has had no turn
        yield KillTask(1)

    sched = start(waiter(condition, log, "woken"), program())
    settle(sched)
    assert log == ["woken"]
    assert not condition.mutex.owners


@either_style
def test_a_timeout_of_the_wait_has_the_mutex_again(style):
    condition = Condition()

    def body():
        with pytest.raises(TimeoutError):
            yield within(2, condition.wait())
        return condition.mutex.owner(), (yield Now())

    assert run(style(holding(condition, body()))).value == (1, 2.0)


def test_whoever_is_told_twice_to_end_has_the_mutex_all_the_same():
    condition, log = Condition(), []

    def victim():
        yield Acquire(condition.mutex)
        try:
            yield condition.wait()
        finally:
            log.append(condition.mutex.owner())
            yield Release(condition.mutex)

    def holder():
        yield Acquire(condition.mutex)
        yield SendSignal(1, Signal.INT)
        yield Sleep(1)
        yield SendSignal(1, Signal.INT)
        yield KillTask(1)
        yield Sleep(1)
        yield Release(condition.mutex)

    sched = start(victim(), holder())
    sched.trace.report = lambda *_: None
    settle(sched)
    assert log == [1]
    assert not condition.mutex.owners


@pytest.mark.parametrize("use", [lambda c: c.wait(), Notify])
def test_without_the_mutex_nobody_waits_or_notifies(use):
    def program():
        with pytest.raises(NotOwner, match="this task does not have the Mutex stock"):
            yield use(Condition(name="stock"))
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("count", [-1, 1.5, "2"])
def test_to_notify_takes_a_number(count):
    def program():
        condition = Condition()
        yield Acquire(condition.mutex)
        with pytest.raises(ValueError, match="Notify wakes 0 tasks or more, not"):
            yield Notify(condition, count)
        with pytest.raises(TypeError, match="a condition is wanted here, not 3"):
            yield Notify(3)
        return "lives"

    assert run(program()).value == "lives"


def test_a_condition_may_share_a_mutex_and_nothing_else():
    mutex = Mutex()
    assert Condition(mutex).mutex is mutex
    with pytest.raises(TypeError, match="a mutex is wanted here, not 3"):
        Condition(3)


def test_the_owner_that_dies_is_told_to_whoever_is_woken():
    condition = Condition()

    def victim():
        yield Acquire(condition.mutex)
        yield Notify(condition)

    def program():
        yield Acquire(condition.mutex)
        yield NewTask(victim())
        with pytest.raises(OwnerDied):
            yield condition.wait()
        return condition.mutex.owner()

    assert run(program()).value == 1


def test_tasks_say_that_they_wait_for_a_notice_or_for_the_mutex():
    condition = Condition(name="stock")

    def program():
        yield Sleep(1)
        yield Acquire(condition.mutex)
        before = sched.find(1).reason()
        yield Notify(condition)
        return before, sched.find(1).reason()

    sched = start(waiter(condition, [], "a"), program())
    sched.trace.report = lambda *_: None
    settle(sched)
    assert outcome(sched, 2).value == (
        "Condition stock",
        "Condition stock, whose mutex task 2 has",
    )


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5)), max_size=4),
    st.lists(st.integers(0, 3), max_size=6),
)
def test_as_many_go_on_as_were_notified_or_all_that_are_left(waiters, kills, notices):
    condition, log = Condition(), []

    def killer():
        for when, tid in sorted(kills):
            yield Sleep(when)
            if tid <= waiters and tid in sched.tasks:
                yield KillTask(tid)

    programs = [waiter(condition, log, number) for number in range(waiters)]
    sched = start(*programs, killer(), *(notifier(condition, 1, pause) for pause in notices))
    while sched.alarms.due() is not None or sched.ready:
        if not sched.ready:
            sched.clock.time = max(sched.clock.time, sched.alarms.due())
        turn(sched)
    killed = sum(outcome(sched, t).killed for t in range(1, waiters + 1) if t not in sched.tasks)
    assert len(log) <= len(notices)
    assert waiters - len(log) <= killed + len(condition.waiters)
    assert not condition.mutex.owners
    if condition.waiters:  # nobody is left behind while a notice was in vain
        heard = sum(outcome(sched, waiters + 2 + n).value for n in range(len(notices)))
        assert heard == len(log)
    end(sched)


@pytest.mark.parametrize("patience", [1, None])
@pytest.mark.parametrize("late", ["kill", "scope"])
def test_what_comes_while_the_mutex_is_had_again_is_heard_afterwards(patience, late):
    condition, log = Condition(), []

    async def program():
        with await OpenScope(2 if late == "scope" else None) as outer:
            with await OpenScope(patience):
                async with condition:
                    if patience is None:
                        await NewTask(interrupt())
                    try:
                        await condition.wait()
                    except KeyboardInterrupt:
                        pass
                    log.append(condition.mutex.owner())
            await Sleep(100)
            log.append("must not be reached")
        log.append((outer.caught, await Now()))

    def interrupt():
        yield Sleep(1)
        yield SendSignal(1, Signal.INT)

    def holder():
        yield Sleep(0.5)
        yield Acquire(condition.mutex)
        yield Sleep(2)
        if late == "kill":
            yield KillTask(1)
        yield Sleep(1)
        yield Release(condition.mutex)

    sched = start(program(), holder())
    settle(sched)
    log = [entry for entry in log if entry != 1]
    assert outcome(sched, 1).killed is (late == "kill")
    assert log == ([] if late == "kill" else [(True, 3.5)])
    assert not condition.mutex.owners


def test_a_kill_of_who_waits_tells_of_the_owner_that_died_meanwhile():
    condition, log = Condition(), []

    async def program():
        try:
            async with condition:
                await condition.wait()
        except TaskKilled as error:
            log.append(type(error.__cause__))
            raise

    def careless():
        yield Acquire(condition.mutex)
        yield KillTask(1)
        yield Sleep(1)

    sched = start(program(), careless())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == [OwnerDied]


@pytest.mark.parametrize("has_mutex", [True, False])
def test_a_notice_whose_receiver_is_ended_by_force_goes_to_the_next(has_mutex):
    condition, log = Condition(), []

    def program():
        yield Sleep(1)
        yield Acquire(condition.mutex)
        yield Notify(condition)
        if has_mutex:
            yield Release(condition.mutex)
        yield SendSignal(1, Signal.KILL)
        if not has_mutex:
            yield Release(condition.mutex)

    sched = start(waiter(condition, log, "victim"), waiter(condition, log, "next"), program())
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).forced
    assert log == ["next"]
