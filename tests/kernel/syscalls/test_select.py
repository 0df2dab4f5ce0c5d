"""The first of several calls that can be answered."""

from __future__ import annotations

import socket
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Accept,
    Acquire,
    ChanClose,
    Channel,
    ChannelClosed,
    ChanRecv,
    ChanSend,
    ChanSendMany,
    Connect,
    Event,
    GetTid,
    Join,
    Listen,
    Mutex,
    NewTask,
    Now,
    Recv,
    Release,
    Scheduler,
    Select,
    Semaphore,
    Send,
    SetEvent,
    Sleep,
    TaskFailed,
    WaitEvent,
    WaitFuture,
    WaitQueue,
    WaitTask,
    Yield,
    within,
)

from ..support import Do, Park, ask, either_style, idle, outcome, run, settle, start, turn


@either_style
def test_the_first_that_can_be_answered_is_and_those_behind_it_are_not_made(style):
    def program():
        full, empty = Channel(1), Channel(1)
        yield ChanSend(full, "item")
        answer = yield Select(ChanRecv(empty), ChanRecv(full), ChanSend(empty, "never"))
        return answer, len(empty.items)

    assert run(style(program())).value == ((1, "item"), 0)


@either_style
def test_who_waits_for_several_gets_the_first_that_comes(style):
    def program():
        channel, event = Channel(), Event()
        yield NewTask(sender(channel))
        return (yield Select(ChanRecv(channel), WaitEvent(event), Sleep(9))), (yield Now())

    def sender(channel):
        yield Sleep(2)
        yield ChanSend(channel, "item")

    assert run(style(program())).value == ((0, "item"), 2.0)


def test_the_others_are_as_if_they_had_never_been_made():
    channel, event, semaphore = Channel(), Event(), Semaphore(0)

    def program():
        return (yield Select(ChanRecv(channel), WaitEvent(event), Acquire(semaphore), Sleep(5)))

    sched = start(program())
    turn(sched, 2)
    assert channel.receivers and event.waiters and semaphore.waiters and sched.alarms.live
    ask(sched, SetEvent(event))
    settle(sched)
    assert outcome(sched, 1).value == (1, None)
    assert not (channel.receivers or event.waiters or semaphore.waiters or sched.alarms.live)


def test_what_a_branch_raises_the_select_raises():
    def program():
        channel = Channel()
        with pytest.raises(ValueError, match="cannot sleep"):
            yield Select(ChanRecv(channel), Sleep(-1))
        assert not channel.receivers
        yield NewTask(closer(channel))
        with pytest.raises(ChannelClosed):
            yield Select(ChanRecv(channel), Sleep(9))
        return (yield Now())

    def closer(channel):
        yield Sleep(1)
        yield ChanClose(channel)

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == 1.0
    assert not sched.alarms.live


@pytest.mark.parametrize("rounds", range(1, 5))
def test_who_is_killed_in_a_select_leaves_no_branch(rounds):
    channel, semaphore = Channel(), Semaphore(0)

    def program():
        yield Select(ChanRecv(channel), Acquire(semaphore), Sleep(9))

    sched = start(program(), idle(6))
    turn(sched, rounds)
    sched.kill(sched.find(1))
    settle(sched)
    assert not (channel.receivers or semaphore.waiters or sched.alarms.live)


def test_a_timeout_ends_a_select():
    def program():
        channel = Channel()
        with pytest.raises(TimeoutError):
            yield within(3, Select(ChanRecv(channel), Sleep(5)))
        return bool(channel.receivers), (yield Now())

    assert run(program()).value == (False, 3.0)


def test_a_rendezvous_of_two_selects_takes_place():
    one, two = Channel(), Channel()

    def left():
        return (yield Select(ChanSend(one, "from left"), ChanRecv(two)))

    def right():
        return (yield Select(ChanSend(two, "from right"), ChanRecv(one)))

    sched = start(left(), right())
    settle(sched)
    assert outcome(sched, 1).value == (1, "from right")
    assert outcome(sched, 2).value == (0, None)


def test_a_select_never_meets_itself():
    channel = Channel()

    def program():
        return (yield Select(ChanSend(channel, 1), ChanRecv(channel), Sleep(1)))

    def late(call):
        yield Sleep(0.5)
        return (yield call)

    assert run(program()).value == (2, None)
    sched = start(program(), late(ChanSend(channel, "other")))
    settle(sched)
    assert outcome(sched, 1).value == (1, "other")


def test_connections_are_waited_for_like_all_else():
    def client(address):
        with (yield Connect(address)) as sock:
            yield Recv(sock, 1)

    def program():
        with (yield Listen(("127.0.0.1", 0))) as listener:
            yield NewTask(client(listener.getsockname()))
            number, (sock, _) = yield Select(Sleep(60), Accept(listener))
            with sock:
                numbers.append(number)

    numbers = []
    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert numbers == [1]


def test_ends_and_locks_are_waited_for_like_all_else():
    def child():
        yield Sleep(2)
        raise KeyError("child")

    def program():
        mutex = Mutex()
        tid = yield NewTask(child())
        assert (yield Select(Sleep(9), Acquire(mutex))) == (1, None)
        with pytest.raises(TaskFailed, match="task 2 crashed: KeyError: 'child'"):
            yield Select(Sleep(9), Join(tid))
        yield Release(mutex)
        return (yield Now())

    assert run(program()).value == 2.0


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (Send, [None, b""]),
        (Connect, [("127.0.0.1", 1)]),
        (ChanSendMany, [Channel(), "ab"]),
        (Select, [GetTid()]),
    ],
)
def test_a_call_that_acts_before_it_sleeps_is_refused_by_name(call, arguments):
    def program():
        with pytest.raises(TypeError, match=f"{call.__name__} cannot be in a Select"):
            yield Select(GetTid(), call(*arguments))
        return "lives"

    assert run(program()).value == "lives"


def test_what_is_no_call_and_a_select_of_nothing_are_refused():
    def program():
        with pytest.raises(TypeError, match="a Select is made of system calls, not of 3"):
            yield Select(GetTid(), 3)
        with pytest.raises(ValueError, match="a Select of nothing would wait for ever"):
            yield Select()
        return "lives"

    assert run(program()).value == "lives"


def test_calls_of_the_caller_itself_are_its_own_in_a_branch():
    def program():
        mutex = Mutex()
        first = yield Select(GetTid(), Yield())
        yield Select(Acquire(mutex), Sleep(1))
        assert list(mutex.owners) == [mutex_owner()]
        yield Release(mutex)
        with pytest.raises(ValueError, match="waits for its own end"):
            yield Select(WaitTask(1), Sleep(1))
        return first

    def mutex_owner():
        return sched.find(1)

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == (0, 1)


def test_to_give_way_in_a_branch_is_to_be_answered():
    def program():
        return (yield Select(ChanRecv(Channel()), Yield()))

    assert run(program()).value == (1, None)


def test_a_request_from_outside_may_select():
    channel = Channel()
    sched = start(idle(5))
    reply = ask(sched, Select(ChanRecv(channel), Sleep(100)))
    turn(sched)
    ask(sched, ChanSend(channel, "item"))
    settle(sched)
    assert reply.result(0) == (0, "item")
    assert not sched.alarms.live


def test_tasks_say_what_all_a_select_waits_for():
    def program():
        yield Select(ChanRecv(Channel(name="news")), Sleep(3))

    sched = start(program())
    turn(sched, 2)
    assert sched.find(1).reason() == "receive from Channel news or sleep 3.0 s left"
    assert repr(Select(GetTid(), Sleep(3))) == "Select(GetTid(), Sleep(3))"


def test_one_select_may_be_yielded_by_two_tasks_at_once():
    channel = Channel()
    call = Select(ChanRecv(channel), Sleep(9))

    def program():
        return (yield call)

    sched = start(program(), program())
    turn(sched, 2)
    ask(sched, ChanSend(channel, "a"))
    ask(sched, ChanSend(channel, "b"))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [(0, "a"), (0, "b")]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=12), st.integers(0, 3))
def test_no_item_is_lost_between_selects_and_kills(sends, kill_at):
    channels, sent, seen = [Channel() for _ in range(3)], [], []

    def receiver():
        while True:
            number, item = yield Select(*(ChanRecv(each) for each in channels))
            seen.append((number, item))

    def sender(number, pause, item):
        yield Sleep(pause)
        yield ChanSend(channels[number], item)
        sent.append((number, item))

    def killer():
        yield Sleep(kill_at)
        sched.kill(sched.find(1))

    programs = [sender(*each, item) for item, each in enumerate(sends)]
    sched = start(receiver(), receiver(), *programs, killer())
    while sched.alarms.due() is not None or sched.ready:
        if not sched.ready:
            sched.clock.time = max(sched.clock.time, sched.alarms.due())
        turn(sched)
    assert sorted(seen) == sorted(sent)
    assert len(sent) == len(sends)


def test_data_on_a_socket_wins_over_a_timeout_that_is_not_due():
    left, right = socket.socketpair()
    with left, right:
        right.sendall(b"data")

        def program():
            return (yield Select(Sleep(100), Recv(left, 10)))

        assert run(program()).value == (1, b"data")


@pytest.mark.parametrize(
    "other", [lambda channel: ChanSend(channel, "item"), ChanRecv], ids=["send", "receive"]
)
def test_a_channel_may_close_under_a_select_that_waits_for_it_twice(other):
    channel = Channel()

    def program():
        with pytest.raises(ChannelClosed):
            yield Select(ChanRecv(channel), other(channel))
        return "told"

    sched = start(program())
    turn(sched, 2)
    closed = ask(sched, ChanClose(channel))
    settle(sched)
    assert closed.result(0) is None
    assert outcome(sched, 1).value == "told"


def test_a_select_may_wait_for_one_future_twice():
    future = Future()

    def program():
        return (yield Select(WaitFuture(future), WaitFuture(future))), (yield Yield())

    sched = start(program())
    turn(sched, 2)
    future.set_result("done")
    settle(sched)
    assert outcome(sched, 1).value == ((0, "done"), None)


def test_who_fails_all_branches_of_a_select_fails_it_once():
    queue, heard = WaitQueue(), []

    def program():
        for _ in range(3):
            try:
                yield Select(Park(queue), Park(queue))
            except KeyError as error:
                heard.append(error.args)

    def failing():
        for number, caller in enumerate(list(queue)):
            caller.fail(KeyError(number))

    sched = start(program())
    for _ in range(3):
        turn(sched)
        ask(sched, Do(lambda kernel, caller: failing()))
    settle(sched)
    assert heard == [(0,)] * 3
