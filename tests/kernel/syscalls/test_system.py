"""Snapshots of the system."""

from __future__ import annotations

import pytest

from kernel import (
    GetStack,
    GetTid,
    ListTasks,
    ManualClock,
    NewTask,
    NoSuchTask,
    ReadWait,
    Recv,
    Scheduler,
    SelectPoller,
    Sleep,
    WaitTask,
    places,
)

from ..support import ask, settle, start, turn


def snapshot(sched, call):
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


def sleeper(seconds=60.0):
    yield Sleep(seconds)


def test_a_task_is_told_with_parent_state_reason_age_and_depth():
    clock = ManualClock()

    def outer():
        yield inner()

    def inner():
        yield WaitTask((yield NewTask(sleeper(90))))

    sched = start(outer(), clock=clock)
    turn(sched, 2)
    clock.advance(30)
    first, second = snapshot(sched, ListTasks()).tasks
    assert (first.tid, first.parent, first.state, first.reason) == (1, 0, "blocked", "exit of 2")
    assert (second.tid, second.parent, second.state) == (2, 1, "blocked")
    assert second.reason == "sleep 60.0 s left"
    assert (first.age, first.depth) == (30, 2)
    assert (second.age, second.depth) == (30, 1)


def test_a_ready_task_waits_for_nothing_and_whoever_asks_is_running():
    def program():
        rows = (yield ListTasks()).tasks
        return [(row.state, row.reason) for row in rows]

    def idle():
        yield
        yield

    sched = start(program(), idle())
    settle(sched)
    assert sched.find(1).status.value == [("running", ""), ("ready", "")]


def test_only_the_first_so_many_are_told_and_how_many_there_are():
    sched = start(*(sleeper() for _ in range(100)))
    turn(sched)
    listed = snapshot(sched, ListTasks(first=7))
    assert [row.tid for row in listed.tasks] == [1, 2, 3, 4, 5, 6, 7]
    assert listed.total == 100
    assert len(snapshot(sched, ListTasks()).tasks) == 100


@pytest.mark.parametrize("first", [-1, "7", 1.5, True, 2**70])
def test_a_first_that_is_no_number_of_tasks_is_refused(first):
    reply = ask(sched := start(sleeper()), ListTasks(first))
    turn(sched)
    with pytest.raises(ValueError, match=f"are a number, not {first!r}"):
        reply.result(0)


def test_the_poller_and_its_limit_are_told():
    listed = snapshot(Scheduler(poller=SelectPoller()), ListTasks())
    assert (listed.poller, listed.limit) == ("select", SelectPoller.limit)


def test_a_program_is_told_with_its_arguments():
    def greet(name, times=3, *, loud=False):
        yield Sleep(1)

    sched = start(greet("World", loud=True))
    turn(sched)
    told = snapshot(sched, ListTasks()).tasks[0].program
    assert told.endswith("greet World 3 True")


def test_a_name_that_was_given_is_told_as_it_is():
    sched = start()
    sched.new(sleeper(), name="my own name")
    assert snapshot(sched, ListTasks()).tasks[0].program == "my own name"


def generator_leaf():
    yield Sleep(60)


async def coroutine_leaf():
    await Sleep(60)


def functions(info):
    return [frame.function.rpartition(".")[2] for frame in info.frames]


def test_a_stack_goes_through_yield_from_and_subroutines_down_to_the_trap():
    def program():
        yield entered()

    def entered():
        yield from delegated()

    def delegated():
        yield from generator_leaf()

    sched = start(program())
    turn(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info) == ["program", "entered", "delegated", "generator_leaf"]
    assert info.call.startswith("Sleep(")
    assert info.reason == "sleep 60.0 s left"
    assert all(frame.file == __file__ for frame in info.frames)


def test_a_stack_goes_through_await_and_asynchronous_generators():
    async def numbers():
        await coroutine_leaf()
        yield 1

    async def program():
        async for _ in numbers():
            pass

    sched = start(program())
    turn(sched)
    assert functions(snapshot(sched, GetStack(1))) == ["program", "numbers", "coroutine_leaf"]
    settle(sched)


def test_the_lines_are_those_at_which_each_frame_stands():
    def program():
        yield GetTid()
        yield generator_leaf()

    sched = start(program())
    turn(sched)
    frames = snapshot(sched, GetStack(1)).frames
    assert [frame.line for frame in frames] == [
        program.__code__.co_firstlineno + 2,
        generator_leaf.__code__.co_firstlineno + 1,
    ]


def test_of_a_crashed_task_the_traceback_is_told():
    def program():
        yield middle()

    def middle():
        yield
        return divide(0)

    def divide(number):
        return 1 / number

    sched = start(program())
    sched.trace.subscribe(lambda event: None, type(None))
    from kernel import Exited

    sched.trace.subscribe(lambda event: None, Exited)
    settle(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info) == ["program", "middle", "divide"]
    assert info.status.crashed
    assert info.state == "exited"


def test_a_very_deep_stack_is_told_without_its_middle():
    def deep(depth):
        yield deep(depth - 1) if depth else Sleep(60)

    sched = start(deep(20_000))
    turn(sched, 1_000)
    info = snapshot(sched, GetStack(1))
    assert len(info.frames) == 200
    assert info.omitted == 20_001 - 200
    assert snapshot(sched, ListTasks()).tasks[0].depth == 20_001


def test_a_snapshot_of_no_task_is_an_error():
    with pytest.raises(NoSuchTask):
        snapshot(start(), GetStack(1))


def test_a_snapshot_stays_as_it_is_whatever_the_tasks_do_next():
    sched = start(sleeper())
    turn(sched)
    info, listed = snapshot(sched, GetStack(1)), snapshot(sched, ListTasks())
    settle(sched)
    assert info.state == "blocked"
    assert listed.tasks[0].state == "blocked"


def test_what_is_waited_for_on_a_socket_is_told_with_both_addresses(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, address = listener.accept()
        with client, server:

            def reader():
                yield Recv(server, 10)

            def waiter():
                yield ReadWait(listener)

            sched = start(reader(), waiter())
            turn(sched)
            reasons = [row.reason for row in snapshot(sched, ListTasks()).tasks]
            here = f"127.0.0.1:{listener.getsockname()[1]}"
            assert reasons == [f"read {here} ← 127.0.0.1:{address[1]}", f"read {here}"]
            sched.end_all()
            sched.poller.close()


def test_a_stack_without_end_is_looked_at_without_walking_through_it(monkeypatch):
    def recursive():
        yield (yield recursive())

    sched = start(recursive())
    turn(sched, 1_000)
    looked_at = []
    delegates = places.delegates
    monkeypatch.setattr(places, "delegates", lambda f: looked_at.append(f) or delegates(f))
    listed, stack = ask(sched, ListTasks()), ask(sched, GetStack(1))
    turn(sched)
    (row,) = listed.result(0).tasks
    info = stack.result(0)
    assert row.depth > 50_000
    assert len(info.frames) + info.omitted > 50_000
    assert len(looked_at) < 1_000
    sched.force(sched.tasks[1])
