"""Laws of how the asyncio tasks in a task are seen, and cancelled, from outside."""

from __future__ import annotations

import asyncio
import sys

import pytest

from kernel import (
    CancelAsyncTask,
    Channel,
    ChanRecv,
    GetStack,
    GetTid,
    ListTasks,
    NewTask,
    NoSuchAsyncTask,
    NoSuchTask,
    Sleep,
    TaskInfo,
    call,
    hosted,
    kernel_call,
)

from ..support import ask, idle, outcome, settle, snapshot, start, turn


def rows(sched, **wishes):
    listed = snapshot(sched, ListTasks(**{"inner": None, **wishes}))
    return [(task.tid, task.inner) for task in listed.tasks], listed


def told(sched, tid=1):
    """What is told of each asyncio task, by number."""
    _, listed = rows(sched)
    return {task.inner: task for task in listed.tasks if task.tid == tid and task.inner}


async def forever():
    await asyncio.get_running_loop().create_future()


async def family(count=3):
    tasks = [asyncio.create_task(forever(), name=f"child {number}") for number in range(count)]
    await asyncio.gather(*tasks)


def test_each_has_a_row_below_its_program_with_its_number_name_and_what_it_awaits():
    sched = start(hosted(family, 2), idle())
    turn(sched, 5)
    order, listed = rows(sched)
    assert order == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]
    assert listed.total == 5
    assert [(task.program, task.state, task.reason) for task in listed.tasks[1:4]] == [
        ("family", "blocked", "2 of 2 gathered"),
        ("child 0 forever", "blocked", "a Future"),
        ("child 1 forever", "blocked", "a Future"),
    ]
    assert listed.tasks[0].reason == "asyncio: 3 tasks"
    assert all(task.parent == 1 for task in listed.tasks[1:4])
    sched.end_all()


def test_who_does_not_ask_for_them_has_none():
    sched = start(hosted(family))
    turn(sched, 5)
    listed = snapshot(sched, ListTasks())
    assert [task.inner for task in listed.tasks] == [0]
    assert listed.total == 1
    sched.end_all()


def test_what_each_waits_for_is_told_in_the_words_of_the_program():
    queue_of, channel = [], Channel()

    async def sleeps():
        await asyncio.sleep(10)

    async def gets():
        queue_of.append(asyncio.Queue())
        await queue_of[0].get()

    async def calls():
        await kernel_call(ChanRecv(channel))

    async def main():
        tasks = [asyncio.create_task(each()) for each in (sleeps, gets, calls)]
        await tasks[0]

    sched = start(hosted(main))
    turn(sched, 10)
    sched.clock.advance(4)
    reasons = {task.program: task.reason for task in told(sched).values()}
    assert list(reasons.values()) == [
        "task 1.2", "sleep 6.0 s left", "Queue.get", sched.hosts[1].visitors.copy().pop().reason()
    ]  # fmt: skip
    assert "Channel" in list(reasons.values())[3] or "item" in list(reasons.values())[3]
    assert all(task.age == 4 for task in told(sched).values())
    sched.end_all()


def test_one_in_the_midst_of_a_step_waits_for_what_the_whole_program_waits_for():
    async def first():
        await asyncio.sleep(1000)

    async def second():
        call(Sleep(10))

    async def main():
        await asyncio.gather(first(), second())

    sched = start(hosted(main))
    turn(sched, 10)
    assert [(task.state, task.reason) for task in told(sched).values()] == [
        ("blocked", "2 of 2 gathered"),
        ("blocked", "sleep 1000.0 s left"),
        ("blocked", "sleep 10.0 s left"),
    ]
    stack = snapshot(sched, GetStack(1))
    assert [task.inner for task in stack.within] == [3, 1, 2]
    assert stack.within_total == 3
    sched.end_all()


def test_a_number_is_never_given_again_and_stays():
    async def main():
        for _ in range(3):
            await asyncio.create_task(asyncio.sleep(0))
        await asyncio.create_task(forever())

    sched = start(hosted(main))
    turn(sched, 40)
    assert list(told(sched)) == [1, 5]
    sched.end_all()


def test_so_many_are_told_of_each_program_and_all_are_counted():
    sched = start(hosted(family, 2_000), hosted(family, 2))
    turn(sched, 5)
    order, listed = rows(sched, inner=2)
    assert order == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
    assert listed.total == 2_006
    order, listed = rows(sched, inner=2, first=4)
    assert order == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert listed.total == 2_006
    sched.end_all()


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"program": "child 1"}, [(1, 3), (2, 3)]),
        ({"program": "family"}, [(1, 0), (1, 1), (2, 0), (2, 1)]),
        ({"state": "ready"}, [(3, 0)]),
        ({"reverse": True, "program": "CHILD 0"}, [(2, 2), (1, 2)]),
        ({"sort": "tree", "program": "child"}, [(1, 2), (1, 3), (2, 2), (2, 3)]),
        ({"program": "nothing"}, []),
    ],
)
def test_they_are_chosen_like_other_tasks_and_stay_with_their_program(wishes, expected):
    sched = start(hosted(family, 2), hosted(family, 2), idle())
    turn(sched, 5)
    order, listed = rows(sched, **wishes)
    assert order == expected
    assert listed.total == len(expected)
    sched.end_all()


def test_the_stack_of_one_goes_through_all_that_it_awaits():
    async def inner():
        secret = "in a variable"
        await forever()
        return secret

    async def main():
        await inner()

    sched = start(hosted(main))
    turn(sched, 5)
    stack = snapshot(sched, GetStack(1, True, 1))
    names = [frame.function.rpartition(".")[2] for frame in stack.frames]
    assert names == ["main", "inner", "forever"]
    assert (stack.tid, stack.inner, stack.state, stack.reason) == (1, 1, "blocked", "a Future")
    assert ("secret", "'in a variable'") in stack.frames[1].locals
    sched.end_all()


def test_the_stack_of_one_that_makes_a_call_tells_the_call():
    channel = Channel()

    async def main():
        await kernel_call(ChanRecv(channel))

    sched = start(hosted(main))
    turn(sched, 5)
    stack = snapshot(sched, GetStack(1, inner=1))
    assert stack.call.startswith("ChanRecv(")
    assert [frame.function.rpartition(".")[2] for frame in stack.frames] == ["main"]
    sched.end_all()


def test_the_stack_of_the_program_tells_of_those_in_it():
    sched = start(hosted(family, 100))
    turn(sched, 5)
    stack = snapshot(sched, GetStack(1))
    assert "BaseEventLoop._run_once" in [frame.function for frame in stack.frames]
    assert len(stack.within) == 50
    assert stack.within_total == 101
    assert isinstance(stack.within[0], TaskInfo)
    sched.end_all()


def test_a_cancelled_one_ends_and_no_other():
    log = []

    async def child(number):
        try:
            await forever()
        finally:
            log.append(number)

    async def main():
        return await asyncio.gather(child(1), child(2), return_exceptions=True)

    sched = start(hosted(main))
    turn(sched, 5)
    ask(sched, CancelAsyncTask(1, 3))
    turn(sched, 5)
    assert log == [2]
    ask(sched, CancelAsyncTask(1, 2))
    settle(sched)
    assert [type(error) for error in outcome(sched, 1).value] == [asyncio.CancelledError] * 2


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (GetStack(1, inner=9), NoSuchAsyncTask),
        (CancelAsyncTask(1, 9), NoSuchAsyncTask),
        (CancelAsyncTask(2, 1), NoSuchAsyncTask),
        (GetStack(2, inner=1), NoSuchAsyncTask),
        (GetStack(9, inner=1), NoSuchTask),
        (CancelAsyncTask(9, 1), NoSuchTask),
    ],
)
def test_one_that_is_not_there_is_told_by_both_numbers(call, error):
    sched = start(hosted(family), idle())
    turn(sched, 5)
    with pytest.raises(error):
        snapshot(sched, call)
    sched.end_all()


def test_one_that_has_ended_is_there_no_more():
    async def main():
        await asyncio.create_task(asyncio.sleep(0))
        await forever()

    sched = start(hosted(main))
    turn(sched, 10)
    with pytest.raises(NoSuchAsyncTask, match=r"no asyncio task 1\.2"):
        snapshot(sched, GetStack(1, inner=2))
    sched.end_all()


def test_who_asks_from_within_is_running():
    async def main():
        listed = await kernel_call(ListTasks(inner=None))
        return [(task.inner, task.state) for task in listed.tasks]

    sched = start(hosted(main))
    settle(sched)
    assert outcome(sched, 1).value == [(0, "running"), (1, "running")]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no eager tasks before 3.12")
def test_an_eager_task_that_has_to_wait_is_seen():
    async def done():
        pass

    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await asyncio.create_task(done())
        await asyncio.create_task(forever())

    sched = start(hosted(main))
    turn(sched, 10)
    assert {number: task.program for number, task in told(sched).items()} == {
        1: "test_an_eager_task_that_has_to_wait_is_seen.<locals>.main", 2: "forever"
    }  # fmt: skip
    sched.end_all()


def test_a_task_that_it_makes_is_none_of_them():
    async def main():
        await kernel_call(NewTask(child()))
        await forever()

    def child():
        while True:
            yield GetTid()
            yield

    sched = start(hosted(main))
    turn(sched, 10)
    order, _ = rows(sched)
    assert order == [(1, 0), (1, 1), (2, 0)]
    sched.end_all()
