"""Which ready task is next, and how many calls it may make before it queues again."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import GetTid, NewTask, Policy, Scheduler, Scripted, WaitTask
from kernel.policies import BUDGET
from kernel.scheduler import PASS

from .support import KINDS, start, told, turn, watch


def walker(steps, walked):
    for _ in range(steps):
        me = yield GetTid()
        walked.append(me)
        yield


def family():
    walked = []
    children = []
    for _ in range(3):
        children.append((yield NewTask(walker(2, walked))))
    for tid in children:
        yield WaitTask(tid)
    return walked


def test_round_robin_runs_whoever_has_waited_longest():
    walked = []
    sched = start(*(walker(3, walked) for _ in range(3)))
    sched.mainloop()
    assert walked == [1, 2, 3] * 3


def test_round_robin_costs_the_loop_no_function_of_ours():
    sched = Scheduler()
    assert sched.policy.picker(sched.ready) == sched.ready.popleft


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_a_task_makes_no_more_calls_in_a_turn_than_its_budget(budget):
    walked = []

    def caller():
        for _ in range(10):
            walked.append((yield GetTid()))

    sched = start(caller(), caller(), policy=Policy(budget))
    turn(sched)
    turn(sched)
    # The answer to the last call of a turn is seen in the next one.
    assert walked == [1] * (budget - 1) + [2] * (budget - 1) + [1] * budget + [2] * budget


@pytest.mark.parametrize("rest", [0, 1], ids=["without end", "a yield now and then"])
def test_a_pass_is_bounded_in_calls_however_many_tasks_there_are(rest):
    calls = 0

    def busy():
        nonlocal calls
        while True:
            for _ in range(BUDGET - rest):
                yield GetTid()
                calls += 1
            if rest:
                yield

    sched = start(*(busy() for _ in range(PASS)))
    turn(sched)
    assert PASS - BUDGET < calls < PASS + BUDGET


def test_a_pass_is_bounded_in_errors_that_leave_a_frame():
    unwound = 0

    def deep(frames):
        nonlocal unwound
        try:
            yield (deep(frames - 1) if frames else fail())
        finally:
            unwound += 1

    def fail():
        yield
        raise ValueError

    sched = start(*(deep(2 * BUDGET) for _ in range(50)))
    while sched.tasks:
        before = unwound
        turn(sched)
        assert unwound - before < PASS + BUDGET
    assert unwound == 50 * (2 * BUDGET + 1)


def test_a_task_among_many_has_its_whole_budget():
    """One that accepts connections, say, while those that it has accepted are all busy."""
    order = []

    def busy(name):
        while True:
            yield GetTid()
            order.append(name)

    sched = start(*(busy(name) for name in range(PASS)))
    while len(order) < PASS * BUDGET:
        turn(sched)
    runs = [(name, len(list(run))) for name, run in groupby(order)]
    # The answer to the last call of a turn is seen in the next one.
    assert runs[:PASS] == [(name, BUDGET - 1) for name in range(PASS)]


def test_a_budget_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Policy(0)


def test_a_script_decides_who_runs():
    walked = []
    sched = start(
        walker(1, walked), walker(1, walked), walker(1, walked), policy=Scripted([3, 3, 1, 1])
    )
    sched.mainloop()
    assert walked == [3, 1, 2]


def test_a_script_that_names_a_task_that_is_not_ready_is_an_error():
    sched = start(walker(1, []), policy=Scripted([2]))
    with pytest.raises(LookupError, match="task 2"):
        sched.mainloop()


@given(st.data())
def test_a_script_that_was_noted_repeats_the_run(data):
    chosen = []

    class Noting(Policy):
        def pick(self, ready):
            task = data.draw(st.sampled_from(list(ready)))
            ready.remove(task)
            chosen.append(task.tid)
            return task

    traces = []
    for policy in (Noting, lambda budget: Scripted(chosen, budget)):
        sched = start(policy=policy(1))
        seen = watch(sched, *KINDS)
        sched.new(family())
        sched.mainloop()
        traces.append(told(seen))
    assert traces[0] == traces[1]
