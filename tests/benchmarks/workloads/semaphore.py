"""Two tasks that let each other go in turn, by two semaphores: nanoseconds for a round of two."""

from collections import deque

from kernel import Acquire, Release, Semaphore

from ..lap import Lap
from .channel import serve_calls


def coroutines(runtime, rounds):
    lap = Lap()

    async def main():
        acquire_ping, release_ping = runtime.semaphore(0)
        acquire_pong, release_pong = runtime.semaphore(0)

        async def first():
            for _ in range(rounds):
                if runtime.RELEASE_IS_AWAITED:
                    await release_ping()
                else:
                    release_ping()
                await acquire_pong()

        async def second():
            for _ in range(rounds):
                await acquire_ping()
                if runtime.RELEASE_IS_AWAITED:
                    await release_pong()
                else:
                    release_pong()

        async def start(function):
            await function()

        lap.begin()
        await runtime.run_all(start, [(first,), (second,)])
        lap.end()

    runtime.run(main)
    return lap.nanoseconds(rounds)


def greenlets(runtime, rounds):
    lap = Lap()

    def main():
        acquire_ping, release_ping = runtime.semaphore(0)
        acquire_pong, release_pong = runtime.semaphore(0)

        def first():
            for _ in range(rounds):
                release_ping()
                acquire_pong()

        def second():
            for _ in range(rounds):
                acquire_ping()
                release_pong()

        lap.begin()
        runtime.run_all(lambda function: function(), [(first,), (second,)])
        lap.end()

    runtime.run(main)
    return lap.nanoseconds(rounds)


def pyos(runtime, rounds):
    lap, ping, pong = Lap(), Semaphore(0), Semaphore(0)

    def first():
        for _ in range(rounds):
            yield Release(ping)
            yield Acquire(pong)

    def second():
        for _ in range(rounds):
            yield Acquire(ping)
            yield Release(pong)

    def main():
        lap.begin()
        yield runtime.run_all(lambda function: function(), [(first,), (second,)])
        lap.end()

    runtime.run(main())
    return lap.nanoseconds(rounds)


class Permits:
    def __init__(self):
        self.count, self.waiting = 0, deque()


class Take:
    __slots__ = ("semaphore",)

    def __init__(self, semaphore):
        self.semaphore = semaphore

    def run(self, task, ready):
        if self.semaphore.count:
            self.semaphore.count -= 1
            return None
        self.semaphore.waiting.append(task)
        return False


class Give:
    __slots__ = ("semaphore",)

    def __init__(self, semaphore):
        self.semaphore = semaphore

    def run(self, task, ready):
        if self.semaphore.waiting:
            ready.append((self.semaphore.waiting.popleft(), None))
        else:
            self.semaphore.count += 1


def limit(runtime, rounds):
    """A loop that runs one call object for each operation."""
    lap, ping, pong = Lap(), Permits(), Permits()

    def first():
        for _ in range(rounds):
            yield Give(ping)
            yield Take(pong)

    def second():
        for _ in range(rounds):
            yield Take(ping)
            yield Give(pong)

    lap.begin()
    serve_calls([first(), second()])
    lap.end()
    return lap.nanoseconds(rounds)
