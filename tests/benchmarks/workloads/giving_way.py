"""Tasks that give way to one another: from one task's step to the next one's, in nanoseconds."""

from collections import deque

from kernel import Scheduler

from ..lap import Lap


def coroutines(runtime, tasks, times):
    lap = Lap(tasks)

    async def worker():
        await runtime.give_way(1)
        lap.begin()
        await runtime.give_way(times)
        lap.end()

    async def main():
        await runtime.run_all(worker, [()] * tasks)

    runtime.run(main)
    return lap.nanoseconds(tasks * times)


def greenlets(runtime, tasks, times):
    lap = Lap(tasks)

    def worker():
        runtime.give_way(1)
        lap.begin()
        runtime.give_way(times)
        lap.end()

    runtime.run(lambda: runtime.run_all(worker, [()] * tasks))
    return lap.nanoseconds(tasks * times)


def threads(runtime, tasks, times):
    """Threads have no queue to stand in: each is let go by the one before it, in a ring."""
    import threading

    lap = Lap(tasks)
    gates = [threading.Semaphore(0) for _ in range(tasks)]

    def worker(number):
        mine, following = gates[number], gates[(number + 1) % tasks]
        lap.begin()
        for _ in range(times):
            mine.acquire()
            following.release()
        lap.end()

    gates[0].release()
    runtime.run_all(worker, [(number,) for number in range(tasks)])
    return lap.nanoseconds(tasks * times)


def worker(lap, times):
    yield
    lap.begin()
    for _ in range(times):
        yield
    lap.end()


def pyos(runtime, tasks, times):
    lap = Lap(tasks)
    scheduler = Scheduler()
    for _ in range(tasks):
        scheduler.new(worker(lap, times))
    scheduler.mainloop()
    return lap.nanoseconds(tasks * times)


def limit(runtime, tasks, times):
    """A queue of generators."""
    lap = Lap(tasks)
    ready = deque(worker(lap, times) for _ in range(tasks))
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)
    return lap.nanoseconds(tasks * times)
