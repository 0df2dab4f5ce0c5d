"""Events and barriers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Barrier,
    ClearEvent,
    Event,
    NewTask,
    Now,
    SetEvent,
    Sleep,
    WaitBarrier,
    WaitEvent,
)

from ..support import ask, either_style, idle, run, settle, start, turn


@either_style
def test_all_who_wait_for_an_event_go_on_in_their_order(style):
    event, log = Event(), []

    def waiter(name):
        yield WaitEvent(event)
        log.append((name, (yield Now())))

    def setter():
        yield Sleep(2)
        yield SetEvent(event)

    settle(start(*(style(waiter(name)) for name in "abc"), style(setter())))
    assert log == [("a", 2.0), ("b", 2.0), ("c", 2.0)]


@either_style
def test_who_comes_after_the_event_does_not_wait_until_it_is_taken_back(style):
    def program():
        event = Event()
        yield SetEvent(event)
        yield SetEvent(event)
        yield WaitEvent(event)
        yield ClearEvent(event)
        yield NewTask(setter(event))
        yield WaitEvent(event)
        return (yield Now()), event.is_set

    def setter(event):
        yield Sleep(3)
        yield SetEvent(event)

    assert run(style(program())).value == (3.0, True)


def test_a_waiter_that_is_killed_is_no_longer_there():
    event = Event("ready")

    def waiter():
        yield WaitEvent(event)

    sched = start(waiter(), waiter(), idle(5))
    turn(sched, 2)
    assert sched.find(1).reason() == "Event ready"
    sched.kill(sched.find(1))
    ask(sched, SetEvent(event))
    settle(sched)
    assert sched.find(1).status.killed
    assert sched.find(2).status.ok
    assert not event.waiters


@either_style
def test_tasks_at_a_barrier_go_on_together_and_the_barrier_is_as_new(style):
    barrier, log = Barrier(3), []

    def runner(number):
        for _ in range(2):
            yield Sleep(number)
            place = yield WaitBarrier(barrier)
            log.append((place, number, (yield Now())))

    settle(start(*(style(runner(number)) for number in (1, 2, 3))))
    assert sorted(log) == [
        *((0, 1, 3.0), (0, 1, 6.0)),
        *((1, 2, 3.0), (1, 2, 6.0)),
        *((2, 3, 3.0), (2, 3, 6.0)),
    ]


def test_who_is_killed_at_a_barrier_has_not_come():
    barrier, log = Barrier(2, "start"), []

    def runner(name):
        yield WaitBarrier(barrier)
        log.append(name)

    sched = start(runner("victim"), idle(9))
    turn(sched, 2)
    assert sched.find(1).reason() == "Barrier start, 1 of 2 are here"
    sched.kill(sched.find(1))
    turn(sched, 2)
    sched.new(runner("a"))
    turn(sched, 2)
    assert log == []
    sched.new(runner("b"))
    settle(sched)
    assert sorted(log) == ["a", "b"]


@given(st.integers(1, 5), st.integers(0, 20))
def test_a_barrier_lets_go_of_whole_parties_only(parties, tasks):
    barrier, through = Barrier(parties), []

    def runner():
        through.append((yield WaitBarrier(barrier)))

    sched = start(*(runner() for _ in range(tasks)))
    turn(sched, 4)
    assert len(through) == tasks // parties * parties
    assert sorted(through) == sorted(list(range(parties)) * (tasks // parties))
    assert barrier.waiters.count == len(barrier.waiters) == tasks % parties


@pytest.mark.parametrize("parties", [0, -1, 1.5, None])
def test_a_barrier_is_for_a_number_of_tasks(parties):
    with pytest.raises(ValueError, match="a barrier is for 1 task or more"):
        Barrier(parties)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (WaitEvent, "an event"),
        (SetEvent, "an event"),
        (ClearEvent, "an event"),
        (WaitBarrier, "a barrier"),
    ],
)
def test_what_is_of_another_kind_is_refused_at_that_very_yield(call, words):
    def program():
        with pytest.raises(TypeError, match=f"{words} is wanted here, not 3"):
            yield call(3)
        return "lives"

    assert run(program()).value == "lives"
