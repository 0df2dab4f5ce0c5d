"""Waiting until all others are blocked, and the clock that jumps."""

from __future__ import annotations

import socket

from kernel import (
    Channel,
    ChanRecv,
    ChanSend,
    JumpingClock,
    KillTask,
    NewTask,
    Now,
    Recv,
    Scheduler,
    Send,
    Sleep,
    WaitAllBlocked,
    WaitTask,
)

from .support import ask, either_style, idle, outcome, settle, start, turn


def mainloop(*programs, **doors):
    sched = Scheduler(**doors)
    for program in programs:
        sched.new(program)
    sched.mainloop()
    return sched


@either_style
def test_who_waits_for_all_to_be_blocked_goes_on_when_nobody_else_can(style):
    log = []

    def busy():
        yield from idle(20)
        log.append("busy")
        yield Sleep(0.01)
        log.append("slept")

    def watcher():
        yield WaitAllBlocked()
        log.append("all blocked")

    mainloop(style(watcher()), busy())
    assert log == ["busy", "all blocked", "slept"]


def test_a_program_can_be_put_where_a_test_wants_it():
    channel = Channel()

    def receiver():
        return (yield ChanRecv(channel))

    def test():
        tid = yield NewTask(receiver())
        yield WaitAllBlocked()
        assert channel.receivers.first.tid == tid
        yield ChanSend(channel, "item")
        return (yield WaitTask(tid)).value

    assert outcome(mainloop(test()), 1).value == "item"


def test_several_may_wait_for_it_and_go_on_together():
    log = []

    def watcher(name):
        yield WaitAllBlocked()
        log.append(name)

    mainloop(watcher("a"), watcher("b"))
    assert log == ["a", "b"]


def test_data_that_is_there_is_read_before_all_are_said_to_be_blocked():
    left, right = socket.socketpair()
    log = []

    def reader():
        log.append((yield Recv(left, 9)))

    def watcher():
        yield Send(right, b"data")
        yield WaitAllBlocked()
        log.append("all blocked")

    with left, right:
        mainloop(reader(), watcher())
    assert log == [b"data", "all blocked"]


def test_an_alarm_that_is_due_comes_first():
    def sleeper():
        yield Sleep(1)
        log.append("slept")

    def watcher():
        yield WaitAllBlocked()
        log.append("all blocked")

    log = []
    sched = start(sleeper())
    turn(sched)
    sched.clock.advance(1)
    sched.new(watcher())
    turn(sched, 5)
    assert log == ["slept", "all blocked"]


def test_who_is_killed_while_it_waits_for_it_is_gone():
    sched = start(idle(3))

    def watcher():
        yield WaitAllBlocked()

    sched.new(watcher())
    turn(sched)
    ask(sched, KillTask(2))
    settle(sched)
    assert not sched.idlers
    assert outcome(sched, 2).killed


@either_style
def test_the_clock_jumps_to_the_next_alarm_when_nobody_can_do_anything(style):
    def sleeper(hours):
        yield Sleep(hours * 3600)
        return (yield Now())

    sched = mainloop(*(style(sleeper(hours)) for hours in (3, 1, 2)), clock=JumpingClock(100))
    assert [outcome(sched, tid).value for tid in (1, 2, 3)] == [10900, 3700, 7300]


def test_the_clock_stands_still_while_somebody_waits_for_all_to_be_blocked():
    def sleeper():
        yield Sleep(3600)

    def watcher():
        yield WaitAllBlocked()
        return (yield Now())

    sched = mainloop(sleeper(), watcher(), clock=JumpingClock())
    assert outcome(sched, 2).value == 0


def test_data_that_is_there_is_read_before_the_clock_jumps():
    left, right = socket.socketpair()

    def reader():
        data = yield Recv(left, 9)
        return data, (yield Now())

    def writer():
        yield Send(right, b"data")
        yield Sleep(3600)

    with left, right:
        sched = mainloop(reader(), writer(), clock=JumpingClock())
    assert outcome(sched, 1).value == (b"data", 0)
