"""All there is about one task."""

from __future__ import annotations

import contextvars

import pytest

from kernel import (
    Acquire,
    CapacityLimiter,
    Channel,
    ChanRecv,
    InspectTask,
    KillTask,
    Link,
    ManualClock,
    Monitor,
    Mutex,
    NewTask,
    NoSuchTask,
    OnSignal,
    OpenScope,
    Receive,
    Register,
    RWLock,
    Select,
    SendAfter,
    SendMessage,
    Signal,
    Sleep,
    Task,
    TrapExits,
    WaitTask,
    first_good,
)

from ..support import ask, end, snapshot, start, turn


def sleeper(seconds=60):
    yield Sleep(seconds)


def details(sched, tid):
    return snapshot(sched, InspectTask(tid))


def test_of_a_plain_sleeper_there_is_little_to_tell():
    clock = ManualClock()
    sched = start(sleeper(), clock=clock)
    turn(sched)
    clock.advance(20)
    told = details(sched, 1)
    assert (told.task.state, told.task.age, told.alarm, told.call) == (
        "blocked", 20, 40, "Sleep(60)",
    )  # fmt: skip
    assert (told.children, told.waiters, told.links, told.locks, told.places) == ((),) * 5
    assert (told.mailbox, told.deadline, told.status, told.files) == (None, None, None, ())


def test_relatives_partners_and_those_who_wait_for_it_are_told():
    def program():
        child = yield NewTask(sleeper())
        yield NewTask(sleeper())
        yield Link(child)
        yield Monitor(child)
        yield Register("boss")
        yield Register("chief")
        yield WaitTask(child)

    sched = start(program())
    turn(sched, 2)
    ask(sched, WaitTask(1))
    parent, child = details(sched, 1), details(sched, 2)
    assert parent.children == (2, 3)
    assert (parent.links, child.links) == ((2,), (1,))
    assert (parent.monitors, parent.monitored_by) == ((2,), ())
    assert (child.monitors, child.monitored_by) == ((), (1,))
    assert parent.names == ("boss", "chief")
    assert (parent.waiters, child.waiters) == ((0,), (1,))
    assert [(place.reason, place.place, place.length) for place in parent.places] == [
        ("exit of 2", 1, 1)
    ]


def test_the_locks_that_it_has_are_told_and_its_place_for_the_one_that_it_wants():
    mutex, limiter, lock = Mutex("m"), CapacityLimiter(2, "l"), RWLock("rw")

    def owner():
        for each in (mutex, limiter, lock.writer):
            yield Acquire(each)
        yield Sleep(60)

    def wants():
        yield Acquire(mutex)

    sched = start(owner(), wants(), wants(), wants())
    turn(sched)
    assert details(sched, 1).locks == ("Mutex m", "CapacityLimiter l", "RWLock rw")
    (place,) = details(sched, 3).places
    assert (place.place, place.length) == (2, 3)
    assert place.reason == "acquire Mutex m, which task 1 has"


def test_in_a_select_it_has_a_place_for_each_branch_that_has_a_queue():
    one, two = Channel(name="one"), Channel(name="two")

    def program():
        yield Select(ChanRecv(one), ChanRecv(two), Sleep(60))

    def other():
        yield ChanRecv(two)

    sched = start(other(), program())
    turn(sched)
    assert [(place.reason, place.place, place.length) for place in details(sched, 2).places] == [
        ("receive from Channel one", 1, 1),
        ("receive from Channel two", 2, 2),
    ]


def test_scopes_are_told_with_what_is_left_of_their_time():
    clock = ManualClock()

    def program():
        yield OpenScope(30)
        yield OpenScope(shield=True)
        yield Sleep(60)

    sched = start(program(), clock=clock)
    turn(sched)
    clock.advance(10)
    outer, inner = details(sched, 1).scopes
    assert (outer.left, outer.cancelled, outer.shield) == (20, False, False)
    assert (inner.left, inner.cancelled, inner.shield) == (None, False, True)
    end(sched)


def test_a_mailbox_is_told_with_its_first_messages():
    def program():
        yield TrapExits(True)
        for number in range(15):
            yield SendMessage(1, number)
        yield SendAfter(5, 1, "later")
        yield Receive(str)

    sched = start(program())
    turn(sched)
    box = details(sched, 1).mailbox
    assert (box.messages, box.expected, box.size, box.traps_exits) == (15, 1, 10_000, True)
    assert box.first == tuple(map(str, range(10)))


def test_handlers_and_context_variables_are_told():
    var = contextvars.ContextVar("user")

    def handler(signal):
        pass

    def program():
        var.set("Ada")
        yield OnSignal(Signal.USR1, handler)
        yield Sleep(60)

    sched = start(program())
    turn(sched, 2)
    told = details(sched, 1)
    assert ("user", "'Ada'") in told.context
    assert len(told.handlers) == 1
    assert told.handlers[0][0] == "USR1"
    assert "handler" in told.handlers[0][1]


def test_of_a_killed_task_the_deadline_is_told_and_then_how_it_ended():
    def stubborn():
        try:
            yield Sleep(60)
        finally:
            yield Sleep(1)

    clock = ManualClock()
    sched = start(stubborn(), clock=clock, grace=2.0)
    turn(sched)
    snapshot(sched, KillTask(1))
    turn(sched)
    clock.advance(0.5)
    assert details(sched, 1).deadline == 1.5
    end(sched)
    told = details(sched, 1)
    assert (told.task.state, told.status.killed, told.deadline) == ("exited", True, None)


def test_groups_and_their_tasks_can_be_inspected_at_any_moment():
    sched = start(first_good(sleeper(), sleeper()))
    for _ in range(6):
        for tid in range(1, sched.last_tid + 1):
            assert details(sched, tid).task.tid == tid
    assert details(sched, 1).children == (2, 3)
    end(sched)


def test_a_task_may_inspect_itself():
    def program():
        return (yield InspectTask(1))

    sched = start(program())
    turn(sched)
    assert sched.find(1).status.value.task.state == "running"


def test_there_is_nothing_to_inspect_of_no_task():
    with pytest.raises(NoSuchTask):
        details(start(), 1)


def test_a_task_that_no_kernel_has_run_yet_can_be_inspected():
    sched = start()
    sched.schedule(Task(sleeper()))
    assert details(sched, 1).task.state == "ready"
