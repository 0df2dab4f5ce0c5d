"""Who holds the kernel, seen from outside."""

from __future__ import annotations

import queue
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from kernel import GetTid, Hogged, KillTask, Machine, NewTask, Released, Sleep, WaitTask
from kernel.watchdog import LIMIT, QUIET, Watchdog

from .net import GUARD


@pytest.fixture
def machine():
    with Machine() as running:
        yield running


def watched(machine):
    events = queue.Queue()
    machine.subscribe(events.put, Hogged, Released)
    return events


def spin(let_go):
    yield
    while not let_go.is_set():
        pass  # here it spins


def wait_in_c(let_go):
    yield
    let_go.wait()  # here it waits in C


def spin_in_a_subroutine(let_go):
    yield spin(let_go)


def spin_in_the_standard_library(let_go):
    yield
    next(filter(lambda _: let_go.is_set(), iter(int, 1)))


async def spin_in_a_coroutine(let_go):
    await Sleep(0)
    while not let_go.is_set():
        pass


HOGS = [spin, wait_in_c, spin_in_a_subroutine, spin_in_the_standard_library, spin_in_a_coroutine]


@pytest.mark.parametrize("hog", HOGS, ids=lambda hog: hog.__name__)
def test_a_task_that_holds_the_kernel_is_named_with_its_file_and_line_and_then_let_go(machine, hog):
    events, let_go = watched(machine), threading.Event()
    begun = time.monotonic()
    tid = machine.call(NewTask(hog(let_go)), GUARD)
    try:
        hogged = events.get(timeout=GUARD)
        reported = time.monotonic()
    finally:
        let_go.set()
    assert (type(hogged), hogged.tid, hogged.file) == (Hogged, tid, __file__)
    first = HOGS[0] if hog is spin_in_a_subroutine else hog
    assert first.__code__.co_firstlineno < hogged.line <= first.__code__.co_firstlineno + 4
    released = events.get(timeout=GUARD)
    assert (type(released), released.tid) == (Released, tid)
    # For how long: from when the turn was first seen, which was after it had begun.
    assert LIMIT <= hogged.seconds <= reported - begun
    assert hogged.seconds <= released.seconds <= time.monotonic() - begun


def test_a_kill_of_a_task_that_holds_the_kernel_lands_when_it_lets_go_and_the_others_go_on(machine):
    holds, let_go, log = threading.Event(), threading.Event(), []

    def hog():
        yield
        holds.set()
        let_go.wait()
        try:
            yield
            yield
            log.append("went on")
        finally:
            log.append("finally")

    def other():
        while not let_go.is_set():
            yield
        return "ended well"

    tids = [machine.call(NewTask(program()), GUARD) for program in (other, hog)]
    assert holds.wait(GUARD)
    killed = machine.submit(KillTask(tids[1]))
    assert not killed.done()
    let_go.set()
    assert killed.result(GUARD) is True
    first, second = [machine.call(WaitTask(tid), GUARD) for tid in tids]
    assert first.value == "ended well"
    assert second.killed
    assert log == ["finally"]


def test_it_is_reported_once_however_long_it_lasts(machine):
    events, let_go = watched(machine), threading.Event()
    machine.submit(NewTask(spin(let_go)))
    assert type(events.get(timeout=GUARD)) is Hogged
    looks = threading.Semaphore(0)
    look = machine.watchdog.look
    machine.watchdog.look = lambda: (looks.release(), look())[1]
    for _ in range(5):
        assert looks.acquire(timeout=GUARD)
    assert events.empty()
    machine.watchdog.look = look
    let_go.set()
    assert type(events.get(timeout=GUARD)) is Released


def test_a_task_that_yields_without_end_holds_nothing(machine):
    events = watched(machine)

    def forever():
        while True:
            yield

    machine.submit(NewTask(forever()))
    seen = set()
    passes = machine.kernel.passes
    while machine.kernel.passes < passes + 1_000 or len(seen) < 20:
        machine.call(GetTid(), GUARD)
        seen.add(machine.kernel.passes)
    assert machine.watchdog.thread.is_alive()
    assert events.empty()


def test_whoever_asks_is_told_who_holds_the_kernel_at_this_moment(machine):
    let_go = threading.Event()
    begun = threading.Event()

    def hog():
        yield
        begun.set()
        while not let_go.is_set():
            pass

    assert machine.holder() is None
    tid = machine.call(NewTask(hog()), GUARD)
    assert begun.wait(GUARD)
    holder = machine.holder()
    let_go.set()
    assert (holder.tid, holder.file) == (tid, __file__)


def waits_without_end(thread):
    """Whether a thread waits for an event, with no time set."""
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        if frame.f_code is threading.Condition.wait.__code__:
            return frame.f_locals["timeout"] is None
        frame = frame.f_back
    return False


def test_the_watchdog_sleeps_while_the_kernel_does_and_wakes_with_it(machine):
    machine.call(GetTid(), GUARD)
    deadline = time.monotonic() + GUARD
    while not waits_without_end(machine.watchdog.thread):
        assert time.monotonic() < deadline, "it never went to sleep"
    assert machine.kernel.inbox.asleep
    let_go = threading.Event()
    events = watched(machine)
    machine.submit(NewTask(spin(let_go)))
    assert type(events.get(timeout=GUARD)) is Hogged
    let_go.set()


def test_an_observer_is_called_while_the_kernel_is_awake(machine):
    looks = queue.Queue()
    machine.observe(lambda: looks.put(threading.current_thread()))
    machine.call(NewTask(spin_gently()))
    assert looks.get(timeout=GUARD) is machine.watchdog.thread
    assert looks.get(timeout=GUARD) is machine.watchdog.thread


def spin_gently():
    while True:
        yield


def test_an_observer_that_fails_does_not_keep_the_watchdog_or_others_from_their_work(machine):
    def fail():
        raise ValueError("no")

    looks = queue.Queue()
    machine.observe(fail)
    machine.observe(lambda: looks.put(None))
    machine.call(NewTask(spin_gently()))
    looks.get(timeout=GUARD)
    looks.get(timeout=GUARD)
    assert machine.watchdog.thread.is_alive()


def test_the_observers_of_a_kernel_that_sleeps_are_left_alone():
    machine = Machine()
    looks = []
    machine.observe(lambda: looks.append(None))
    with machine:
        deadline = time.monotonic() + GUARD
        while machine.watchdog is None or not machine.watchdog.asleep:
            assert time.monotonic() < deadline
            time.sleep(0)
        seen = len(looks)
        assert machine.watchdog.wanted.wait(0.3) is False  # nobody calls it
        assert len(looks) == seen


def test_who_wants_to_know_is_told_on_the_kernels_thread_when_it_wakes(machine):
    told = queue.Queue()
    machine.observe(
        lambda: None, lambda: told.put((threading.current_thread(), machine.watchdog.quiet))
    )
    deadline = time.monotonic() + GUARD
    while machine.watchdog is None or not machine.watchdog.asleep:
        assert time.monotonic() < deadline, "it never went to sleep"
    assert told.empty()
    machine.call(GetTid(), GUARD)
    assert told.get(timeout=GUARD) == (machine.thread, 0)


def test_who_wants_to_know_is_told_before_the_first_task_of_a_machine_runs(machine):
    log = queue.SimpleQueue()

    def program():
        log.put("runs")
        yield

    machine.observe(lambda: None, lambda: log.put(threading.current_thread()))
    machine.call(NewTask(program()), GUARD)
    assert log.get(timeout=GUARD) is machine.thread
    while (entry := log.get(timeout=GUARD)) != "runs":
        assert entry is machine.thread


def test_the_observers_are_called_once_more_when_nobody_will_look_any_more():
    seen = []
    with Machine() as machine:
        machine.observe(lambda: seen.append(machine.watchdog and machine.watchdog.quiet))
    assert seen[-1] == QUIET


def test_a_kernel_that_was_awake_between_two_looks_is_no_kernel_that_sleeps():
    kernel = SimpleNamespace(inbox=SimpleNamespace(asleep=True), on_waking=None)
    watchdog = Watchdog(kernel, threading.get_ident(), [])
    assert not watchdog.look()
    assert watchdog.kernel_will_call()
    for _ in range(2):
        assert not watchdog.look()
        kernel.on_waking()  # it wakes, and sleeps again
        assert not watchdog.kernel_will_call(), "what has happened meanwhile was never looked at"
        assert watchdog.look()
    assert not watchdog.look()
    assert watchdog.kernel_will_call()


def test_an_observer_that_is_ignored_is_called_no_more(machine):
    looks, others = queue.SimpleQueue(), queue.SimpleQueue()

    def observer():
        looks.put(None)

    machine.observe(observer)
    machine.ignore(observer)
    machine.ignore(observer)  # nothing happens the second time
    machine.observe(lambda: others.put(None))
    others.get(timeout=30)
    assert looks.empty()
