"""A function that does nothing is run by a worker thread: microseconds for each call, of which
`at_once` are under way.
"""

import os
import select
import threading
from collections import deque
from queue import SimpleQueue

from kernel import RunInThread

from ..lap import Lap


def nothing():
    pass


def coroutines(runtime, calls, at_once):
    lap = Lap()

    async def caller():
        for _ in range(calls // at_once):
            await runtime.in_thread(nothing)

    async def main():
        await runtime.run_all(runtime.in_thread, [(nothing,)] * 5)
        lap.begin()
        await runtime.run_all(caller, [()] * at_once)
        lap.end()

    runtime.run(main)
    return lap.microseconds(calls)


def pyos(runtime, calls, at_once):
    lap = Lap()

    def caller(calls):
        for _ in range(calls):
            yield RunInThread(nothing)

    def main():
        yield runtime.run_all(caller, [(1,)] * 5)
        lap.begin()
        yield runtime.run_all(caller, [(calls // at_once,)] * at_once)
        lap.end()

    runtime.run(main())
    return lap.microseconds(calls)


def greenlets(runtime, calls, at_once):
    lap = Lap()

    def caller():
        for _ in range(calls // at_once):
            runtime.in_thread(nothing)

    def main():
        runtime.run_all(runtime.in_thread, [(nothing,)] * 5)
        lap.begin()
        runtime.run_all(caller, [()] * at_once)
        lap.end()

    runtime.run(main)
    return lap.microseconds(calls)


def threads(runtime, calls, at_once):
    """Two threads and two queues."""
    asked, answered, lap = SimpleQueue(), SimpleQueue(), Lap()

    def worker():
        while True:
            answered.put(asked.get()())

    threading.Thread(target=worker, daemon=True).start()
    lap.begin()
    for _ in range(calls // at_once):
        for _ in range(at_once):
            asked.put(nothing)
        for _ in range(at_once):
            answered.get()
    lap.end()
    return lap.microseconds(calls)


def limit(runtime, calls, at_once):
    """One worker; an eventfd, written only if the loop is about to sleep."""
    asked, answered, asleep, lap = SimpleQueue(), deque(), [], Lap()
    wake, epoll = os.eventfd(0, os.EFD_NONBLOCK), select.epoll()
    epoll.register(wake, select.EPOLLIN)

    def worker():
        while True:
            answered.append(asked.get()())
            if asleep:
                os.eventfd_write(wake, 1)

    threading.Thread(target=worker, daemon=True).start()
    lap.begin()
    for _ in range(calls // at_once):
        for _ in range(at_once):
            asked.put(nothing)
        left = at_once
        while left:
            asleep.append(True)
            if not answered:
                epoll.poll()
                try:
                    os.eventfd_read(wake)
                except BlockingIOError:
                    pass
            asleep.clear()
            while answered:
                answered.popleft()
                left -= 1
    lap.end()
    return lap.microseconds(calls)
