"""Expressions in the place of a task, and what code tasks are in."""

from __future__ import annotations

import sys
from itertools import count

import pytest

from kernel import (
    Evaluate,
    EvaluationFailed,
    ListCode,
    NoSuchTask,
    Sleep,
    TaskEnded,
)

from ..support import Held, ask, idle, no_collector, settle, start, turn

GLOBAL = "global"


def answer(sched, call):
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


def program(number):
    task = "a local called so"
    yield sub(number + 1)
    return task


def sub(inner):
    yield Sleep(60)
    return inner


@pytest.mark.parametrize(
    ("expression", "tid", "text"),
    [
        ("1 + 1", None, "2"),
        ("'text'", None, "'text'"),
        ("len(tasks)", None, "1"),
        ("task(1).tid, tasks[1].name", None, "(1, 'program')"),
        ("kernel.last_tid", None, "1"),
        ("inner", 1, "8"),
        ("GLOBAL", 1, "'global'"),
        ("[inner + each for each in range(2)]", 1, "[8, 9]"),
        ("task.tid", 1, "1"),
        ("list(range(1_000_000))", None, "<list of 1,000,000>"),
        ("'x' * 10_000", None, f"'{'x' * 1000}'… 9,000 more"),
    ],
)
def test_an_expression_sees_the_kernel_and_the_innermost_frame_of_a_task(expression, tid, text):
    sched = start(program(7))
    turn(sched)
    assert answer(sched, Evaluate(expression, tid)) == text


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("nobody", "NameError: name 'nobody' is not defined"),
        ("exit()", "SystemExit: None"),
        ("1 +", "SyntaxError: invalid syntax"),
        ("x = 1", "SyntaxError: invalid syntax"),
        ("(lambda f: f(f))(lambda f: f(f))", "RecursionError"),
        ("sum(1 for _ in iter(int, 1))", "TooLong: given up after 200,000 lines of Python"),
        ("[1 for _ in iter(int, 1)]", "TooLong"),
    ],
)
def test_whatever_goes_wrong_is_the_askers_affair_and_the_kernel_goes_on(expression, said):
    sched = start(idle(9))
    with pytest.raises(EvaluationFailed) as failed:
        answer(sched, Evaluate(expression))
    assert str(failed.value).startswith(said)
    assert sys.gettrace() is None
    settle(sched)


def test_a_repr_that_raises_is_said_so():
    class Odd:
        def __repr__(self):
            raise KeyboardInterrupt

    def program():
        odd = Odd()
        yield Sleep(1)
        return odd

    sched = start(program())
    turn(sched)
    assert answer(sched, Evaluate("odd", 1)) == "<Odd, whose repr raised KeyboardInterrupt>"


@pytest.mark.parametrize(("tid", "error"), [(9, NoSuchTask), (1, TaskEnded)])
def test_an_expression_in_the_place_of_nobody_is_an_error(tid, error):
    sched = start(idle(0), idle())
    turn(sched)
    with pytest.raises(error):
        answer(sched, Evaluate("1", tid))


def test_to_look_at_a_frame_keeps_nothing_alive():
    def program():
        thing = Held("thing")
        yield
        del thing
        yield

    with no_collector():
        sched = start(program())
        turn(sched)
        assert "thing" in Held.held
        answer(sched, Evaluate("thing", 1))
        turn(sched)
        assert "thing" not in Held.held


def test_a_tracer_that_was_there_is_there_again():
    def tracer(frame, event, argument):
        return None

    sched = start(idle())
    former = sys.gettrace()
    sys.settrace(tracer)
    try:
        answer(sched, Evaluate("1"))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(former)


def test_the_tasks_in_code_of_a_file_are_listed_with_that_code():
    sched = start(program(1), sub(2), iter_of_another_file())
    turn(sched)
    listed = answer(sched, ListCode(__file__))
    assert listed == {1: [program.__code__, sub.__code__], 2: [sub.__code__]}
    assert answer(sched, ListCode("elsewhere.py")) == {}


def iter_of_another_file():
    return idle(next(count(5)))
