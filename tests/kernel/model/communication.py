"""A world in which tasks communicate: by channels, mailboxes and byte pipes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from hypothesis import strategies as st

from kernel import (
    Answer,
    Ask,
    Asked,
    ChanClose,
    Channel,
    ChannelClosed,
    ChanRecv,
    ChanRecvMany,
    ChanSend,
    ChanSendMany,
    ClosePipe,
    Pipe,
    PipeRead,
    PipeWrite,
    Receive,
    SendMessage,
    Sleep,
)

from .world import IDLE, WHICH, WHO, Calls, Note, Worker, World, each, happening, orders_of

#: What workers and requests call to communicate, by a word; of the things of a world, number `i`.
COMMUNICATION: dict[str, Any] = {
    "send": lambda world, worker, i: ChanSend(world.channels[i], next(world.numbers)),
    "receive": lambda world, worker, i: ChanRecv(world.channels[i]),
    "receive many": lambda world, worker, i: ChanRecvMany(world.channels[i], 1 + i),
    "read": lambda world, worker, i: PipeRead(world.pipes[i % 2], 1 + 3 * i),
    "message": lambda world, worker, i: SendMessage(world.other(worker, i), next(world.numbers)),
    "mail": lambda world, worker, i: Receive(lambda m: type(m) is int and m % 3 != i, None),
    "mail in time": lambda world, worker, i: Receive(int, i / 2),
    "question": lambda world, worker, i: Receive(Asked, 1),
    "sleep": lambda world, worker, i: Sleep(i / 2),
    "send many": lambda world, worker, i: ChanSendMany(world.channels[i], world.several(i)),
    "write": lambda world, worker, i: PipeWrite(world.pipes[i % 2], world.bytes(1 + 2 * i)),
    "ask": lambda world, worker, i: Ask(world.other(worker, i), next(world.numbers), 2),
}


class Communication(World):
    """Channels, mailboxes and pipes: whatever is sent is received once, or still there, or was
    refused.
    """

    def prepare(self) -> None:
        super().prepare()
        self.channels = [Channel(size, f"{size}") for size in (0, 1, 3)]
        self.pipes = [Pipe(4), Pipe(8)]
        self.things += [*self.channels, *self.pipes]
        self.writes = count()

    def other(self, worker: Worker, which: int) -> Any:
        living = self.living()
        return living[which % len(living)].task.tid

    def several(self, count: int) -> list[int]:
        return [next(self.numbers) for _ in range(count + 1)]

    def bytes(self, size: int) -> bytes:
        """A different byte for each write."""
        return bytes([next(self.writes) % 256]) * size

    @happening(orders=st.lists(orders_of(COMMUNICATION), min_size=1, max_size=IDLE))
    def workers_call(self, orders: Any) -> None:
        for order in orders:
            self.order(0, partial(self.do, order=order, words=COMMUNICATION))

    @happening(who=WHO)
    def a_worker_answers_a_question(self, who: int) -> None:
        def order(worker: Worker) -> Calls:
            asked = yield from worker.make(Receive(Asked, 1))
            yield from worker.make(Answer(asked, -asked.message))

        self.order(who, order)

    @happening(which=WHICH, kind=st.sampled_from(["send", "receive", "read", "send many", "write"]))
    def a_request_calls(self, which: int, kind: str) -> None:
        self.request(COMMUNICATION[kind](self, None, which))

    @happening(which=WHICH, end=st.sampled_from(["read", "write"]))
    def a_channel_and_a_pipe_close_and_there_are_others(self, which: int, end: str) -> None:
        channel, pipe = self.channels[which], self.pipes[which % 2]
        self.request(ChanClose(channel))
        self.request(ClosePipe(pipe, end))
        self.channels[which], self.pipes[which % 2] = Channel(channel.size), Pipe(pipe.capacity)
        self.things += [self.channels[which], self.pipes[which % 2]]

    def check(self) -> None:
        super().check()
        self.every_item_is_received_once_or_is_there_or_was_not_sent()
        self.every_worker_receives_in_the_order_in_which_was_sent()
        self.every_message_is_received_once_or_is_in_the_mailbox()
        self.every_answer_goes_to_whoever_asked_and_only_once()
        self.every_byte_is_read_once_or_is_there_or_was_not_written()

    def every_item_is_received_once_or_is_there_or_was_not_sent(self) -> None:
        channels = list(each(self.things, Channel))
        there = Counter((channel, item) for channel in channels for item in channel.items)
        there.update((channel, item) for channel, items, _ in self.received() for item in items)
        sent, maybe = self.sent()
        assert sent <= there.keys(), "an item is lost"
        assert there.keys() <= sent | maybe, "an item was received that nobody has sent"
        assert all(count == 1 for count in there.values()), "an item was received twice"

    def received(self) -> Iterator[tuple[Channel, list[int], Note]]:
        for call, answer, note in self.done(ChanRecv):
            yield call.channel, answer if isinstance(call, ChanRecvMany) else [answer], note

    def sent(self) -> tuple[set[Any], set[Any]]:
        """The items that have been sent for certain, and those that may have been."""
        sent = {(call.channel, call.item) for call, _, _ in self.done(ChanSend)}
        maybe: set[Any] = set()
        for note in self.notes:
            call: Any = note.call
            if isinstance(call, ChanSendMany):
                items = {(call.channel, item) for item in call.items}
                if note.done is not None:
                    sent |= items
                elif isinstance(note.error, ChannelClosed):
                    sent |= items - {(call.channel, item) for item in note.error.unsent}
                else:
                    maybe |= items
        return sent, maybe

    def every_worker_receives_in_the_order_in_which_was_sent(self) -> None:
        last: dict[Any, int] = {}
        for channel, items, note in self.received():
            if note.worker is not None:
                for item in items:
                    assert item > last.get((note.worker, channel), 0), "an item has overtaken"
                    last[note.worker, channel] = item

    def every_message_is_received_once_or_is_in_the_mailbox(self) -> None:
        alive = {worker.task.tid: worker.task for worker in self.living()}
        got = [(note.worker.task.tid, what) for _, what, note in self.done(Receive)]
        for tid, task in alive.items():
            got += [(tid, what) for what in (task.mailbox and task.mailbox.messages) or ()]
        numbers = Counter(m for m in got if m[0] in alive and type(m[1]) is int)
        sent = [(call.to, call.message) for call, _, _ in self.done(SendMessage)]
        assert numbers == Counter(message for message in sent if message[0] in alive)

    def every_answer_goes_to_whoever_asked_and_only_once(self) -> None:
        for call, answer, _ in self.done(Ask):
            assert answer == -call.message
        given = Counter(call.value for call, answer, _ in self.done(Answer) if answer)
        assert given == Counter(answer for _, answer, _ in self.done(Ask))

    def every_byte_is_read_once_or_is_there_or_was_not_written(self) -> None:
        there: Counter[Any] = Counter()
        for pipe in each(self.things, Pipe):
            data = b"".join(map(bytes, pipe.pieces))[pipe.taken :]
            there.update((pipe, byte) for byte in data)
        for call, answer, _ in self.done(PipeRead):
            there.update((call.pipe, byte) for byte in answer)
        for note in self.notes:
            write: Any = note.call
            if isinstance(write, PipeWrite) and write.data:
                self.check_write(write, note, there.pop((write.pipe, write.data[0]), 0))
        assert not there

    def check_write(self, call: Any, note: Note, number: int) -> None:
        """So many bytes of a write have been read or are in the pipe."""
        whole = len(call.data) <= call.pipe.capacity
        if note.done is not None:
            assert number == len(call.data) or "read" in call.pipe.closed
        elif whole and note.state == "raised":
            assert number == 0
        else:
            assert number <= len(call.data)
