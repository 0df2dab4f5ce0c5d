"""Channels: items go from hand to hand, in order, each to one receiver."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    ChanClose,
    Channel,
    ChannelClosed,
    ChanRecv,
    ChanRecvMany,
    ChanSend,
    ChanSendMany,
    KillTask,
    NewTask,
    Sleep,
    WaitTask,
)

from ..support import ask, either_style, idle, outcome, run, settle, start, turn

sizes = pytest.mark.parametrize("size", [0, 1, 3, 100])


def sender(channel, items):
    for item in items:
        yield ChanSend(channel, item)


def receiver(channel, count, received):
    for _ in range(count):
        received.append((yield ChanRecv(channel)))


@either_style
@sizes
@pytest.mark.parametrize("receiver_first", [True, False])
def test_items_arrive_in_the_order_in_which_they_were_sent(style, size, receiver_first):
    channel, received = Channel(size), []
    programs = [style(sender(channel, range(20))), style(receiver(channel, 20, received))]
    settle(start(*(reversed(programs) if receiver_first else programs)))
    assert received == list(range(20))


def test_without_room_a_sender_waits_until_its_item_is_taken():
    channel, order = Channel(), []

    def program():
        yield ChanSend(channel, "item")
        order.append("sent")

    sched = start(program())
    turn(sched, 3)
    assert order == []
    sched.new(receiver(channel, 1, order))
    settle(sched)
    assert sorted(order) == ["item", "sent"]


@pytest.mark.parametrize("size", [1, 3])
def test_a_sender_waits_once_the_channel_is_full(size):
    channel = Channel(size)
    sched = start(sender(channel, range(size + 1)))
    turn(sched, 3)
    assert list(channel.items) == list(range(size))
    assert sched.find(1).state == "blocked"


def test_who_has_waited_longest_is_served_first():
    channel, served = Channel(), []

    def waiter(name):
        served.append((name, (yield ChanRecv(channel))))

    settle(start(waiter("a"), waiter("b"), waiter("c"), sender(channel, range(3))))
    assert served == [("a", 0), ("b", 1), ("c", 2)]


@pytest.mark.parametrize("size", [0, 1, 3])
def test_nobody_overtakes_a_sender_that_waits(size):
    channel, received = Channel(size), []
    sched = start(sender(channel, range(size + 1)), sender(channel, ["late"]))
    turn(sched, 3)
    sched.new(receiver(channel, size + 2, received))
    settle(sched)
    assert received == [*range(size + 1), "late"]


@either_style
@sizes
def test_an_iteration_ends_when_the_channel_is_closed_and_empty(style, size):
    channel = Channel(size)

    async def consumer():
        return [item async for item in channel]

    def producer():
        yield sender(channel, "abc")
        yield ChanClose(channel)

    sched = start(consumer(), style(producer()))
    settle(sched)
    assert outcome(sched, 1).value == ["a", "b", "c"]


def test_what_is_in_a_closed_channel_can_still_be_received():
    def program():
        channel = Channel(2)
        yield sender(channel, "ab")
        yield ChanClose(channel)
        with pytest.raises(ChannelClosed, match="Channel is closed") as closed:
            yield ChanSend(channel, "c")
        assert closed.value.channel is channel
        assert closed.value.unsent == ("c",)
        left = [(yield ChanRecv(channel)), (yield ChanRecv(channel))]
        with pytest.raises(ChannelClosed):
            yield ChanRecv(channel)
        yield ChanClose(channel)  # to close it again changes nothing
        return left

    assert run(program()).value == ["a", "b"]


@either_style
def test_closing_ends_the_waiting_of_senders_and_receivers(style):
    ends = []

    def waiting(call):
        with pytest.raises(ChannelClosed) as closed:
            yield call
        ends.append(closed.value.unsent)

    full, empty = Channel(), Channel(name="news")
    programs = [ChanSend(full, "item"), ChanSendMany(full, "many"), ChanRecv(empty)]
    sched = start(*(style(waiting(call)) for call in programs))
    turn(sched, 2)
    ask(sched, ChanClose(full))
    ask(sched, ChanClose(empty))
    settle(sched)
    assert sorted(ends) == [(), ("item",), ("m", "a", "n", "y")]


@sizes
def test_many_items_in_one_call_arrive_together_and_in_order(size):
    channel, received = Channel(size), []

    def many(items):
        yield ChanSendMany(channel, items)

    settle(start(many("abcd"), many("1234"), receiver(channel, 8, received)))
    assert "".join(received) == "abcd1234"


def test_nothing_to_send_is_sent_at_once():
    def program():
        return (yield ChanSendMany(Channel(), []))

    assert run(program()).value is None


@pytest.mark.parametrize("most", [1, 2, 3, 10])
@sizes
def test_receiving_many_takes_what_is_there_and_waits_for_the_first_only(size, most):
    channel, portions = Channel(size), []

    def program():
        while sum(map(len, portions)) < 5:
            portions.append((yield ChanRecvMany(channel, most)))

    sched = start(sender(channel, range(5)), program())
    settle(sched)
    assert [item for portion in portions for item in portion] == list(range(5))
    assert all(1 <= len(portion) <= most for portion in portions)


def test_receiving_many_takes_the_items_of_waiting_senders_too():
    def program():
        channel = Channel(1)
        for item in range(4):
            yield NewTask(sender(channel, [item]))
        yield Sleep(1)
        return (yield ChanRecvMany(channel, 9))

    assert run(program()).value == [0, 1, 2, 3]


@pytest.mark.parametrize("call", [ChanRecv, lambda channel: ChanRecvMany(channel, 3)], ids=str)
def test_a_receiver_that_is_killed_before_it_is_handed_an_item_costs_none(call):
    channel, received = Channel(), []

    def victim():
        yield call(channel)

    sched = start(victim(), receiver(channel, 1, received))
    turn(sched, 2)
    sched.kill(sched.find(1))
    sched.new(sender(channel, ["item"]))
    settle(sched)
    assert received == ["item"]


def test_a_receiver_that_is_killed_after_it_was_handed_an_item_sees_it():
    channel, seen = Channel(), []

    def victim():
        seen.append((yield ChanRecv(channel)))
        yield
        seen.append("must not be reached")

    def program():
        yield ChanSend(channel, "item")
        yield KillTask(1)

    settle(start(victim(), program()))
    assert seen == ["item"]


@pytest.mark.parametrize("size", [0, 2])
def test_a_sender_that_is_killed_while_it_waits_sends_nothing(size):
    channel, received = Channel(size), []
    sched = start(sender(channel, range(size)), sender(channel, ["never"]))
    turn(sched, 3)
    assert sched.tasks.keys() & {2}
    sched.kill(sched.find(2))
    sched.new(receiver(channel, size + 1, received))
    sched.new(sender(channel, ["after"]))
    settle(sched)
    assert received == [*range(size), "after"]


def test_of_many_items_those_that_were_taken_before_a_kill_are_sent_and_no_others():
    channel, received = Channel(), []

    def many():
        yield ChanSendMany(channel, "abcd")

    sched = start(many())
    turn(sched, 2)
    sched.new(receiver(channel, 2, received))
    turn(sched, 2)
    sched.kill(sched.find(1))
    settle(sched)
    assert received == ["a", "b"]
    assert channel.senders.first is None


@given(
    size=st.integers(0, 4),
    amounts=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    portions=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    kills=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 7)), max_size=4),
)
def test_every_item_is_received_once_or_not_at_all_and_in_each_senders_order(
    size, amounts, portions, kills
):
    channel, received = Channel(size), []

    def produce(number, amount):
        for item in range(amount):
            yield ChanSend(channel, (number, item))

    def consume(number, portion):
        while True:
            items = yield ChanRecvMany(channel, portion)
            received.extend((number, *item) for item in items)

    producers = [produce(*each) for each in enumerate(amounts)]
    sched = start(*producers, *(consume(*each) for each in enumerate(portions)))
    due = deque(sorted(kills))
    for round in range(60):
        while due and due[0][0] <= round:
            tid = due.popleft()[1] + 1
            if tid in sched.tasks:
                sched.kill(sched.tasks[tid])
        turn(sched)
        assert not (channel.receivers and (channel.items or channel.senders))
    for number in range(len(amounts)):
        mine = [item for _, sender, item in received if sender == number]
        assert sorted(mine) == list(range(len(mine)))
        for receiver in range(len(portions)):
            his = [item for who, sender, item in received if (who, sender) == (receiver, number)]
            assert his == sorted(his)
    survivors = [tid for tid in sched.tasks if tid > len(amounts)]
    if survivors:
        assert not channel.items
        assert not channel.senders


@pytest.mark.parametrize("size", [-1, 1.5, "3", None])
def test_room_is_a_number_of_items(size):
    with pytest.raises(ValueError, match="a channel has room for 0 items or more, not"):
        Channel(size)


@pytest.mark.parametrize(
    ("call", "more"),
    [(ChanSend, [1]), (ChanSendMany, [[]]), (ChanRecv, []), (ChanRecvMany, [1]), (ChanClose, [])],
)
def test_what_is_no_channel_is_refused_at_that_very_yield(call, more):
    def program():
        with pytest.raises(TypeError, match="a channel is wanted here, not 3"):
            yield call(3, *more)
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("most", [0, -1, 1.5, None])
def test_as_many_as_one_receives_is_one_or_more(most):
    def program():
        with pytest.raises(ValueError, match="takes 1 item or more"):
            yield ChanRecvMany(Channel(1), most)
        return "lives"

    assert run(program()).value == "lives"


def test_an_iterable_that_fails_fails_in_the_senders_own_yield():
    def program():
        channel = Channel(5)
        with pytest.raises(ZeroDivisionError):
            yield ChanSendMany(channel, (1 // number for number in (1, 0)))
        return len(channel.items)

    assert run(program()).value == 0


def test_one_call_object_may_be_yielded_by_two_tasks_at_once():
    channel, received = Channel(), []
    call = ChanSendMany(channel, (1, 2))

    def program():
        yield call

    settle(start(program(), program(), receiver(channel, 4, received)))
    assert received == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (ChanRecv(Channel(3, "jobs")), "receive from Channel jobs"),
        (ChanSend(Channel(), 1), "send to Channel"),
        (ChanSendMany(Channel(1), "abc"), "send to Channel, 1 of 3 sent"),
    ],
)
def test_tasks_say_what_they_wait_for(call, reason):
    def program():
        yield call

    sched = start(program())
    turn(sched, 2)
    assert sched.find(1).reason() == reason


def test_a_request_from_outside_may_send_and_receive():
    channel = Channel()
    sched = start(idle(5))
    got = ask(sched, ChanRecv(channel))
    turn(sched)
    ask(sched, ChanSend(channel, "from outside"))
    settle(sched)
    assert got.result(0) == "from outside"


def test_ten_thousand_waiting_senders_are_let_in_in_their_order():
    channel, received = Channel(), []
    senders = [sender(channel, [number]) for number in range(10_000)]
    sched = start(*senders, receiver(channel, 10_000, received))
    settle(sched)
    assert received == list(range(10_000))


def test_the_items_of_a_task_that_has_ended_stay():
    def program():
        channel = Channel(2)
        tid = yield NewTask(sender(channel, "ab"))
        yield WaitTask(tid)
        return (yield ChanRecvMany(channel, 2))

    assert run(program()).value == ["a", "b"]
