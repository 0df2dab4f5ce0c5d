"""Calls about who runs next."""

from __future__ import annotations

import pytest

from kernel import (
    ListTasks,
    NoSuchTask,
    Policy,
    Scripted,
    SetNice,
    SetPolicy,
    TaskEnded,
)
from kernel.nice import Nice

from ..support import ask, idle, outcome, settle, start, turn


class LastInFirstOut(Policy):
    def pick(self, ready):
        return ready.pop()


def answer(sched, call):
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


def test_the_former_level_is_answered_and_the_new_one_listed():
    sched = start(idle())
    assert answer(sched, SetNice(1, 7)) == 0
    assert answer(sched, SetNice(1, -7)) == 7
    assert [task.nice for task in answer(sched, ListTasks()).tasks] == [-7]
    assert answer(sched, SetNice(1, 0)) == -7


@pytest.mark.parametrize("level", [-21, 20, 1.0, "5", None, True])
def test_what_is_no_level_is_refused(level):
    sched = start(idle())
    with pytest.raises(ValueError, match="a level is from -20 to 19"):
        answer(sched, SetNice(1, level))
    assert sched.nice is None


@pytest.mark.parametrize(("tid", "error"), [(9, NoSuchTask), (2, TaskEnded)])
def test_only_a_living_task_has_a_level(tid, error):
    sched = start(idle(), idle(0))
    turn(sched)
    with pytest.raises(error):
        answer(sched, SetNice(tid, 3))


def test_a_task_may_set_its_own_level_in_the_midst_of_a_pass():
    def program():
        former = yield SetNice(1, 10)
        yield
        return former, (yield SetNice(1, 0))

    sched = start(program(), idle(5))
    settle(sched)
    assert outcome(sched, 1).value == (0, 10)
    assert type(sched.policy) is Policy


def test_a_policy_is_swapped_while_tasks_run():
    log = []

    def program(name):
        for _ in range(3):
            yield
            log.append(name)

    sched = start(program("a"), program("b"), program("c"))
    turn(sched)
    former = sched.policy
    assert answer(sched, SetPolicy(LastInFirstOut())) is former
    assert log == ["c", "c", "c"]  # as it is at the end of the queue again after each turn
    settle(sched)


def test_a_task_that_swaps_it_has_it_from_the_next_pass_on():
    log = []

    def program(name):
        if name == "a":
            yield SetPolicy(Scripted([3, 2, 1]))
        yield
        log.append(name)
        yield

    sched = start(program("a"), program("b"), program("c"))
    turn(sched, 2)
    assert log == ["c", "b", "a"]


def test_a_swap_in_a_system_where_nothing_else_happens_ends_the_passes():
    """Otherwise one pass would follow the other with the former policy for ever."""

    def program():
        former = yield SetPolicy(Policy(budget=1))
        while sched.policy is former:
            yield
        return "swapped"

    sched = start(program())
    sched.mainloop()
    assert outcome(sched, 1).value == "swapped"


def test_a_policy_lies_beneath_the_levels_and_comes_into_force_without_them():
    sched = start(idle(), idle())
    answer(sched, SetNice(1, 5))
    mine = LastInFirstOut(budget=2)
    assert type(answer(sched, SetPolicy(mine))) is Policy
    assert type(sched.policy) is Nice
    assert sched.policy.budget == 2
    answer(sched, SetNice(1, 0))
    assert sched.policy is mine


@pytest.mark.parametrize("policy", [None, "fast", Policy])
def test_what_is_no_policy_is_refused(policy):
    sched = start(idle())
    with pytest.raises(TypeError, match="a policy is wanted here"):
        answer(sched, SetPolicy(policy))


def test_the_policy_of_levels_comes_by_them_only():
    sched = start(idle())
    with pytest.raises(ValueError, match="SetNice"):
        answer(sched, SetPolicy(Nice(sched)))


def test_nobody_can_tell_whom_a_policy_of_ones_own_picks():
    sched = start(idle(), idle(), policy=LastInFirstOut())
    assert answer(sched, ListTasks()).next == 0
