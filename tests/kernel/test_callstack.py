"""A task that was interrupted in the middle of a step is told of where it stands in its program."""

from __future__ import annotations

import queue
import sys

import pytest

from kernel import (
    Called,
    Evaluate,
    ListCode,
    ListTasks,
    Machine,
    NewTask,
    Pause,
    Preempt,
    Preempted,
    Scheduler,
    Step,
    fiber,
)

from .support import GUARD

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="platform: no step is put aside before Python 3.12"
)


def plain():
    number = 7
    while number:
        number = 7


def generator():
    plain()
    yield


@pytest.fixture(params=[lambda: fiber(plain), generator], ids=["plain", "generator"])
def interrupted(request):
    """A machine that is paused, and a task in it that is in the middle of a step."""
    with Machine(Scheduler(stdin=False)) as machine:
        events = queue.SimpleQueue()
        machine.subscribe(events.put, Preempted)
        machine.call(Preempt(0.01), GUARD)
        tid = machine.call(NewTask(request.param()), GUARD)
        events.get(timeout=GUARD)
        machine.call(Pause(), GUARD)
        yield machine, tid


def test_a_step_that_is_interrupted_again_is_told_as_that_and_makes_no_call(interrupted):
    machine, tid = interrupted
    calls = []
    machine.subscribe(calls.append, Called)
    stepped = machine.call(Step(tid), GUARD)
    assert stepped.deed == "is interrupted"
    assert {stepped.before.function, stepped.after.function} == {"plain"}, "not the kernel's loops"
    assert [event for event in calls if event.tid == tid] == []


def test_its_innermost_variables_are_those_of_the_program(interrupted):
    machine, tid = interrupted
    assert machine.call(Evaluate("number", tid), GUARD) == "7"


def test_it_is_as_deep_as_its_program(interrupted):
    machine, tid = interrupted
    (task,) = machine.call(ListTasks(), GUARD).tasks
    codes = machine.call(ListCode(__file__), GUARD)[tid]
    assert task.depth == len(codes)
    assert codes[-1] is plain.__code__
