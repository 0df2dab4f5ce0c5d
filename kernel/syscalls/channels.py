"""Channels: tasks hand each other items, in order, each to one receiver.

A channel has room for so many items. Without any (a rendezvous) a sender waits until its item is
taken. While a receiver waits there is no item and no sender, so an item goes from hand to hand, and
who has waited longest is served first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..checks import check_count, check_kind
from ..errors import ChannelClosed
from ..named import Named
from ..systemcall import ASLEEP, SystemCall, system_call
from ..waitqueue import WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Channel(Named):
    """A channel with room for `size` items; `name` is what `tasks` calls it.

    `async for item in channel` receives until it is closed. Raises `ValueError` for a `size` that
    is no number of items.
    """

    __slots__ = ("closed", "items", "receivers", "senders", "size")

    def __init__(self, size: int = 0, name: str = "") -> None:
        check_count(size, 0, "a channel has room for 0 items or more")
        super().__init__(name)
        self.size = size
        self.closed = False
        self.items: deque[Any] = deque()
        self.senders = WaitQueue()
        self.receivers = WaitQueue()

    def put(self, item: Any) -> bool:
        """Hand `item` to the first who waits, or keep it; False if there is no room, or others wait
        for room.
        """
        receiver = self.receivers.first
        if receiver is not None:
            receiver.call.accept(receiver, item)
            return True
        if len(self.items) < self.size and self.senders.first is None:
            self.items.append(item)
            return True
        return False

    def __aiter__(self) -> Channel:
        return self

    async def __anext__(self) -> Any:
        try:
            return await ChanRecv(self)
        except ChannelClosed:
            raise StopAsyncIteration from None


@system_call
class ChanSend(SystemCall):
    """Sends `item`; waits while the channel is full. Answers None.

    Raises `ChannelClosed`, also when it is closed meanwhile; its `unsent` is the item.
    """

    channel: Channel
    item: Any

    woken_by = "whoever receives from it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        channel = self.channel
        if type(channel) is not Channel:
            check_kind(channel, Channel, "a channel")
        if channel.closed:
            raise self.refused()
        if channel.put(self.item):
            return None
        return caller.sleep(channel.senders, self)

    def hand_over(self, sender: Caller) -> Any:
        """The item of the sleeping `sender`, whose sleep ends by that."""
        sender.answer(None)
        return self.item

    def refused(self) -> ChannelClosed:
        return ChannelClosed(self.channel, (self.item,))

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"send to {self.channel}"


@system_call
class ChanSendMany(SystemCall):
    """Sends `items`, one after the other, with nobody else's between them; waits while the channel
    is full. Answers None.

    Raises `ChannelClosed`, also when it is closed meanwhile: its `unsent` were not sent.
    """

    channel: Channel
    items: Iterable[Any]

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.channel, Channel, "a channel")
        items = tuple(self.items)
        return SendingMany(self.channel, items, 0).run(kernel, caller) if items else None


@system_call
class SendingMany(SystemCall):
    """What is left of a `ChanSendMany`: the items from number `sent` on, which is one at least."""

    channel: Channel
    items: tuple[Any, ...]
    sent: int

    woken_by = "whoever receives from it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        channel, sent = self.channel, self.sent
        if channel.closed:
            raise self.refused()
        while sent < len(self.items) and channel.put(self.items[sent]):
            sent += 1
        if sent == len(self.items):
            return None
        return caller.sleep(channel.senders, SendingMany(channel, self.items, sent))

    def hand_over(self, sender: Caller) -> Any:
        """The next item; the `sender` keeps its place unless it was the last."""
        if self.sent + 1 == len(self.items):
            sender.answer(None)
        else:
            sender.call = SendingMany(self.channel, self.items, self.sent + 1)
        return self.items[self.sent]

    def refused(self) -> ChannelClosed:
        return ChannelClosed(self.channel, self.items[self.sent :])

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"send to {self.channel}, {self.sent:,} of {len(self.items):,} sent"


@system_call
class ChanRecv(SystemCall):
    """Receives the next item; waits for one. Raises `ChannelClosed` once the channel is closed and
    empty.
    """

    channel: Channel

    woken_by = "whoever sends to it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        channel = self.channel
        if type(channel) is not Channel:
            check_kind(channel, Channel, "a channel")
        if channel.items:
            item = channel.items.popleft()
            sender = channel.senders.first
            if sender is not None:
                channel.items.append(sender.call.hand_over(sender))
            return item
        sender = channel.senders.first
        if sender is not None:
            return sender.call.hand_over(sender)
        if channel.closed:
            raise self.refused()
        return caller.sleep(channel.receivers, self)

    def accept(self, receiver: Caller, item: Any) -> None:
        """The sleeping `receiver` gets `item`."""
        receiver.answer(item)

    def refused(self) -> ChannelClosed:
        return ChannelClosed(self.channel)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"receive from {self.channel}"


@system_call
class ChanRecvMany(ChanRecv):
    """Receives what is there, as a list of `most` items at most; waits for the first. Otherwise
    like `ChanRecv`.
    """

    most: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_count(self.most, 1, "ChanRecvMany takes 1 item or more")
        first = ChanRecv.run(self, kernel, caller)
        if first is ASLEEP:
            return ASLEEP
        items, channel = [first], self.channel
        while len(items) < self.most and (channel.items or channel.senders):
            items.append(ChanRecv.run(self, kernel, caller))
        return items

    def accept(self, receiver: Caller, item: Any) -> None:
        receiver.answer([item])


@system_call
class ChanClose(SystemCall):
    """Closes a channel: what is in it can still be received. Answers None.

    Whoever waits to send, or in vain to receive, gets `ChannelClosed`. To close it again changes
    nothing.
    """

    channel: Channel

    gives_back = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        channel = self.channel
        check_kind(channel, Channel, "a channel")
        channel.closed = True
        for queue in (channel.senders, channel.receivers):
            while (waiter := queue.first) is not None:
                waiter.fail(waiter.call.refused())
        return None
