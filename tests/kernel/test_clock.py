"""What time it is."""

from __future__ import annotations

import pytest

from kernel import Clock, ManualClock, Sleep

from .support import start, turn


def test_the_machines_clock_never_goes_back():
    clock = Clock()
    times = [clock.now() for _ in range(1_000)]
    assert times == sorted(times)


def test_a_manual_clock_stands_still_until_it_is_moved():
    clock = ManualClock(10)
    assert clock.now() == clock.now() == 10
    clock.advance(2.5)
    assert clock.now() == 12.5


@pytest.mark.parametrize("seconds", [-1, -1e-9, float("inf"), float("nan")])
def test_a_manual_clock_is_not_moved_back_nor_to_the_end_of_time(seconds):
    with pytest.raises(ValueError, match="does not move on"):
        ManualClock().advance(seconds)


def test_a_sleeper_wakes_when_the_clock_has_been_moved_far_enough_and_not_before():
    woken = []

    def sleeper():
        yield Sleep(10)
        woken.append(True)

    clock = ManualClock()
    sched = start(sleeper(), clock=clock)
    turn(sched, 5)
    clock.advance(9.9)
    turn(sched, 5)
    assert not woken
    clock.advance(0.1)
    turn(sched)
    assert woken
