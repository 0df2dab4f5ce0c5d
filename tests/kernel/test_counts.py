"""Laws of the counts that are read off a kernel without asking it."""

import threading

from kernel import Machine, Scheduler, SendSignal, Signal, Sleep
from kernel.counts import Counts, counts_of


def sleeper():
    yield Sleep(1000)


def busy():
    while True:
        yield


def test_tasks_are_counted_by_state():
    scheduler = Scheduler()
    for program in (sleeper, sleeper, busy, busy, busy):
        scheduler.new(program())
    assert counts_of(scheduler) == Counts(5, 5, 0, 0)
    scheduler.cycle(wait=False)
    counts = counts_of(scheduler)
    assert (counts.tasks, counts.ready, counts.blocked, counts.stopped) == (5, 3, 2, 0)
    assert counts.passes == scheduler.passes > 0


def test_a_stopped_task_is_neither_ready_nor_blocked():
    with Machine() as machine:
        machine.kernel.new(sleeper())
        machine.call(SendSignal(1, Signal.STOP))
        counts = machine.counts()
    assert (counts.tasks, counts.ready, counts.blocked, counts.stopped) == (1, 0, 0, 1)


def test_it_is_told_while_a_task_holds_the_kernel():
    held, let_go = threading.Event(), threading.Event()

    def hog():
        held.set()
        let_go.wait()
        yield

    machine = Machine()
    machine.kernel.new(hog())
    with machine:
        held.wait()
        assert machine.counts().tasks == 1
        let_go.set()


def test_it_can_be_read_while_tasks_come_and_go():
    done = threading.Event()

    def short():
        yield

    def crowd():
        while not done.is_set():
            for _ in range(50):
                scheduler.new(short())
            yield

    scheduler = Scheduler()
    scheduler.new(crowd())
    with Machine(scheduler) as machine:
        for _ in range(2_000):
            assert machine.counts().tasks >= 0
        done.set()
