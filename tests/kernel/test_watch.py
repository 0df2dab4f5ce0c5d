"""To be told of an end without sleeping for it."""

from __future__ import annotations

from kernel import WaitTask
from kernel.watch import Watch

from .support import idle, settle, start, turn


def test_a_watch_is_told_once_in_the_order_of_those_who_wait():
    told = []

    def waiter(name):
        yield WaitTask(1)
        told.append(name)

    sched = start(idle(3), waiter("first"))
    turn(sched)
    watch = Watch(sched.find(1), lambda task: told.append(task.status.value))
    sched.new(waiter("last"))
    settle(sched)
    assert told == [None, "first", "last"]
    assert watch.queue is None


def test_a_watch_that_has_left_is_not_told():
    told = []
    sched = start(idle(3))
    watch = Watch(sched.find(1), told.append)
    watch.leave()
    settle(sched)
    assert told == []


def test_a_watch_on_a_task_that_is_ended_by_force_is_told():
    told = []
    sched = start(idle())
    Watch(sched.find(1), told.append)
    turn(sched)
    sched.force(sched.find(1))
    assert [task.tid for task in told] == [1]
