"""A kernel under load for long: a million tasks, and what they leave behind.

    python -m tests.benchmarks.soak [--tasks 1000000] [--alive 100000] [--storm 10000]

Prints for each soak how long it took, and the memory: what Python had before, at most, and after
(by `tracemalloc`, which makes everything slower), and the most that the process has had so far. The
test suite runs the same soaks in a small size, and looks at what is left.
"""

import argparse
import gc
import random
import socket
import sys
import threading
import time
import tracemalloc
from concurrent.futures import Future
from itertools import cycle, islice

from kernel import (
    Abandoned,
    Acquire,
    Ask,
    Barrier,
    CapacityLimiter,
    Channel,
    ChanRecv,
    ChanSend,
    ChanSendMany,
    Condition,
    Event,
    Exited,
    GetTid,
    Join,
    KillTask,
    Link,
    ManualClock,
    Monitor,
    Mutex,
    NewTask,
    NextEnded,
    OnSignal,
    OpenScope,
    Pipe,
    PipeRead,
    PipeWrite,
    Receive,
    Recv,
    Register,
    Release,
    RunInThread,
    RWLock,
    Scheduler,
    Select,
    Semaphore,
    SendAfter,
    SendSignal,
    SharedEvent,
    SharedGet,
    SharedPut,
    SharedQueue,
    SharedWait,
    Signal,
    Sleep,
    SpawnLinked,
    TaskGroup,
    TaskKilled,
    WaitBarrier,
    WaitEvent,
    WaitFuture,
    WaitTask,
    within,
)
from kernel.request import Request

#: So many tasks are born, and die, at a time.
BATCH = 100


def made(**doors):
    """A scheduler with a clock that is moved by hand, and nobody who hears of crashes."""
    sched = Scheduler(**{"clock": ManualClock(), **doors})
    sched.trace.subscribe(lambda event: None, Exited, Abandoned)
    return sched


def run_out(sched):
    """Turn until no task is left. While all sleep, the clock moves on to the next alarm."""
    while sched.tasks:
        if not sched.ready and not sched.inbox.arrivals:
            due = sched.alarms.due()
            assert due is not None, "nothing can ever go on"
            sched.clock.time = max(sched.clock.time, due)
        sched.cycle(wait=False)


def memory():
    """Bytes that Python objects have now, without garbage; 0 where nobody counts."""
    for _ in range(3):  # a finalizer may keep things until the next collection
        gc.collect()
    return tracemalloc.get_traced_memory()[0]


# -- a million tasks, one after the other


def lives(count, look_after):
    """`count` tasks are born and end in one kernel; gives how much memory there was after the first
    `look_after` of them, and how much more there was at the end.
    """
    sched, sizes = made(), []

    def child():
        return
        yield

    async def coroutine():
        pass

    def parent():
        for number in range(0, count, BATCH):
            if number in (look_after, 2 * look_after):
                sizes.append(memory())
            for _ in range(BATCH // 2):
                yield NewTask(child())
                last = yield NewTask(coroutine())
            yield WaitTask(last)

    sched.new(parent())
    run_out(sched)
    assert sched.last_tid == count + 1
    return sizes[0], memory() - sizes[0]


# -- a hundred thousand at once


def alive(count):
    """`count` tasks that all sleep, each with a place in a queue and a timeout; gives the bytes
    that each takes.
    """
    sched, event, woken = made(), Event(), []

    def sleeper(number):
        yield within(1000, WaitEvent(event))
        woken.append(number)

    before = memory()
    for number in range(count):
        sched.new(sleeper(number))
    while sched.ready:
        sched.cycle(wait=False)
    assert len(sched.tasks) == count
    each = (memory() - before) / count
    for waiter in list(event.waiters):
        waiter.answer(None)
    run_out(sched)
    assert sorted(woken) == list(range(count))
    assert not sched.alarms.live
    return each


# -- a hundred thousand waiters on one semaphore


def release_all(count):
    """So many tasks wait for one semaphore, and are let in one after the other. Gives how many
    Python functions were called for it.
    """
    sched, semaphore, order, calls = made(), Semaphore(0), [], 0

    def waiter(number):
        yield Acquire(semaphore)
        order.append(number)

    def releaser():
        for _ in range(count):
            yield Release(semaphore)

    def count_call(frame, what, argument):
        nonlocal calls
        calls += what in ("call", "c_call")

    for number in range(count):
        sched.new(waiter(number))
    while sched.ready:
        sched.cycle(wait=False)
    sched.new(releaser())
    sys.setprofile(count_call)
    try:
        run_out(sched)
    finally:
        sys.setprofile(None)
    assert order == list(range(count))
    assert semaphore.permits == 0
    return calls


# -- a hundred thousand timeouts


def timeouts(count):
    """So many timeouts that never fire; gives the most alarms that were kept at a time."""
    sched, most = made(), 0

    def program():
        nonlocal most
        for number in range(count):
            yield within(1000, GetTid())
            if number % 100 == 0:
                most = max(most, sum(1 for _ in sched.alarms))

    sched.new(program())
    run_out(sched)
    assert not sched.alarms.live
    return most


# -- a storm of kills


class Haunts:
    """What the victims of the storm wait for."""

    def __init__(self, sched):
        self.sched = sched
        self.empty, self.full, self.rendezvous = Channel(), Channel(1), Channel()
        self.full.items.append("item")
        self.dry, self.wet = Pipe(1), Pipe(1)
        self.wet.put(b"x", 0)
        self.semaphore, self.mutex, self.limiter = Semaphore(0), Mutex(), CapacityLimiter(2)
        self.book, self.event, self.barrier = RWLock(), Event(), Barrier(10**9)
        self.condition, self.future, self.release = Condition(), Future(), threading.Event()
        self.shared_empty, self.shared_full = SharedQueue(1), SharedQueue(1)
        self.shared_full.put("item")
        self.shared_event = SharedEvent()
        self.near, self.far = socket.socketpair()
        self.things = [
            *(self.empty, self.full, self.rendezvous, self.dry, self.wet, self.semaphore),
            *(self.mutex, self.limiter, self.book, self.event, self.barrier),
            *(self.condition, self.condition.mutex),
        ]

    def close(self):
        """The storm is over: the workers go home, and nothing is open any more."""
        threads = list(self.sched.workers.threads)
        self.release.set()
        self.sched.workers.close()
        for thread in threads:
            thread.join()
        self.sched.poller.close()
        self.near.close()
        self.far.close()


#: Whatever a task can wait in: the calls, by haunts.
SLEEPS = (
    lambda haunts: Sleep(1000),
    lambda haunts: ChanRecv(haunts.empty),
    lambda haunts: ChanSend(haunts.full, "item"),
    lambda haunts: ChanSendMany(haunts.full, "items"),
    lambda haunts: PipeRead(haunts.dry, 1),
    lambda haunts: PipeWrite(haunts.wet, b"long data"),
    lambda haunts: Receive(),
    lambda haunts: Receive(int, 1000),
    lambda haunts: Ask(1, "what?", 1000),
    lambda haunts: Acquire(haunts.semaphore),
    lambda haunts: Acquire(haunts.mutex),
    lambda haunts: Acquire(haunts.limiter),
    lambda haunts: Acquire(haunts.book.reader),
    lambda haunts: Acquire(haunts.book.writer),
    lambda haunts: WaitEvent(haunts.event),
    lambda haunts: WaitBarrier(haunts.barrier),
    lambda haunts: WaitTask(1),
    lambda haunts: Join(1),
    lambda haunts: WaitFuture(haunts.future),
    lambda haunts: SharedGet(haunts.shared_empty),
    lambda haunts: SharedPut(haunts.shared_full, "item"),
    lambda haunts: SharedWait(haunts.shared_event),
    lambda haunts: Recv(haunts.near, 1),
    lambda haunts: RunInThread(haunts.release.wait),
    lambda haunts: Select(ChanRecv(haunts.empty), Acquire(haunts.book.writer), Sleep(1000)),
)


def asleep(haunts, sleep):
    yield sleep(haunts)
    yield Sleep(1000)  # it had its answer at once, and keeps it


def in_scopes(haunts, sleep):
    with (yield OpenScope(500)), (yield OpenScope(400, shield=True)):
        yield within(300, sleep(haunts))
        yield Sleep(1000)


def in_a_group(haunts, sleep):
    group = TaskGroup()

    def body():
        yield group.spawn(asleep(haunts, sleep))
        yield group.spawn(asleep(haunts, sleep), daemon=True)
        yield NextEnded(group)

    yield group.run(body())


def known(haunts, sleep):
    tid = yield GetTid()
    yield Register(f"task {tid}")
    yield OnSignal(Signal.USR1, lambda signal: None)
    yield Link(1 + tid // 2)
    yield Monitor(1)
    yield SpawnLinked(asleep(haunts, sleep))
    yield SendAfter(1000, tid, "late")
    yield sleep(haunts)
    yield Sleep(1000)


def in_a_cleanup(haunts, sleep):
    tid = yield GetTid()
    try:
        yield KillTask(tid, 1000)
    finally:
        yield Sleep(0.5)


def stubborn(haunts, sleep):
    while True:
        try:
            yield Sleep(1000)
        except TaskKilled:
            pass


def stopped(haunts, sleep):
    tid = yield GetTid()
    yield SendSignal(tid, Signal.STOP)


def waiting_for_a_notice(haunts, sleep):
    yield Acquire(haunts.condition.mutex)
    yield haunts.condition.wait()


def busy(haunts, sleep):
    while True:
        yield


async def modern(haunts, sleep):
    async with Semaphore(1), Mutex():
        await asleep_modern(haunts, sleep)


async def asleep_modern(haunts, sleep):
    await sleep(haunts)
    await Sleep(1000)


VICTIMS = (
    *(asleep, in_scopes, in_a_group, known, in_a_cleanup, stubborn, stopped),
    *(waiting_for_a_notice, busy, modern),
)


def storm(count, seed=1):
    """`count` tasks in all states that there are, and as many requests as sleeps; then all are
    killed, in any order and in all ways. Gives the scheduler and the haunts, for a look at what is
    left.
    """
    sched = made(workers=2, grace=2.0)
    haunts = Haunts(sched)
    first = sched.new(busy(haunts, None))
    kinds = cycle((victim, sleep) for sleep in SLEEPS for victim in VICTIMS)
    for victim, sleep in islice(kinds, count):
        sched.new(victim(haunts, sleep))
    for sleep in SLEEPS:
        sched.inbox.put(Request(sched, sleep(haunts)))
    for _ in range(3 * (count // 1000 + 5)):
        sched.cycle(wait=False)
    for victim in VICTIMS:  # and some that have not begun
        sched.new(victim(haunts, SLEEPS[0]))
    kill_all(sched, random.Random(seed))
    assert first not in sched.tasks
    sched.clock.advance(1)  # the last look at the files that were waited for
    sched.cycle(wait=False)
    return sched, haunts


def kill_all(sched, chance):
    """Whoever there is, and whoever comes of it."""
    tids = list(sched.tasks)
    chance.shuffle(tids)
    for number, tid in enumerate(tids):
        call = chance.choice((KillTask(tid), KillTask(tid, 0), SendSignal(tid, Signal.KILL)))
        if tid in sched.tasks:
            call.run(sched, Request(sched, call))
        if number % 100 == 0:
            sched.cycle(wait=False)
    run_out(sched)


# -- the full size


def measured(name, soak, *arguments):
    tracemalloc.start()
    before, began = memory(), time.monotonic()
    answer = soak(*arguments)
    seconds = time.monotonic() - began
    most = tracemalloc.get_traced_memory()[1]
    left = "" if soak is storm else f", {answer}"
    if soak is storm:
        answer[1].close()
    del answer
    after = memory()
    tracemalloc.stop()
    sizes = "  ".join(f"{size / 1e6:.1f}" for size in (before, most, after))
    print(f"{name:45} {seconds:7.1f} s   MB before, most, after: {sizes}   {peak()}{left}")


def peak():
    """The most memory that this process has had, where the system tells."""
    try:
        import resource
    except ImportError:  # Windows
        return ""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"process {size / (1e6 if sys.platform == 'darwin' else 1e3):.0f} MB"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--alive", type=int, default=100_000)
    parser.add_argument("--storm", type=int, default=10_000)
    size = parser.parse_args()
    measured(f"{size.tasks:,} tasks born and ended", lives, size.tasks, size.tasks // 10)
    measured(f"{size.alive:,} alive at once (bytes each)", alive, size.alive)
    measured(f"{size.alive:,} waiters on a semaphore (calls)", release_all, size.alive)
    measured(f"{size.alive:,} timeouts (alarms at most)", timeouts, size.alive)
    measured(f"{size.storm:,} tasks in a storm of kills", storm, size.storm)


if __name__ == "__main__":
    main()
