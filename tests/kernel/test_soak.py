"""A kernel under load for long keeps nothing of it. In a small size; the full one is
`python -m tests.benchmarks.soak`.
"""

from __future__ import annotations

import tracemalloc

import pytest

from ..benchmarks import soak
from .invariants import callers, check_empty
from .net import descriptors


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_tasks_that_were_born_and_have_ended_leave_no_memory_behind():
    soak.lives(2_000, 1_000)
    _, growth = soak.lives(10_000, 2_000)
    assert growth < 32_000  # 8,000 more tasks: not 5 bytes each


@pytest.mark.usefixtures("traced")
def test_very_many_are_alive_at_once_and_each_takes_little():
    assert soak.alive(3_000) < 3_000


def test_waiters_on_one_semaphore_are_released_in_linear_time():
    few, many = soak.release_all(1_000), soak.release_all(10_000)
    assert many < 10.5 * few


def test_timeouts_that_never_fire_do_not_pile_up():
    assert soak.timeouts(20_000) < 200


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_kills_over_tasks_in_all_states_leaves_nothing(seed):
    sched, haunts = soak.storm(1_000, seed)
    try:
        assert not sched.tasks
        for request in list(sched.requests):
            request.fail(RuntimeError())
        haunts.release.set()
        check_empty(sched, haunts.things)
        assert not sched.ready
        assert not haunts.shared_empty.getters.waiting
        assert not haunts.shared_full.putters.waiting
        assert not haunts.shared_event.waiting
        assert haunts.semaphore.permits == 0
        assert not list(sched.asyncgens.begun)
    finally:
        haunts.close()


def test_a_storm_leaves_no_descriptor_open_and_no_task_in_memory():
    def whole():
        soak.storm(300)[1].close()

    whole()
    before = callers(), descriptors()
    whole()
    assert (callers(), descriptors()) == before
