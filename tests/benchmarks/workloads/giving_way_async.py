"""An `async def` task that gives way, in nanoseconds.

The peers' tasks are coroutines anyway: theirs is the figure of `giving_way`.
"""

import types
from collections import deque

from kernel import Scheduler, Yield

from ..lap import Lap
from .giving_way import coroutines as coroutines


def pyos(runtime, tasks, times):
    lap = Lap(tasks)

    async def worker():
        await Yield()
        lap.begin()
        for _ in range(times):
            await Yield()
        lap.end()

    scheduler = Scheduler()
    for _ in range(tasks):
        scheduler.new(worker())
    scheduler.mainloop()
    return lap.nanoseconds(tasks * times)


@types.coroutine
def give_way():
    yield


def limit(runtime, tasks, times):
    """A queue of coroutines."""
    lap = Lap(tasks)

    async def worker():
        await give_way()
        lap.begin()
        for _ in range(times):
            await give_way()
        lap.end()

    ready = deque(worker() for _ in range(tasks))
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)
    return lap.nanoseconds(tasks * times)
