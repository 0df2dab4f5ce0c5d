"""One task sends, another receives, through a channel with room for `size` messages: nanoseconds
for each message.
"""

from collections import deque

from kernel import Channel, ChanRecv, ChanSend

from ..lap import Lap


def coroutines(runtime, messages, size):
    lap = Lap()

    async def main():
        put, get = runtime.channel(size)

        async def sender():
            for number in range(messages):
                await put(number)

        async def receiver():
            for _ in range(messages):
                await get()

        async def start(function):
            await function()

        lap.begin()
        await runtime.run_all(start, [(receiver,), (sender,)])
        lap.end()

    runtime.run(main)
    return lap.nanoseconds(messages)


def greenlets(runtime, messages, size):
    lap = Lap()

    def main():
        put, get = runtime.channel(size)

        def sender():
            for number in range(messages):
                put(number)

        def receiver():
            for _ in range(messages):
                get()

        lap.begin()
        runtime.run_all(lambda function: function(), [(receiver,), (sender,)])
        lap.end()

    runtime.run(main)
    return lap.nanoseconds(messages)


def pyos(runtime, messages, size):
    lap, channel = Lap(), Channel(size)

    def sender():
        for number in range(messages):
            yield ChanSend(channel, number)

    def receiver():
        for _ in range(messages):
            yield ChanRecv(channel)

    def main():
        lap.begin()
        yield runtime.run_all(lambda function: function(), [(receiver,), (sender,)])
        lap.end()

    runtime.run(main())
    return lap.nanoseconds(messages)


class Put:
    __slots__ = ("channel", "value")

    def __init__(self, channel, value):
        self.channel, self.value = channel, value

    def run(self, task, ready):
        channel = self.channel
        if channel.getters:
            ready.append((channel.getters.popleft(), self.value))
        elif len(channel.messages) < channel.size:
            channel.messages.append(self.value)
        else:
            channel.putters.append((task, self.value))
            return False
        return None


class Get:
    __slots__ = ("channel",)

    def __init__(self, channel):
        self.channel = channel

    def run(self, task, ready):
        channel = self.channel
        if not channel.messages:
            channel.getters.append(task)
            return False
        message = channel.messages.popleft()
        if channel.putters:
            putter, value = channel.putters.popleft()
            channel.messages.append(value)
            ready.append((putter, None))
        return message


class Queue:
    def __init__(self, size):
        self.size = size
        self.messages, self.getters, self.putters = deque(), deque(), deque()


def limit(runtime, messages, size):
    """A loop that runs one call object for each operation."""
    lap, channel = Lap(), Queue(size)

    def sender():
        for number in range(1, messages + 1):
            yield Put(channel, number)

    def receiver():
        for _ in range(messages):
            yield Get(channel)

    lap.begin()
    serve_calls([receiver(), sender()])
    lap.end()
    return lap.nanoseconds(messages)


def serve_calls(tasks):
    """Run tasks whose calls answer at once, or give False and have queued their task."""
    ready = deque((task.send, None) for task in tasks)
    while ready:
        send, reply = ready.popleft()
        try:
            while reply is not False:
                reply = send(reply).run(send, ready)
        except StopIteration:
            continue
