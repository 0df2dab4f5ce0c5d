"""A task that gives way many calls deep: from one step to the next one, in nanoseconds."""

from collections import deque
from types import GeneratorType

from kernel import Scheduler

from ..lap import Lap


def coroutines(runtime, tasks, times, depth):
    lap = Lap(tasks)

    async def descend(levels):
        if levels > 1:
            await descend(levels - 1)
        else:
            await runtime.give_way(1)
            lap.begin()
            await runtime.give_way(times)
            lap.end()

    async def main():
        # `give_way` itself is one level more.
        await runtime.run_all(descend, [(depth - 1,)] * tasks)

    runtime.run(main)
    return lap.nanoseconds(tasks * times)


def greenlets(runtime, tasks, times, depth):
    lap = Lap(tasks)

    def descend(levels):
        if levels > 1:
            descend(levels - 1)
        else:
            runtime.give_way(1)
            lap.begin()
            runtime.give_way(times)
            lap.end()

    runtime.run(lambda: runtime.run_all(descend, [(depth - 1,)] * tasks))
    return lap.nanoseconds(tasks * times)


def descend(lap, times, levels):
    if levels > 1:
        yield descend(lap, times, levels - 1)
    else:
        yield
        lap.begin()
        for _ in range(times):
            yield
        lap.end()


def pyos(runtime, tasks, times, depth):
    lap = Lap(tasks)
    scheduler = Scheduler()
    for _ in range(tasks):
        scheduler.new(descend(lap, times, depth))
    scheduler.mainloop()
    return lap.nanoseconds(tasks * times)


def limit(runtime, tasks, times, depth):
    """A trampoline: the innermost generator, and those that wait for it, on a stack by hand."""
    lap = Lap(tasks)
    trampoline(descend(lap, times, depth) for _ in range(tasks))
    return lap.nanoseconds(tasks * times)


def trampoline(tasks):
    """Run generators that call one another by `yield`."""
    ready = deque((task, []) for task in tasks)
    while ready:
        frame, callers = ready.popleft()
        value = None
        while True:
            try:
                trap = frame.send(value)
            except StopIteration as end:
                if not callers:
                    break
                frame = callers.pop()
                value = end.value
                continue
            if trap is None:
                ready.append((frame, callers))
                break
            assert type(trap) is GeneratorType
            callers.append(frame)
            frame, value = trap, None
