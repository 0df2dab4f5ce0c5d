"""A subroutine that returns without giving way: one call of it, in nanoseconds."""

from kernel import Scheduler

from ..lap import Lap
from .depth import trampoline


def coroutines(runtime, times):
    lap = Lap()

    async def subroutine():
        return 1

    async def caller():
        lap.begin()
        for _ in range(times):
            await subroutine()
        lap.end()

    async def main():
        await runtime.run_all(caller, [()])

    runtime.run(main)
    return lap.nanoseconds(times)


def subroutine():
    return 1
    yield


def caller(lap, times):
    yield
    lap.begin()
    for _ in range(times):
        yield subroutine()
    lap.end()


def pyos(runtime, times):
    lap = Lap()
    scheduler = Scheduler()
    scheduler.new(caller(lap, times))
    scheduler.mainloop()
    return lap.nanoseconds(times)


def limit(runtime, times):
    """The trampoline of `depth`."""
    lap = Lap()
    trampoline([caller(lap, times)])
    return lap.nanoseconds(times)
