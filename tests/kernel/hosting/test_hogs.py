"""Laws of asyncio programs that hold the kernel: they are met in the middle of a step, too."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from kernel import KillTask, Machine, NewTask, Preempt, WaitTask, hosted

from ..net import GUARD


@pytest.fixture
def machine():
    with Machine() as machine:
        yield machine


def start(machine, program, *args):
    return machine.call(NewTask(hosted(program, *args)), GUARD)


def end(machine, tid):
    return machine.call(WaitTask(tid), GUARD)


def spin(begun):
    begun.set()
    number = 0
    while True:
        number += 1


def test_a_main_asyncio_task_that_never_waits_is_killed_where_it_is(machine):
    begun, log = threading.Event(), []

    async def main():
        try:
            spin(begun)
        finally:
            log.append("main ends")

    tid = start(machine, main)
    assert begun.wait(GUARD)
    assert machine.call(KillTask(tid), GUARD)
    assert str(end(machine, tid)) == "killed"
    assert log == ["main ends"]


def test_with_another_that_never_waits_the_whole_program_is_killed_and_cleans_up(machine):
    """Though asyncio keeps the error to that asyncio task."""
    begun, log = threading.Event(), []

    async def hog():
        try:
            spin(begun)
        finally:
            log.append("hog ends")

    async def main():
        task = asyncio.create_task(hog())
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0)
            log.append(f"main ends after the hog: {task.done()}")

    tid = start(machine, main)
    assert begun.wait(GUARD)
    assert machine.call(KillTask(tid), GUARD)
    assert str(end(machine, tid)) == "killed"
    assert log == ["hog ends", "main ends after the hog: True"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no step is put aside before 3.12")
def test_two_that_never_wait_share_the_kernel_and_nothing_is_mixed_up(machine):
    """Not the loop, not the policy, not the context."""
    machine.call(Preempt(0.001), GUARD)
    wanted = threading.Event()
    turns = {"one": 0, "two": 0}

    async def main(name):
        loop, policy = asyncio.get_running_loop(), asyncio.get_event_loop_policy()
        task = asyncio.current_task()
        while not wanted.is_set():
            assert asyncio.get_running_loop() is loop
            assert asyncio.get_event_loop_policy() is policy
            assert asyncio.current_task() is task
            turns[name] += 1
            if all(count > 1000 for count in turns.values()):
                wanted.set()
        return await asyncio.sleep(0, name)

    def between():
        while not wanted.is_set():
            assert asyncio._get_running_loop() is None
            yield

    tids = [start(machine, main, name) for name in turns]
    tids.append(machine.call(NewTask(between()), GUARD))
    statuses = [end(machine, tid) for tid in tids]
    assert [status.value for status in statuses] == ["one", "two", None]
    assert all(status.ok for status in statuses)
