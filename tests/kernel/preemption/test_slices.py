"""Laws of slices: nobody is interrupted just in time, and all have the same in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.preemption import slices
from kernel.preemption.slices import Slice

LENGTH = 0.25


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(slices, "time", made)
    return made


def test_who_had_too_much_has_less_next_time_and_who_had_too_little_has_more(clock):
    for used, over in [(0.3125, 0.0625), (0.1875, -0.0625), (0.25, 0.0)]:
        made = Slice()
        made.begin()
        clock.now += used
        made.end(LENGTH)
        assert made.over == over


def test_who_had_very_much_has_half_a_slice_all_the_same(clock):
    made = Slice()
    made.begin()
    clock.now += 1000
    made.end(LENGTH)
    assert made.over == LENGTH / 2


def test_an_interruption_for_a_request_does_not_begin_the_slice_anew(clock):
    made = Slice()
    made.begin()
    clock.now += 0.125
    made.begin()
    clock.now += 0.125
    made.end(LENGTH)
    assert made.over == 0


def test_the_time_before_it_was_put_aside_first_is_nobodys_slice(clock):
    made = Slice()
    made.end(LENGTH)
    assert made.over == 0


@given(st.lists(st.integers(0, 30), min_size=1))
def test_however_late_the_interruptions_are_the_sum_is_off_by_half_a_slice_at_most(late):
    clock, former = Clock(), slices.time
    slices.time = clock
    try:
        made = Slice()
        for each in late:
            made.begin()
            clock.now += LENGTH - made.over + each / 256
            made.end(LENGTH)
    finally:
        slices.time = former
    used = clock.now - 1000
    assert 0 <= used - LENGTH * len(late) <= LENGTH / 2
