"""Producers and consumers, with a channel between them that is soon full."""

from kernel import ChanClose, Channel, ChannelClosed, ChanRecv, ChanSend, Sleep, TaskGroup, WaitTask


def producer_consumer(items: int = 5, *, room: int = 2, pace: float = 0.5):
    """Let two producers feed two consumers.

    Each producer makes ITEMS. To use one up takes twice as long as to make it.
    So look at the `tasks` meanwhile: first the consumers wait for an item, and
    later the producers for room in the channel.

    room: items that the channel has room for
    pace: seconds that it takes to make an item
    """
    channel, group = Channel(room, "of items"), TaskGroup()
    yield group.run(work(group, channel, items, pace))
    print("all is used up")


def work(group, channel, items, pace):
    """Start everybody; once the producers have ended, nothing more comes."""
    for number in (1, 2):
        yield group.spawn(consume(channel, 2 * pace), f"consumer {number}")
    producers = []
    for name in ("a", "b"):
        target = produce(name, channel, items, pace)
        producers.append((yield group.spawn(target, f"producer {name}")))
    for tid in producers:
        yield WaitTask(tid)
    yield ChanClose(channel)


def produce(name, channel, items, seconds):
    """Make items, and send them."""
    for number in range(1, items + 1):
        yield Sleep(seconds)
        print(f"has made {name}{number}")
        yield ChanSend(channel, f"{name}{number}")
        print(f"has sent {name}{number}")


def consume(channel, seconds):
    """Receive items, and use them up."""
    while True:
        try:
            item = yield ChanRecv(channel)
        except ChannelClosed:
            return
        print(f"has got {item}")
        yield Sleep(seconds)
        print(f"has used {item} up")
