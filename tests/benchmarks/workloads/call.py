"""A system call that is answered at once: `yield GetTid()`, in nanoseconds."""

from collections import deque

from kernel import GetTid, Scheduler

from ..lap import Lap


def worker(lap, times, call):
    yield
    lap.begin()
    for _ in range(times):
        yield call()
    lap.end()


def pyos(runtime, tasks, times):
    lap = Lap(tasks)
    scheduler = Scheduler()
    for _ in range(tasks):
        scheduler.new(worker(lap, times, GetTid))
    scheduler.mainloop()
    return lap.nanoseconds(tasks * times)


class Task:
    __slots__ = ("reply", "send", "tid")


class Call:
    __slots__ = ()

    def run(self, task):
        return task.tid


def limit(runtime, tasks, times):
    """A queue of tasks; each call is an object that is asked for its answer."""
    lap = Lap(tasks)
    ready = deque()
    for tid in range(tasks):
        task = Task()
        task.tid, task.send, task.reply = tid, worker(lap, times, Call).send, None
        ready.append(task)
    while ready:
        task = ready.popleft()
        try:
            call = task.send(task.reply)
        except StopIteration:
            continue
        task.reply = None if call is None else call.run(task)
        ready.append(task)
    return lap.nanoseconds(tasks * times)
