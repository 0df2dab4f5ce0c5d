"""Async generators that are left before their end are closed by the kernel."""

from __future__ import annotations

import gc
import sys

import pytest

from kernel import KillTask, Machine, NewTask, Now, Scheduler, Sleep, WaitTask

from .support import GUARD


async def numbers(log):
    try:
        for number in range(10):
            yield number
            await Sleep(0)
    finally:
        await Sleep(0)  # a `finally` may wait
        log.append("closed")


async def leave_early(log, kept=None):
    generator = numbers(log)
    if kept is not None:
        kept.append(generator)
    async for number in generator:
        if number == 2:
            break
    del generator
    gc.collect()
    log.append("left")


def mainloop(*programs):
    sched = Scheduler()
    for program in programs:
        sched.new(program)
    sched.mainloop()
    return sched


def test_one_that_nobody_refers_to_any_more_is_closed():
    log = []
    mainloop(leave_early(log))
    assert log == ["left", "closed"]


def test_one_that_is_still_there_at_the_end_is_closed_then():
    log, kept = [], []
    mainloop(leave_early(log, kept))
    assert log == ["left", "closed"]
    assert kept[0].ag_frame is None


def test_one_that_has_run_to_its_end_is_left_alone():
    log, kept = [], []

    async def program():
        generator = numbers(log)
        kept.append(generator)
        return [number async for number in generator]

    sched = mainloop(program())
    assert log == ["closed"]
    assert sched.last_tid == 1


def test_one_of_a_task_that_is_killed_is_closed():
    log = []

    async def program():
        async for _ in numbers(log):
            await Sleep(1000)

    async def killer():
        tid = await NewTask(program())
        await Sleep(0)
        await Sleep(0)
        await KillTask(tid)
        await WaitTask(tid)

    mainloop(killer())
    assert log == ["closed"]


def test_the_hooks_of_the_thread_are_as_they_were():
    before = sys.get_asyncgen_hooks()
    mainloop(leave_early([]))
    assert sys.get_asyncgen_hooks() == before


def test_a_machine_closes_them_too_while_it_runs_and_at_its_end():
    log, kept = [], []

    async def look():
        while "closed" not in log:
            await Sleep(0)
        return await Now()

    with Machine() as machine:
        machine.call(NewTask(leave_early(log)), GUARD)
        looking = machine.call(NewTask(look()), GUARD)
        assert machine.call(WaitTask(looking), GUARD).ok
        left = machine.call(NewTask(leave_early(log, kept)), GUARD)
        machine.call(WaitTask(left), GUARD)
    assert log.count("closed") == 2


def test_an_error_while_one_is_closed_is_reported_and_ends_nothing_else(caplog):
    async def bad():
        try:
            yield 1
        finally:
            raise LookupError("while closing")

    async def program():
        async for _ in bad():
            break
        gc.collect()
        await Sleep(0.01)
        return "lives"

    sched = mainloop(program())
    assert sched.find(1).status.value == "lives"
    assert "close test_an_error_while_one_is_closed" in caplog.text
    assert "while closing" in caplog.text


@pytest.mark.parametrize("kind", ["mainloop", "cycle"])
def test_outside_of_a_running_kernel_nothing_is_different(kind):
    log = []
    generator = numbers(log)
    step = generator.__anext__()
    with pytest.raises(StopIteration):
        step.send(None)
    assert sys.get_asyncgen_hooks() == (None, None)
    closing = generator.aclose()
    trap = closing.send(None)  # it sleeps in its `finally`
    assert repr(trap) == "Sleep(0)"
    with pytest.raises(StopIteration):
        closing.send(None)
    assert log == ["closed"]
