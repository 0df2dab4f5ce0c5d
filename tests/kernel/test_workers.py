"""Laws of the workers: how many there are, when they come, and when they leave."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from kernel import Exited, KillTask, Machine, NewTask, RunInThread, Scheduler, WaitTask
from kernel.workers import DROPPED, PATIENCE

from .net import GUARD, counted, many_switches, until
from .support import FedPoller, idle, start, turn, watch


def caller(log, function, *arguments):
    log.append((yield RunInThread(function, *arguments)))


def gone(threads):
    """Wait for the end of threads."""
    for thread in threads:
        thread.join(GUARD)
    return not any(thread.is_alive() for thread in threads)


class Busy:
    """Functions that run until the test ends them, and how many have begun."""

    def __init__(self):
        self.release = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self):
        self.begun.release()
        assert self.release.wait(GUARD)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.release.set()


def test_no_thread_is_started_before_the_first_job():
    before = threading.active_count()
    sched = start(idle(10))
    turn(sched, 20)
    assert sched.workers.threads == []
    assert threading.active_count() == before


@pytest.mark.parametrize("at_once", [1, 100])
def test_short_jobs_are_all_done_by_one_worker(at_once):
    log = []

    def program():
        for _ in range(300 // at_once):
            yield from caller(log, threading.get_ident)

    sched = start(*(program() for _ in range(at_once)))
    until(sched, lambda: not sched.tasks)
    assert len(log) == 300
    assert len(set(log)) == 1
    sched.workers.close()


def test_a_job_that_has_waited_for_a_moment_gets_another_worker():
    log = []
    with Busy() as busy:
        sched = start(caller([], busy), caller(log, threading.get_ident))
        turn(sched)
        assert busy.begun.acquire(timeout=GUARD)
        sched.clock.advance(PATIENCE / 2)
        turn(sched, 10)
        assert len(sched.workers.threads) == 1
        sched.clock.advance(PATIENCE)
        until(sched, lambda: log)
        assert len(sched.workers.threads) == 2
        assert log == [sched.workers.threads[1].ident]
    until(sched, lambda: not sched.tasks)
    sched.workers.close()


def test_each_worker_says_on_its_own_thread_that_it_has_begun_before_it_has_a_job():
    log, gate = [], threading.Event()

    def note(what):
        log.append((what, threading.current_thread()))

    def job():
        note("job")
        gate.wait(GUARD)

    def program():
        yield RunInThread(job)

    sched = Scheduler()
    sched.workers.on_hire = lambda: note("hired")
    sched.new(program())
    sched.new(program())
    until(sched, lambda: len(log) == 4)
    gate.set()
    sched.mainloop()
    for worker in {thread for _, thread in log}:
        assert [what for what, thread in log if thread is worker] == ["hired", "job"]


def test_a_job_that_came_a_moment_ago_is_given_time():
    """It is looked after those that waited a moment ago: they have been taken since."""
    with Busy() as first, Busy() as second:
        sched = start(caller([], first), caller([], second))
        turn(sched)
        assert first.begun.acquire(timeout=GUARD)
        first.release.set()
        assert second.begun.acquire(timeout=GUARD)
        sched.new(caller([], int))
        turn(sched)
        sched.clock.advance(PATIENCE)
        turn(sched)
        assert len(sched.workers.threads) == 1
        sched.clock.advance(PATIENCE)
        turn(sched)
        assert len(sched.workers.threads) == 2
    until(sched, lambda: not sched.tasks)
    sched.workers.close()


@pytest.mark.parametrize("limit", [1, 3])
def test_there_are_never_more_workers_than_the_limit(limit):
    with Busy() as busy:
        sched = start(*(caller([], busy) for _ in range(10)), workers=limit)
        turn(sched)
        for number in range(limit):
            assert busy.begun.acquire(timeout=GUARD)
            assert len(sched.workers.threads) == number + 1
            sched.clock.advance(PATIENCE)
            turn(sched)
        for _ in range(20):
            sched.clock.advance(PATIENCE)
            turn(sched)
        assert len(sched.workers.threads) == limit
        assert not busy.begun.acquire(blocking=False)
        assert not sched.alarms.live  # nobody is to be hired, so nobody is to be woken for it
    until(sched, lambda: not sched.tasks)
    sched.workers.close()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_is_no_number_of_workers_is_refused(limit):
    with pytest.raises(ValueError, match=f"at least, not {limit}"):
        Scheduler(workers=limit)


@pytest.mark.parametrize("limit", ["2", 1.0, True])
def test_a_limit_that_is_no_number_at_all_is_refused(limit):
    with pytest.raises(TypeError, match="number of workers"):
        Scheduler(workers=limit)


def test_a_kernel_whose_tasks_wait_for_threads_sleeps_until_one_is_done():
    """An idle kernel uses no processor: it returns after a moment of patience, and at the end."""
    poller = counted(type(Scheduler().poller))
    sched = Scheduler(poller=poller)
    with Busy() as busy:

        def let_go():
            assert busy.begun.acquire(timeout=GUARD)
            assert poller.asleep.wait(GUARD)  # for as long as it takes
            busy.release.set()

        thread = threading.Thread(target=let_go)
        thread.start()
        sched.new(caller([], busy))
        sched.mainloop()
        thread.join(GUARD)
    assert poller.returns <= 8


def test_many_jobs_that_end_while_the_kernel_sleeps_wake_it_once():
    poller, gate = FedPoller(), threading.Event()
    sched = start(*(caller([], gate.wait, GUARD) for _ in range(100)), poller=poller)
    turn(sched)
    poller.wakes = 0
    sched.inbox.asleep = True  # as it is while the kernel sleeps in the poller
    gate.set()
    while len(sched.workers.results.jobs) < 100:
        assert sched.workers.threads[0].is_alive()
    sched.inbox.asleep = False
    assert poller.wakes == 1
    turn(sched, 2)
    assert not sched.tasks
    sched.workers.close()


def test_idle_workers_leave_when_the_mainloop_ends_and_the_next_one_has_new_ones():
    log = []
    sched = Scheduler()
    for _ in range(2):
        sched.new(caller(log, threading.current_thread))
        sched.mainloop()
        assert sched.workers.threads == []
    first, second = log
    assert first is not second
    assert gone(log)


def test_idle_workers_leave_when_the_machine_stops():
    with Machine() as machine:
        worker = machine.call(RunInThread(threading.current_thread), GUARD)
        assert worker.is_alive()
    assert gone([worker])


def test_idle_workers_leave_with_a_scheduler_that_is_dropped():
    log = []
    sched = start(caller(log, threading.current_thread))
    until(sched, lambda: log)
    watched = weakref.ref(sched)
    sched.poller.close()
    del sched
    gc.collect()
    assert watched() is None
    assert gone(log)


def test_workers_die_with_the_process():
    with Machine() as machine:
        assert machine.call(RunInThread(threading.current_thread), GUARD).daemon


def test_an_idle_worker_keeps_nothing_alive():
    class Thing:
        pass

    seen = []

    def look(thing):
        seen.append(weakref.ref(thing))
        return thing

    def program():
        yield RunInThread(look, Thing())
        yield RunInThread(int)  # so that the first job is over for the worker as well

    sched = start(program())
    until(sched, lambda: not sched.tasks)
    sched.find(1)
    gc.collect()
    assert seen[0]() is None
    sched.workers.close()


def test_when_no_thread_can_be_started_the_caller_is_told_and_nothing_is_left():
    def program():
        former = threading.stack_size(1 << 46)  # more than there is
        try:
            with pytest.raises(RuntimeError, match="thread"):
                yield RunInThread(int)
        finally:
            threading.stack_size(former)
        return (yield RunInThread(int))

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert sched.find(1).status.value == 0
    assert sched.outside == 0


def test_when_no_further_thread_can_be_started_the_workers_that_there_are_do_all():
    log = []
    with Busy() as busy:
        sched = start(caller([], busy), caller(log, int))
        turn(sched)
        assert busy.begun.acquire(timeout=GUARD)
        former = threading.stack_size(1 << 46)
        try:
            sched.clock.advance(PATIENCE)
            turn(sched, 2)
        finally:
            threading.stack_size(former)
        assert len(sched.workers.threads) == 1
        assert sched.alarms.live == 1  # it is tried again
    until(sched, lambda: not sched.tasks)
    assert log == [0]
    sched.workers.close()


def test_jobs_that_are_dropped_do_not_pile_up_behind_a_long_one():
    def program():
        tid = yield NewTask(caller([], int))
        yield
        yield KillTask(tid)
        yield WaitTask(tid)

    with Busy() as busy:
        sched = start(caller([], busy), workers=1)
        kept = []
        turn(sched)
        assert busy.begun.acquire(timeout=GUARD)
        for number in range(50):
            sched.new(caller(kept, lambda number=number: number))
        for _ in range(20):
            for _ in range(50):
                sched.new(program())
            turn(sched, 20)
            assert sched.workers.jobs.qsize() <= 2 * (50 + DROPPED)
    until(sched, lambda: not sched.tasks)
    assert kept == list(range(50))
    sched.workers.close()


@many_switches()
def test_ten_thousand_jobs_at_once_have_each_its_own_answer():
    log = []

    def program(number):
        log.append((number, (yield RunInThread(int.__add__, number, 1))))

    sched = Scheduler()
    for number in range(10_000):
        sched.new(program(number))
    sched.mainloop()
    assert sorted(log) == [(number, number + 1) for number in range(10_000)]
    assert sched.outside == 0


def test_a_stuck_function_does_not_keep_the_mainloop_from_ending():
    with Busy() as busy:
        sched = Scheduler()
        watch(sched, Exited)

        def program():
            tid = yield NewTask(caller([], busy))
            yield RunInThread(busy.begun.acquire)
            yield KillTask(tid)

        sched.new(program())
        before = set(threading.enumerate())
        sched.mainloop()
        stuck = set(threading.enumerate()) - before
        assert stuck
    assert gone(stuck)


def test_what_a_worker_finishes_after_the_mainloop_disturbs_no_later_one():
    with Busy() as busy:
        sched = Scheduler()
        watch(sched, Exited)
        log = []

        def program():
            tid = yield NewTask(caller(log, busy))
            yield RunInThread(busy.begun.acquire)
            yield KillTask(tid)

        sched.new(program())
        before = set(threading.enumerate())
        sched.mainloop()
        stuck = set(threading.enumerate()) - before
    assert gone(stuck)
    sched.new(caller(log, int))
    sched.mainloop()
    assert log == [0]
