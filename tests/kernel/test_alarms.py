"""Who is woken when; and that an alarm which is dropped costs nobody anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import Deadlock, KillTask, ManualClock, NewTask, Scheduler, Sleep, WaitQueue
from kernel.alarms import TICKS, Alarms

from .support import FedPoller, Park, run, settle, start, turn


class Sleeper:
    """Notes when it was woken; nothing about it can be compared."""

    def __init__(self, rung: list[Sleeper]) -> None:
        self.alarm = None
        self.rung = rung

    def ring(self) -> None:
        self.rung.append(self)

    def __lt__(self, other: object) -> bool:
        raise AssertionError("sleepers are compared")

    __gt__ = __le__ = __ge__ = __lt__


#: Some within the same tick, some ticks apart, some at the very same time.
TIMES = st.integers(0, 5) | st.floats(0, 3 / TICKS) | st.floats(0, 5)


@given(st.lists(st.tuples(TIMES, st.booleans()), max_size=60))
def test_alarms_ring_in_the_order_of_their_times_and_then_of_their_setting(planned):
    alarms, rung = Alarms(), []
    sleepers = [Sleeper(rung) for _ in planned]
    for sleeper, (when, _) in zip(sleepers, planned, strict=True):
        alarms.set(when, sleeper)
    for sleeper, (_, dropped) in zip(sleepers, planned, strict=True):
        if dropped:
            alarms.drop(sleeper)
    kept = [
        (when, sleeper)
        for sleeper, (when, dropped) in zip(sleepers, planned, strict=True)
        if not dropped
    ]
    assert alarms.live == len(kept)
    first = min((when for when, _ in kept), default=None)
    assert (alarms.due() is None) == (first is None)
    for now in sorted({when for when, _ in planned} | set(range(6))):
        due = alarms.due()
        rung_before = len(rung)
        alarms.ring(now)
        assert all(alarm[0] > now for alarm in alarms if alarm[2].alarm is alarm)
        if len(rung) > rung_before:
            assert due is not None
            assert due <= now
    assert rung == [sleeper for _, sleeper in sorted(kept, key=lambda pair: pair[0])]
    assert alarms.live == 0
    assert all(sleeper.alarm is None for sleeper in sleepers)


@given(st.lists(TIMES, min_size=1))
def test_a_kernel_that_looks_when_it_is_told_to_looks_twice_at_most_for_each_alarm(times):
    alarms, rung = Alarms(), []
    for when in times:
        alarms.set(when, Sleeper(rung))
    looks = 0
    while (due := alarms.due()) is not None:
        alarms.ring(due)
        looks += 1
    assert len(rung) == len(times)
    assert looks <= 2 * len(set(times))


def test_one_set_for_the_tick_that_has_begun_rings_in_its_order():
    alarms, rung = Alarms(), []
    early, late, later = (Sleeper(rung) for _ in range(3))
    alarms.set(1.0001, early)
    alarms.set(1.0003, later)
    alarms.ring(1.0)
    alarms.set(1.0002, late)
    alarms.ring(1.0004)
    assert rung == [early, late, later]


def test_an_alarm_in_the_farthest_future_can_be_set():
    alarms = Alarms()
    for when in (1e18, 1.7e308):
        alarms.set(when, Sleeper([]))
    assert alarms.due() is not None


def test_an_alarm_that_is_set_while_others_ring_waits_for_the_next_round():
    alarms, rung = Alarms(), []
    late = Sleeper(rung)

    class Early(Sleeper):
        def ring(self) -> None:
            super().ring()
            alarms.set(0, late)

    early = Early(rung)
    alarms.set(1, early)
    alarms.ring(1)
    assert rung == [early]
    alarms.ring(1)
    assert rung == [early, late]


def test_alarms_that_are_dropped_do_not_pile_up():
    alarms = Alarms()
    keeper = Sleeper([])
    alarms.set(1e9, keeper)
    for number in range(100_000):
        sleeper = Sleeper([])
        alarms.set(1e6 + number, sleeper)
        alarms.drop(sleeper)
        assert len(list(alarms)) <= 128
    assert alarms.due() == 1e9
    assert alarms.live == 1


def test_timeouts_of_killed_sleepers_leave_a_small_heap():
    def program():
        for _ in range(2_000):
            tid = yield NewTask(iter_sleep())
            yield
            yield KillTask(tid)
            yield

    def iter_sleep():
        yield Sleep(1e6)

    sched = start(program())
    settle(sched)
    assert sched.alarms.live == 0
    assert len(list(sched.alarms)) <= 128


def test_a_dropped_alarm_does_not_tell_the_poller_when_to_wake():
    poller = FedPoller()
    sched = Scheduler(clock=ManualClock(), poller=poller)
    sleeper = Sleeper([])
    sched.alarms.set(5, sleeper)
    turn(sched)
    sched.alarms.drop(sleeper)
    sched.cycle()
    assert poller.timeouts == [0, None]


def test_a_dropped_alarm_keeps_neither_mainloop_from_ending_nor_a_deadlock_from_being_told():
    class Watchful(FedPoller):
        def poll(self, timeout):
            raise AssertionError("the kernel would sleep, and nothing would wake it")

    def killer():
        yield
        yield KillTask(1)

    def blocked():
        yield Park(WaitQueue())

    sched = start(sleeper(), killer(), poller=Watchful())
    sched.mainloop()
    assert not sched.tasks
    sched = start(sleeper(), killer(), blocked(), poller=Watchful())
    with pytest.raises(Deadlock, match=r"1 task is blocked.*task 3"):
        sched.mainloop()


def sleeper():
    yield Sleep(1e6)


def test_sleepers_of_the_same_instant_wake_in_the_order_in_which_they_fell_asleep():
    woken = []

    def sleeper(name):
        yield Sleep(1)
        woken.append(name)

    def program():
        for name in "abc":
            yield NewTask(sleeper(name))
        yield Sleep(2)

    assert run(program()).ok
    assert woken == ["a", "b", "c"]
