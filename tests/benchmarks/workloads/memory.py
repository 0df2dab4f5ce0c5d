"""Tasks that wait for what never comes, an event or a time: the memory of each, in bytes."""

import gc
import heapq
import os
import time

from kernel import NewTask, Scheduler, Sleep, WaitTask

from ..outcome import tell


def resident():
    """The memory of this process, without garbage, in bytes."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def coroutines(runtime, tasks, wait):
    async def main():
        before = resident()
        kept = await runtime.park(tasks, wait)
        tell({"bytes": (resident() - before) / tasks, "kept": len(kept)})

    runtime.run(main)


def greenlets(runtime, tasks, wait):
    def main():
        before = resident()
        kept = runtime.park(tasks, wait)
        tell({"bytes": (resident() - before) / tasks, "kept": len(kept)})

    runtime.run(main)


def pyos(runtime, tasks, wait):
    def parked(main):
        if wait == "event":
            yield WaitTask(main)
        else:
            yield Sleep(3600)

    def main():
        yield
        before = resident()
        for _ in range(tasks):
            yield NewTask(parked(1))
        yield
        tell({"bytes": (resident() - before) / tasks, "kept": len(scheduler.tasks) - 1})

    scheduler = Scheduler()
    scheduler.new(main())
    scheduler.mainloop()


def limit(runtime, tasks, wait):
    """A list of generators, or a heap of them by their time."""

    def parked():
        yield

    before = resident()
    kept = []
    for number in range(tasks):
        task = parked()
        task.send(None)
        if wait == "event":
            kept.append(task)
        else:
            heapq.heappush(kept, (time.monotonic() + 3600, number, task))
    tell({"bytes": (resident() - before) / tasks, "kept": len(kept)})
