"""Tasks that sleep for random times below 50 ms: seconds of processor for 100,000 sleeps."""

import heapq
import random
import time

from kernel import Scheduler, Sleep

from ..lap import Lap

DELAYS = 4096


def delays():
    """The same random times in every process."""
    chance = random.Random(1)
    return [chance.random() * 0.05 for _ in range(DELAYS)]


def seconds(lap, sleeps):
    return {"s": lap.processor / sleeps * 100_000}


def coroutines(runtime, tasks, times):
    lap, wait = Lap(tasks), delays()

    async def worker(number):
        lap.begin()
        for turn in range(number, number + times):
            await runtime.sleep(wait[turn % DELAYS])
        lap.end()

    async def main():
        await runtime.run_all(worker, [(number,) for number in range(tasks)])

    runtime.run(main)
    return seconds(lap, tasks * times)


def greenlets(runtime, tasks, times):
    lap, wait = Lap(tasks), delays()

    def worker(number):
        lap.begin()
        for turn in range(number, number + times):
            runtime.sleep(wait[turn % DELAYS])
        lap.end()

    runtime.run(lambda: runtime.run_all(worker, [(number,) for number in range(tasks)]))
    return seconds(lap, tasks * times)


def pyos(runtime, tasks, times):
    lap, wait = Lap(tasks), delays()

    def worker(number):
        lap.begin()
        for turn in range(number, number + times):
            yield Sleep(wait[turn % DELAYS])
        lap.end()

    scheduler = Scheduler()
    for number in range(tasks):
        scheduler.new(worker(number))
    scheduler.mainloop()
    return seconds(lap, tasks * times)


def limit(runtime, tasks, times):
    """A heap of generators by their time."""
    lap, wait = Lap(tasks), delays()

    def worker(number):
        lap.begin()
        for turn in range(number, number + times):
            yield wait[turn % DELAYS]
        lap.end()

    heap = []
    for number in range(tasks):
        task = worker(number)
        heapq.heappush(heap, (time.monotonic() + task.send(None), number, task))
    number = tasks
    while heap:
        now = time.monotonic()
        if heap[0][0] > now:
            time.sleep(heap[0][0] - now)
            now = time.monotonic()
        while heap and heap[0][0] <= now:
            task = heapq.heappop(heap)[2]
            try:
                delay = task.send(None)
            except StopIteration:
                continue
            number += 1
            heapq.heappush(heap, (now + delay, number, task))
    return seconds(lap, tasks * times)
