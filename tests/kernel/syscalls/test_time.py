"""Sleeping."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import KillTask, ManualClock, NewTask, Now, Sleep, SleepUntil, Ticks, WaitTask

from ..support import ask, either_style, run, settle, start, turn


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_sleepers_wake_in_the_order_of_their_times(naps):
    woken = []

    def sleeper(seconds):
        yield Sleep(seconds)
        woken.append(seconds)

    sched = start(*map(sleeper, naps))
    settle(sched)
    assert woken == sorted(naps)


def test_nobody_wakes_early():
    def sleeper():
        yield Sleep(2)

    clock = ManualClock(100)
    sched = start(sleeper(), clock=clock)
    turn(sched)
    clock.advance(1.999)
    turn(sched, 3)
    assert sched.tasks
    clock.advance(0.001)
    turn(sched, 2)
    assert not sched.tasks


def test_sleep_0_gives_up_the_processor():
    order = []

    def program(name):
        for _ in range(2):
            order.append(name)
            yield Sleep(0)

    settle(start(program("a"), program("b")))
    assert order == ["a", "b", "a", "b"]


@pytest.mark.parametrize("seconds", [-1, -0.001, float("inf"), float("nan")])
def test_what_is_no_time_is_refused_at_that_very_yield(seconds):
    def program():
        with pytest.raises(ValueError, match="cannot sleep"):
            yield Sleep(seconds)
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("seconds", ["1", None, [], 1j])
def test_what_is_no_number_is_refused_at_that_very_yield(seconds):
    def program():
        with pytest.raises(TypeError, match=re.escape(f"seconds are a number, not {seconds!r}")):
            yield Sleep(seconds)
        return "lives"

    assert run(program()).value == "lives"


def test_one_sleep_that_is_yielded_twice_lasts_its_whole_time_each_time():
    call = Sleep(5)
    times = []

    def program(clock):
        for _ in range(2):
            yield call
            times.append(clock.now())

    clock = ManualClock()
    settle(start(program(clock), clock=clock))
    assert times == [5, 10]
    assert call.seconds == 5


def test_one_sleep_of_two_tasks_has_an_end_for_each():
    call = Sleep(5)
    clock = ManualClock()
    times = []

    def program(delay):
        yield Sleep(delay)
        yield call
        times.append(clock.now())

    settle(start(program(0), program(3), clock=clock))
    assert times == [5, 8]


@pytest.mark.parametrize("kill_first", [False, True])
def test_a_sleep_that_is_due_at_the_time_of_a_kill_has_one_outcome(kill_first):
    ends = []

    def sleeper():
        try:
            yield Sleep(1)
            ends.append("woke")
            yield
            ends.append("went on")
        finally:
            ends.append("end")

    def program():
        tid = yield NewTask(sleeper())
        yield Sleep(1 if kill_first else 0.5)
        yield KillTask(tid)
        return (yield WaitTask(tid)).killed

    assert run(program()).value is True
    assert ends.count("end") == 1
    assert "went on" not in ends


def test_a_request_may_sleep_too():
    clock = ManualClock()
    sched = start(clock=clock)
    reply = ask(sched, Sleep(1))
    turn(sched)
    assert not reply.done()
    clock.advance(1)
    turn(sched)
    assert reply.result(0) is None


def test_a_sleeper_tells_how_much_is_left():
    clock = ManualClock()

    def sleeper():
        yield Sleep(2)

    sched = start(sleeper(), clock=clock)
    turn(sched)
    clock.advance(1.6)
    assert sched.find(1).reason() == "sleep 0.4 s left"


@either_style
def test_now_is_the_kernels_own_clock(style):
    def program():
        before = yield Now()
        yield Sleep(2.5)
        return before, (yield Now())

    assert run(style(program()), clock=ManualClock(100)).value == (100.0, 102.5)


@either_style
@pytest.mark.parametrize(("when", "ends"), [(107, 107.0), (100, 100.0), (3, 100.0), (-5, 100.0)])
def test_sleep_until_a_time_that_is_over_only_gives_way(style, when, ends):
    def program():
        yield SleepUntil(when)
        return (yield Now())

    assert run(style(program()), clock=ManualClock(100)).value == ends


@pytest.mark.parametrize("when", [float("inf"), float("nan"), float("-inf")])
def test_to_sleep_until_no_time_is_refused(when):
    def program():
        with pytest.raises(ValueError, match="cannot sleep until"):
            yield SleepUntil(when)
        return "lives"

    assert run(program()).value == "lives"


def test_ticks_do_not_drift_and_leave_out_what_was_missed():
    def program():
        ticks, log = Ticks(2), []
        for work in (0.5, 1.5, 5, 0):
            log.append(((yield ticks.next()), (yield Now())))
            yield Sleep(work)
        return log

    assert run(program()).value == [(1, 2.0), (2, 4.0), (3, 6.0), (6, 12.0)]


def test_ticks_are_iterated_over():
    async def program():
        log = []
        async for number in Ticks(0.5):
            log.append((number, await Now()))
            if number == 3:
                return log

    assert run(program()).value == [(1, 0.5), (2, 1.0), (3, 1.5)]


@given(st.floats(0.01, 100), st.lists(st.floats(0, 300), max_size=20))
def test_a_tick_is_never_early_nor_told_twice(seconds, works):
    def program():
        ticks, log = Ticks(seconds), []
        for work in works:
            log.append(((yield ticks.next()), (yield Now())))
            yield Sleep(work)
        return log

    log = run(program()).value
    numbers = [number for number, _ in log]
    assert numbers == sorted(set(numbers))
    assert all(now >= number * seconds for number, now in log)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_what_is_no_time_between_ticks_is_refused(seconds):
    with pytest.raises(ValueError, match="cannot tick every"):
        Ticks(seconds)
