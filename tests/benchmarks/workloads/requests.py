"""Another thread asks the loop for something, and waits for the answer.

With no `tasks` the loop is idle, and one request follows the other: microseconds for each. With
tasks that give way without end, requests come at random times: milliseconds from when each was due.
"""

import os
import random
import select
import statistics
import sys
import threading
import time
from collections import deque

from kernel import GetTid, Machine, NewTask

#: Requests to a loop that is idle, and before that, so many that do not count.
REQUESTS = 2000
WARM = 200

#: Seconds between two requests to a busy loop, on average, and before the first.
PAUSE = 0.003


class Client:
    """Makes requests by `call`, on a thread of its own, and notes how long they took."""

    def __init__(self, tasks, seconds):
        self.busy, self.seconds = tasks > 0, seconds
        self.took = []
        self.stopped = False

    def __call__(self, call):
        if self.busy:
            self.ask_at_random(call)
        else:
            self.ask_on_and_on(call)
        self.stopped = True

    def ask_on_and_on(self, call):
        for _ in range(WARM):
            call()
        for _ in range(REQUESTS):
            start = time.perf_counter()
            call()
            self.took.append(time.perf_counter() - start)

    def ask_at_random(self, call):
        chance = random.Random(1)
        due = time.perf_counter() + PAUSE
        while not self.stopped:
            time.sleep(max(0, due - time.perf_counter()))
            call()
            self.took.append(time.perf_counter() - due)
            due += chance.expovariate(1 / PAUSE)

    def watch(self):
        """Has the busy tasks run long enough? A request that is still open then counts its age."""
        self.stopped = self.stopped or time.perf_counter() > self.end
        return self.stopped

    def start(self):
        self.end = time.perf_counter() + self.seconds

    def figures(self):
        median, most = statistics.median(self.took), sorted(self.took)[len(self.took) * 99 // 100]
        if self.busy:
            return {"ms": median * 1e3, "p99": most * 1e3, "answers": len(self.took)}
        return {"µs": median * 1e6, "p99": most * 1e6, "answers": len(self.took)}


def coroutines(runtime, tasks, seconds=1.0):
    client = Client(tasks, seconds)

    async def busy():
        while not client.stopped:
            await runtime.give_way(1)

    async def watch():
        client.start()
        while not client.watch():
            await runtime.give_way(1)

    async def attend():
        await runtime.attend(client)

    async def start(function):
        await function()

    async def main():
        watchers = [(watch,)] if tasks else []
        await runtime.run_all(start, [(attend,), *watchers, *[(busy,)] * tasks])

    runtime.run(main)
    return client.figures()


def greenlets(runtime, tasks, seconds=1.0):
    client = Client(tasks, seconds)

    def busy():
        while not client.stopped:
            runtime.give_way(1)

    def watch():
        client.start()
        while not client.watch():
            runtime.give_way(1)

    def attend():
        runtime.attend(client)

    def main():
        watchers = [(watch,)] if tasks else []
        functions = [(attend,), *watchers, *[(busy,)] * tasks]
        runtime.run_all(lambda function: function(), functions)

    runtime.run(main)
    return client.figures()


def threads(runtime, tasks, seconds=1.0):
    """A thread that answers; others that are busy would be spread over the processors."""
    if tasks:
        raise NotImplementedError
    return greenlets(runtime, tasks, seconds)


def busy(client):
    while not client.stopped:
        yield


def watch(client):
    client.start()
    while not client.watch():
        yield


def pyos(runtime, tasks, seconds=1.0):
    client = Client(tasks, seconds)
    with Machine() as machine:
        if tasks:
            machine.call(NewTask(watch(client)))
        for _ in range(tasks):
            machine.submit(NewTask(busy(client)))
        client(lambda: machine.call(GetTid()))
    return client.figures()


def limit(runtime, tasks, seconds=1.0):
    """A queue that is looked at after each step, and an eventfd for a loop that sleeps."""
    client = Client(tasks, seconds)
    inbox, asleep, ended = deque(), [], []
    wake, epoll = os.eventfd(0), select.epoll()
    epoll.register(wake, select.EPOLLIN)

    def call():
        answered = threading.Lock()
        answered.acquire()
        inbox.append(answered.release)
        if asleep:
            os.eventfd_write(wake, 1)
        answered.acquire()

    def body():
        client(call)
        ended.append(True)
        os.eventfd_write(wake, 1)

    sys.setswitchinterval(50e-6)
    ready = deque(busy(client) for _ in range(tasks))
    if tasks:
        ready.append(watch(client))
    threading.Thread(target=body, daemon=True).start()
    while not ended:
        if ready:
            task = ready.popleft()
            try:
                task.send(None)
            except StopIteration:
                continue
            ready.append(task)
        else:
            asleep.append(True)
            if not inbox:
                epoll.poll()
                os.eventfd_read(wake)
            asleep.clear()
        while inbox:
            inbox.popleft()()
    return client.figures()
