"""Tasks that do nothing, made and waited for in batches: microseconds for the whole life of one."""

from collections import deque

from ..lap import Lap

BATCH = 1000


def coroutines(runtime, tasks):
    lap = Lap()

    async def nothing():
        pass

    async def main():
        lap.begin()
        for _ in range(tasks // BATCH):
            await runtime.run_all(nothing, [()] * BATCH)
        lap.end()

    runtime.run(main)
    return lap.microseconds(tasks)


def greenlets(runtime, tasks):
    lap = Lap()
    batch = min(BATCH, tasks)

    def nothing():
        pass

    def main():
        lap.begin()
        for _ in range(tasks // batch):
            runtime.run_all(nothing, [()] * batch)
        lap.end()

    runtime.run(main)
    return lap.microseconds(tasks)


def threads(runtime, tasks):
    return greenlets(runtime, tasks)


def nothing():
    return
    yield


def pyos(runtime, tasks):
    lap = Lap()

    def main():
        lap.begin()
        for _ in range(tasks // BATCH):
            yield runtime.run_all(nothing, [()] * BATCH)
        lap.end()

    runtime.run(main())
    return lap.microseconds(tasks)


def limit(runtime, tasks):
    """A queue of generators, each run to its end."""
    lap = Lap()
    lap.begin()
    for _ in range(tasks // BATCH):
        ready = deque([nothing() for _ in range(BATCH)])
        while ready:
            task = ready.popleft()
            try:
                task.send(None)
            except StopIteration:
                continue
            ready.append(task)
    lap.end()
    return lap.microseconds(tasks)
