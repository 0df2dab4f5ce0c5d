"""Some tasks have more turns than others, and nobody starves."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import GetTid, ListTasks, NewTask, Policy, SetNice, Sleep
from kernel.nice import LEAST, LEFT_OVER, MOST, Nice, weight
from kernel.scheduler import PASS

from .support import ask, idle, settle, start, turn

LEVELS = st.integers(LEAST, MOST)


def runners(levels):
    """A kernel whose tasks have these levels, and the tids of those that have had a turn."""
    log = []

    def program():
        me = yield GetTid()
        while True:
            yield
            log.append(me)

    sched = start(*(program() for _ in levels))
    turn(sched)
    for tid, level in enumerate(levels, 1):
        ask(sched, SetNice(tid, level))
        sched.inbox.take()
    return sched, log


def turns(sched, log, count):
    """Who has the next so many turns."""
    log.clear()
    while len(log) < count:
        turn(sched)
    return log[:count]


def test_each_five_levels_halve_the_share_of_the_turns():
    sched, log = runners([0, 5, 10])
    assert Counter(turns(sched, log, 70)) == {1: 40, 2: 20, 3: 10}


def test_each_five_levels_below_double_it():
    sched, log = runners([-5, 0, 0])
    assert Counter(turns(sched, log, 40)) == {1: 20, 2: 10, 3: 10}


def test_tasks_of_one_level_take_turns_one_after_the_other():
    sched, log = runners([3, 3, 3])
    assert sorted(turns(sched, log, 3)) == [1, 2, 3]
    first = turns(sched, log, 30)
    assert first == first[:3] * 10


@given(st.lists(LEVELS, min_size=2, max_size=6))
def test_shares_are_in_proportion_to_the_weights(levels):
    sched, log = runners(levels)
    count = 3_000
    had = Counter(turns(sched, log, count))
    total = sum(map(weight, levels))
    for tid, level in enumerate(levels, 1):
        assert abs(had[tid] - count * weight(level) / total) <= 2 * len(levels)


@given(st.lists(LEVELS, min_size=2, max_size=6))
def test_nobody_starves(levels):
    """Between two turns of a task no other has more than the weights tell."""
    sched, log = runners(levels)
    had = turns(sched, log, 4_000)
    for tid, level in enumerate(levels, 1):
        rounds = weight(min(*levels, 0)) / weight(level) + 1
        places = [-1, *(place for place, each in enumerate(had) if each == tid), len(had)]
        gap = max(after - before for before, after in pairwise(places))
        assert gap <= 2 * len(levels) * rounds + len(levels)


def test_the_lightest_beside_the_heaviest_has_its_turn_at_every_223rd_time():
    sched, log = runners([LEAST, MOST])
    had = turns(sched, log, 1_000)
    assert 3 <= had.count(2) <= 5


def test_the_first_level_brings_the_policy_and_the_last_takes_it_away():
    sched, _ = runners([0, 0])
    former = sched.policy
    assert type(former) is Policy
    ask(sched, SetNice(1, 5))
    ask(sched, SetNice(2, 5))
    turn(sched)
    assert type(sched.policy) is Nice
    ask(sched, SetNice(1, 0))
    turn(sched)
    assert type(sched.policy) is Nice
    ask(sched, SetNice(2, 0))
    turn(sched)
    assert sched.policy is former
    assert sched.policy.picker(sched.ready) == sched.ready.popleft


def test_it_goes_with_the_end_of_the_last_task_that_has_a_level():
    sched = start(idle(5), idle(50))
    turn(sched)
    ask(sched, SetNice(1, -5))
    turn(sched)
    assert type(sched.policy) is Nice
    turn(sched, 30)
    assert 1 not in sched.tasks
    assert type(sched.policy) is Policy
    assert not sched.nice.levels


def test_the_budget_stays_that_of_the_policy_beneath():
    sched = start(idle(), idle(), policy=Policy(budget=3))
    ask(sched, SetNice(1, 4))
    turn(sched)
    assert sched.policy.budget == 3


def test_who_is_next_is_told_without_anything_being_changed():
    sched, log = runners([0, 7, -3, 12])
    for _ in range(200):
        foretold = ask(sched, ListTasks())
        sched.inbox.take()
        log.clear()
        task = sched.policy.pick(sched.ready)
        assert foretold.result(0).next == task.tid
        sched.ready.append(task)


def test_a_task_alone_runs_whatever_its_level():
    sched, log = runners([MOST])
    assert turns(sched, log, 10) == [1] * 10


def test_what_ended_tasks_have_saved_is_not_kept():
    def spawner():
        while True:
            yield NewTask(idle(2))
            yield

    sched = start(spawner())
    turn(sched)
    ask(sched, SetNice(1, -15))
    for _ in range(8 * LEFT_OVER):
        turn(sched)
    assert sched.last_tid > 2 * LEFT_OVER
    assert len(sched.nice.saved) <= 2 * len(sched.tasks) + LEFT_OVER + 1


def test_a_level_does_not_keep_a_pass_from_ending():
    """Skipped turns count for nobody: as many turns are had as there are ready tasks."""
    sched, log = runners([19, 19, 19])
    log.clear()
    turn(sched)
    assert len(log) == 3
    assert PASS > 3


@pytest.mark.parametrize("level", [-20, 0, 19])
def test_a_sleeper_of_any_level_wakes_in_time(level):
    woken = []

    def sleeper():
        yield Sleep(1)
        woken.append(True)

    sched = start(sleeper(), idle(3))
    turn(sched)
    ask(sched, SetNice(1, level))
    settle(sched)
    assert woken == [True]
