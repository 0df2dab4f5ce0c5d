"""The tasks there are, and those there were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Exited,
    GetStack,
    InspectTask,
    KillTask,
    ListEnded,
    ListTasks,
    ManualClock,
    NewTask,
    ReadWait,
    Recv,
    Scheduler,
    SelectPoller,
    SendSignal,
    Signal,
    Sleep,
    Task,
    WaitTask,
)
from kernel.syscalls.listing import tree

from ..support import ask, settle, snapshot, start, turn, watch


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


# -- in which order, and which


def tids(sched, **wishes):
    return [row.tid for row in snapshot(sched, ListTasks(**wishes)).tasks]


def nested(depth):
    yield nested(depth - 1) if depth else Sleep(60)


def test_tasks_come_by_what_is_wished_and_the_largest_numbers_first():
    clock = ManualClock()
    sched = start(nested(1), clock=clock)
    for program in (nested(3), nested(0)):
        clock.advance(10)
        sched.new(program, name=f"p{clock.time:g}")
    turn(sched)
    assert tids(sched) == tids(sched, sort="age") == [1, 2, 3]
    assert tids(sched, sort="depth") == [2, 1, 3]
    assert tids(sched, sort="depth", reverse=True) == [3, 1, 2]
    assert tids(sched, sort="age", reverse=True) == tids(sched, reverse=True) == [3, 2, 1]
    assert tids(sched, sort="program") == [1, 2, 3]
    assert tids(sched, sort="depth", first=1) == [2]


def test_they_come_by_tid_also_if_one_whose_number_was_reserved_came_after_others():
    sched = start(sleeper())
    late = Task(sleeper())
    late.tid = sched.last_tid = 2
    sched.new(sleeper())
    sched.admit(late, 0)
    assert [task.tid for task in snapshot(sched, ListTasks()).tasks] == [1, 2, 3]


def test_a_sort_that_there_is_not_is_refused_by_naming_those_that_there_are():
    with pytest.raises(ValueError, match="by tid, age, state, depth, program, tree, not 'size'"):
        snapshot(start(), ListTasks(sort="size"))


def test_only_those_in_a_state_or_of_a_program_are_told_and_counted():
    sched = start(*(sleeper() for _ in range(5)))
    for number in (1, 2):
        sched.new(sleeper(), name=f"Other {number}")
    turn(sched)
    snapshot(sched, SendSignal(3, Signal.STOP))
    assert tids(sched, state="stopped") == [3]
    assert tids(sched, program="oTHer") == [6, 7]
    assert tids(sched, program="other", state="blocked", sort="tid", reverse=True) == [7, 6]
    listed = snapshot(sched, ListTasks(first=2, state="blocked"))
    assert (len(listed.tasks), listed.total) == (2, 6)
    assert tids(sched, program="nothing like that") == []


def test_who_asks_is_running_whatever_it_wants_to_know():
    def program():
        return [row.tid for row in (yield ListTasks(state="running")).tasks]

    sched = start(sleeper(), program())
    settle(sched)
    assert sched.find(2).status.value == [2]


# -- trees


def family(*sizes):
    for _ in range(sizes[0] if sizes else 0):
        yield NewTask(family(*sizes[1:]))
    yield Sleep(60)


def test_in_a_tree_each_is_below_its_parent():
    sched = start(family(2, 1), sleeper())
    turn(sched, 4)
    assert tids(sched, sort="tree") == [1, 3, 5, 4, 6, 2]
    assert tids(sched, sort="tree", reverse=True) == [2, 1, 4, 6, 3, 5]


def test_whose_parent_has_ended_or_is_not_wished_begins_a_tree_of_its_own():
    sched = start(family(2, 1))
    turn(sched, 4)
    snapshot(sched, KillTask(2))
    turn(sched)
    assert tids(sched, sort="tree") == [1, 3, 5, 4]
    assert {row.tid: row.parent for row in snapshot(sched, ListTasks()).tasks}[4] == 2


def test_a_chain_of_10_000_parents_is_a_tree_as_well():
    def chain(length):
        if length:
            yield NewTask(chain(length - 1))
        yield Sleep(60)

    sched = start(chain(9_999))
    turn(sched, 10_000)
    assert tids(sched, sort="tree") == [*range(1, 10_001)]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=20), st.sets(st.integers(1, 20)), st.booleans())
def test_a_tree_has_each_task_once_and_no_child_before_its_parent(parents, ended, reverse):
    tasks = []
    for tid, parent in enumerate(parents, 1):
        task = Task(sleeper())
        task.tid, task.parent = tid, min(parent, tid - 1)
        tasks.append(task)
    tasks = [task for task in tasks if task.tid not in ended]
    order = [task.tid for task in tree(tasks, reverse)]
    assert sorted(order) == [task.tid for task in tasks]
    for task in tasks:
        if task.parent in order:
            assert order.index(task.parent) < order.index(task.tid)


# -- those that have ended


def test_the_ended_come_last_first_with_how_they_ended_and_how_long_they_lived():
    def crash():
        yield Sleep(5)
        raise ValueError("no good")

    clock = ManualClock()
    sched = start(sleeper(20), crash(), sleeper(60), clock=clock)
    watch(sched, Exited)
    for _ in range(20):
        turn(sched)
        clock.advance(1)
    turn(sched)
    snapshot(sched, KillTask(3))
    turn(sched)
    ended = snapshot(sched, ListEnded())
    assert [(row.tid, row.lived, str(row.status)) for row in ended.tasks] == [
        (3, 20, "killed"),
        (1, 20, "ended"),
        (2, 5, "crashed: ValueError: no good"),
    ]
    clock.advance(100)
    assert snapshot(sched, GetStack(2)).status.crashed
    assert snapshot(sched, InspectTask(2)).task.age == 5


def test_of_the_ended_only_so_many_are_told_or_those_of_a_program():
    def nothing():
        return
        yield

    sched = start()
    for number in range(1_500):
        sched.new(nothing(), name="odd" if number % 2 else "even")
    settle(sched)
    ended = snapshot(sched, ListEnded(first=3))
    assert [row.tid for row in ended.tasks] == [1_500, 1_499, 1_498]
    assert ended.total == 1_000
    assert snapshot(sched, ListEnded(program="ODD")).total == 500
    assert len(snapshot(sched, ListEnded()).tasks) == 1_000
    with pytest.raises(ValueError, match="are a number"):
        snapshot(sched, ListEnded(first=-1))
