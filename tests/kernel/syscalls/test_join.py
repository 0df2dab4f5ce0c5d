"""Waiting for what a task returns."""

from __future__ import annotations

import pytest

from kernel import Exited, Join, KillTask, NewTask, NoSuchTask, Sleep, TaskFailed, WaitTask

from ..support import ask, either_style, idle, outcome, run, settle, start, turn, watch
from ..test_task import ERRORS


def worker(seconds, value):
    yield Sleep(seconds)
    if isinstance(value, BaseException):
        raise value
    return value


@either_style
@pytest.mark.parametrize("seconds", [0, 5])
def test_join_answers_what_the_task_returned_also_if_it_has_ended_before(style, seconds):
    def program():
        tid = yield NewTask(worker(2, "its value"))
        yield Sleep(seconds)
        return (yield Join(tid)), (yield Join(tid))

    assert run(style(program())).value == ("its value", "its value")


@either_style
@pytest.mark.parametrize("seconds", [0, 5])
def test_join_raises_from_the_tasks_own_error(style, seconds):
    own = KeyError("its own")

    def program():
        tid = yield NewTask(worker(2, own))
        yield Sleep(seconds)
        with pytest.raises(TaskFailed, match=r"task 2 crashed: KeyError: 'its own'") as failure:
            yield Join(tid)
        return failure.value

    failure = run(style(program())).value
    assert failure.__cause__ is own
    assert failure.status.error is own
    assert failure.status.crashed


@either_style
@pytest.mark.parametrize("seconds", [0, 5])
@pytest.mark.parametrize("kind", ERRORS)
def test_whoever_waits_for_a_task_learns_of_its_error_of_any_kind(style, seconds, kind):
    own = kind("its own")

    def program():
        yield Sleep(seconds)
        status = yield WaitTask(1)
        with pytest.raises(TaskFailed) as failure:
            yield Join(1)
        return status.error, failure.value.__cause__

    sched = start(style(worker(2, own)), style(program()))
    watch(sched, Exited)
    waits, joins = ask(sched, WaitTask(1)), ask(sched, Join(1))
    settle(sched)
    assert outcome(sched, 2).value == (own, own)
    assert waits.result(0).error is own
    assert joins.exception(0).__cause__ is own


@pytest.mark.parametrize("grace", [None, 0])
def test_join_of_a_task_that_is_killed_is_a_failure_without_a_cause(grace):
    def program():
        tid = yield NewTask(worker(2, None))
        yield NewTask(killer(tid))
        with pytest.raises(TaskFailed, match="task 2 killed") as failure:
            yield Join(tid)
        return failure.value

    def killer(tid):
        yield KillTask(tid, grace)

    failure = run(program()).value
    assert failure.__cause__ is None
    assert failure.status.killed


def test_each_who_joins_gets_an_error_of_its_own():
    failures = []

    def joiner():
        try:
            yield Join(1)
        except TaskFailed as failure:
            failures.append(failure)

    sched = start(worker(1, ValueError("once")), joiner(), joiner())
    watch(sched, Exited)
    settle(sched)
    first, second = failures
    assert first is not second
    assert first.__cause__ is second.__cause__


def test_what_is_joined_is_another_task_that_is_known():
    def program():
        with pytest.raises(NoSuchTask, match="no task 9"):
            yield Join(9)
        with pytest.raises(ValueError, match="waits for its own end"):
            yield Join(1)
        return "lives"

    assert run(program()).value == "lives"


def test_a_joiner_that_is_killed_leaves_the_task_and_the_others_alone():
    def joiner():
        yield Join(1)

    sched = start(worker(3, "value"), joiner())
    turn(sched)
    reply = ask(sched, Join(1))
    turn(sched)
    sched.kill(sched.find(2))
    settle(sched)
    assert reply.result(0) == "value"
    assert sched.find(2).status.killed


def test_a_request_may_join_and_gets_the_failure():
    sched = start(worker(1, ValueError("bad")), idle(3))
    watch(sched, Exited)
    reply = ask(sched, Join(1))
    settle(sched)
    failure = reply.exception(0)
    assert isinstance(failure, TaskFailed)
    assert str(failure) == "task 1 crashed: ValueError: bad"


def test_a_joiner_is_said_to_wait_for_an_exit():
    def joiner():
        yield Join(1)

    sched = start(worker(3, None), joiner())
    turn(sched)
    assert sched.find(2).reason() == "exit of 1"
