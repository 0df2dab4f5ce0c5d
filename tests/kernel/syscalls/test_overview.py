"""The system in a few numbers."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Exited,
    GetOverview,
    GetTid,
    KillTask,
    ListTasks,
    Machine,
    ManualClock,
    NewTask,
    Pause,
    Recv,
    Resume,
    RunInThread,
    Scheduler,
    SendSignal,
    Signal,
    Sleep,
    Slow,
    Task,
    WaitTask,
)
from kernel.syscalls.overview import overview_of

from ..support import ask, end, settle, snapshot, start, turn, watch


def sleeper():
    yield Sleep(60)


def busy():
    while True:
        yield


def test_an_empty_system_has_nothing():
    overview = snapshot(start(), GetOverview())
    assert (overview.tasks, overview.ready, overview.blocked, overview.alarms) == (0, 0, 0, 0)
    assert (overview.requests, overview.files, overview.outside) == (0, 0, 0)


def test_tasks_are_told_by_their_states_and_alarms_and_requests_too():
    clock = ManualClock(7.0)
    sched = start(sleeper(), sleeper(), busy(), busy(), busy(), clock=clock)
    watch(sched, Exited)
    turn(sched)
    waiting = ask(sched, WaitTask(1))
    for tid in (2, 3):
        snapshot(sched, SendSignal(tid, Signal.STOP))
    overview = snapshot(sched, GetOverview())
    assert (overview.tasks, overview.running, overview.ready) == (5, 0, 2)
    assert (overview.blocked, overview.stopped, overview.dying) == (1, 2, 0)
    assert (overview.spawned, overview.alarms, overview.requests) == (5, 2, 1)
    assert (overview.time, overview.passes > 0) == (7.0, True)
    assert not waiting.done()
    end(sched)
    overview = snapshot(sched, GetOverview())
    assert (overview.tasks, overview.stopped, overview.requests, overview.spawned) == (0, 0, 0, 5)


def test_a_task_that_asks_is_the_one_that_is_running():
    def program():
        return (yield GetOverview())

    sched = start(program(), sleeper(), busy())
    turn(sched)
    overview = sched.find(1).status.value
    assert (overview.running, overview.ready, overview.blocked) == (1, 2, 0)
    end(sched)


def test_files_and_what_is_outside_are_counted():
    near, far = socket.socketpair()

    def reads():
        yield Recv(near, 1)

    def runs():
        yield RunInThread(far.recv, 1)

    with near, far:
        sched = start(reads(), runs())
        turn(sched)
        overview = snapshot(sched, GetOverview())
        assert (overview.files, overview.waits, overview.outside) == (1, 1, 1)
        near.send(b"x")
        sched.find(1).force()
        sched.bury(sched.find(1))
        sched.end_all()
        sched.poller.close()


def test_however_many_tasks_there_are_none_is_looked_at(monkeypatch):
    sched = start(*(sleeper() for _ in range(1_000)))
    monkeypatch.setattr(Task, "state", property(lambda task: pytest.fail("looked at one")))
    overview = snapshot(sched, GetOverview())
    assert (overview.tasks, overview.ready) == (1_000, 1_000)
    sched.end_all(0)


ACTS = st.sampled_from(["sleep", "yield", "stop", "cont", "kill", "new", "turn"])


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(ACTS, st.integers(1, 6)), max_size=30))
def test_the_numbers_are_those_that_a_count_of_all_tasks_gives(acts):
    sched = start(sleeper(), busy(), busy())
    watch(sched, Exited)
    for act, tid in acts:
        call = {
            "stop": SendSignal(tid, Signal.STOP),
            "cont": SendSignal(tid, Signal.CONT),
            "kill": KillTask(tid),
            "sleep": NewTask(sleeper()) if act == "sleep" else GetTid(),
            "new": NewTask(busy()) if act == "new" else GetTid(),
        }.get(act, GetTid())
        ask(sched, call)
        turn(sched)
        listed, asked = ask(sched, ListTasks()), ask(sched, GetOverview())
        turn(sched)
        states, overview = Counter(row.state for row in listed.result(0).tasks), asked.result(0)
        assert overview.tasks == states.total()
        assert (overview.ready, overview.blocked) == (states["ready"], states["blocked"])
        assert (overview.stopped, overview.running) == (states["stopped"], 0)
    end(sched)
    settle(sched)


def test_it_tells_whether_the_system_is_held_up():
    sched = start(busy())
    for call, held_up in (
        (Pause(), (True, None)),
        (Slow(2.0), (True, 2.0)),
        (Resume(), (False, None)),
    ):
        snapshot(sched, call)
        overview = snapshot(sched, GetOverview())
        assert (overview.paused, overview.rate) == held_up
    sched.end_all()


# -- from outside


def test_what_is_seen_from_outside_is_what_the_call_answers():
    sched = start(sleeper(), sleeper(), busy(), busy(), clock=ManualClock(7.0))
    turn(sched)
    for tid in (1, 3):
        snapshot(sched, SendSignal(tid, Signal.STOP))
    asked = snapshot(sched, GetOverview())
    assert replace(overview_of(sched), passes=asked.passes) == asked
    assert (asked.ready, asked.blocked, asked.stopped) == (1, 1, 2)
    sched.end_all(0)


def test_it_is_seen_while_a_task_holds_the_kernel():
    held, let_go = threading.Event(), threading.Event()

    def hog():
        held.set()
        let_go.wait()
        yield

    machine = Machine()
    machine.kernel.new(hog())
    with machine:
        held.wait()
        assert machine.overview().tasks == 1
        let_go.set()


def test_it_is_seen_while_tasks_come_and_go_and_are_stopped():
    done = threading.Event()

    def short():
        yield

    def crowd():
        while not done.is_set():
            for _ in range(50):
                sched.new(short())
            yield SendSignal((yield NewTask(short())), Signal.STOP)
            for tid in list(sched.held):
                yield KillTask(tid)

    sched = Scheduler()
    sched.new(crowd())
    with Machine(sched) as machine:
        for _ in range(2_000):
            overview = machine.overview()
            assert min(overview.tasks, overview.ready, overview.blocked, overview.stopped) >= 0
        done.set()
