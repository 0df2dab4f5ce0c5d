"""Laws of tasks that hold the kernel: each is named, interrupted and killed, and harms nobody."""

from __future__ import annotations

import sys

import pytest

from kernel import (
    GetSlice,
    GetStack,
    KillTask,
    Machine,
    NewTask,
    NoPreemption,
    Preempt,
    Scheduler,
    SendSignal,
    Signal,
    Sleep,
    TaskKilled,
    WaitTask,
    within,
)

from ..net import GUARD
from ..support import start
from .hogs import (
    HOGS,
    SHORT,
    Trial,
    comprehension,
    in_sum,
    interrupts,
    plain_loop,
    trial,
    until,
)

every_hog = pytest.mark.parametrize("hog", HOGS, ids=lambda hog: hog.__name__)

# -- a kill


@every_hog
def test_a_hog_is_killed_in_the_middle_of_its_step_and_its_finally_runs(hog):
    with trial() as t:
        tid = t.start_hog(hog)
        status = t.kill(tid)
        assert status.killed
        assert not status.forced
        assert status.error is None
        assert t.log[0] == "finally"
        t.goes_on()


def test_a_kill_that_was_to_wait_for_the_next_yield_is_raised_in_a_hog():
    def both(t):
        tid = yield NewTask(plain_loop(t))
        yield
        yield KillTask(tid)  # it is ready, and its next step has no end
        return (yield WaitTask(tid))

    with trial() as t:
        status = t.wait(t.start(both(t))).value
        assert (status.killed, status.forced, status.error) == (True, False, None)
        assert t.log == ["finally"]


@interrupts
@every_hog
def test_a_hog_that_is_put_aside_is_killed_where_it_is_and_its_finally_runs(hog):
    with trial(SHORT) as t:
        tid = t.start_hog(hog)
        t.interrupted(tid, times=3)
        status = t.kill(tid)
        assert (status.killed, status.forced, status.error) == (True, False, None)
        assert t.log[0] == "finally"
        t.goes_on()


@interrupts
def test_three_endless_loops_and_a_polite_task_share_one_processor():
    with trial(SHORT) as t:
        tids = [t.start_hog(hog) for hog in (plain_loop, in_sum, comprehension)]
        for tid in tids:
            t.interrupted(tid, times=4)
        t.goes_on()
        for tid in tids:
            assert t.kill(tid).killed
        t.goes_on()


def stubborn(trial):
    """Catches everything."""
    yield
    while True:
        try:
            trial.begun.set()
            while True:
                pass
        except BaseException:
            trial.log.append("caught")


def finally_that_loops(trial):
    yield
    try:
        trial.begun.set()
        yield Sleep(1000)
    finally:
        trial.log.append("finally")
        while True:
            pass


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
def test_a_hog_that_catches_everything_is_ended_by_force(slice):
    with trial(slice) as t:
        tid = t.start_hog(stubborn)
        if slice:
            t.interrupted(tid, times=2)
        status = t.kill(tid, grace=0.05)
        assert status.killed
        assert status.forced
        t.goes_on()


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
def test_a_finally_that_loops_is_ended_by_force(slice):
    with trial(slice) as t:
        tid = t.start_hog(finally_that_loops)
        status = t.kill(tid, grace=0.05)
        assert (status.killed, status.forced) == (True, True)
        assert t.log == ["finally"]
        t.goes_on()


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
@pytest.mark.parametrize("hog", [plain_loop, stubborn, finally_that_loops])
def test_a_shutdown_ends_every_hog(hog, slice):
    with trial(slice) as t:
        tid = t.start_hog(hog)
        if sys.version_info >= (3, 12):
            t.start(hog(t))
        t.machine.shutdown(0.2)
        t.machine.thread.join(GUARD)
        assert not t.machine.thread.is_alive()
    assert t.machine.kernel.find(tid).status.killed


# -- other ends


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
def test_a_scope_whose_time_is_up_ends_a_hog_in_it(slice):
    with trial(slice) as t:

        def program():
            try:
                yield within(0.05, plain_loop(t))
            except TimeoutError:
                t.log.append("timeout")
            return "went on"

        status = t.wait(t.start(program()))
        assert status.value == "went on"
        assert t.log == ["finally", "timeout"]
        t.goes_on()


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
def test_a_keyboard_interrupt_reaches_a_hog(slice):
    with trial(slice) as t:

        def program():
            try:
                yield plain_loop(t)
            except KeyboardInterrupt:
                return "interrupted"

        t.begun.clear()
        tid = t.start(program())
        assert t.begun.wait(GUARD)
        assert t.call(SendSignal(tid, Signal.INT))
        assert t.wait(tid).value == "interrupted"
        assert t.log == ["finally"]
        t.goes_on()


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
@pytest.mark.parametrize("signal", [Signal.TERM, Signal.KILL])
def test_a_signal_that_ends_tasks_ends_a_hog(signal, slice):
    with trial(slice) as t:
        tid = t.start_hog(plain_loop)
        assert t.call(SendSignal(tid, signal))
        status = t.wait(tid)
        assert status.killed
        assert status.forced == (signal is Signal.KILL)
        assert t.log == ([] if status.forced else ["finally"]), "KILL is at once"
        t.goes_on()


def test_an_int_handler_of_a_hog_is_called():
    with trial() as t:
        from kernel import OnSignal

        def program():
            stop = []
            yield OnSignal(Signal.INT, stop.append)
            yield
            t.begun.set()
            while not stop:
                pass
            return stop

        t.begun.clear()
        tid = t.start(program())
        assert t.begun.wait(GUARD)
        t.call(SendSignal(tid, Signal.INT))
        assert t.wait(tid).value == [Signal.INT]


@interrupts
def test_a_stopped_hog_has_no_step_until_it_is_continued():
    with trial(SHORT) as t:
        counts = [0]

        def program():
            yield
            t.begun.set()
            while True:
                counts[0] += 1

        t.begun.clear()
        tid = t.start(program())
        t.interrupted(tid)
        assert t.call(SendSignal(tid, Signal.STOP))
        count = counts[0]
        t.goes_on()
        t.goes_on()
        assert counts[0] == count
        assert t.call(GetStack(tid)).state == "stopped"
        assert t.call(SendSignal(tid, Signal.CONT))
        until(lambda: counts[0] > count)
        t.call(SendSignal(tid, Signal.STOP))
        assert t.kill(tid).killed


def test_of_several_errors_each_is_raised_in_a_hog_in_its_order():
    with trial() as t:

        def program():
            yield
            for error in (KeyboardInterrupt, TaskKilled):
                try:
                    t.begun.set()
                    while True:
                        pass
                except error:
                    t.log.append(error)
                    t.begun.wait(GUARD)
            return None

        t.begun.clear()
        tid = t.start(program())
        assert t.begun.wait(GUARD)
        t.call(SendSignal(tid, Signal.INT))
        t.call(KillTask(tid, GUARD))
        t.wait(tid)
        assert t.log == [KeyboardInterrupt, TaskKilled]


# -- where no step can be put aside


def test_without_greenlet_hogs_are_killed_and_it_is_said_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "greenlet", None)
    for name in ("kernel.greenlets", "kernel.preemption.loops", "kernel.preemption.aside"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(sys.modules["kernel"], "greenlets", raising=False)
    missing = "greenlet" if sys.version_info >= (3, 12) else r"3\.12"
    with Machine(Scheduler(stdin=False)) as machine:
        t = Trial(machine)
        assert t.call(GetSlice()) is None
        with pytest.raises(NoPreemption, match=missing):
            t.call(Preempt(1))
        t.start(t.polite())
        tid = t.start_hog(comprehension)
        assert t.kill(tid).killed
        t.goes_on()


@pytest.mark.parametrize("slice", [0, 0.0, -1, float("nan"), float("inf"), "1s"])
def test_what_is_no_slice_is_refused(slice):
    with trial() as t, pytest.raises((ValueError, TypeError), match=r"slice|seconds"):
        t.call(Preempt(slice))


def test_where_nobody_watches_the_kernel_it_is_said_who_does():
    kernel = start(ask_for(Preempt(1)), ask_for(GetSlice()))
    kernel.mainloop()
    assert isinstance(kernel.find(1).value, NoPreemption)
    assert "Machine" in str(kernel.find(1).value)
    assert kernel.find(2).value is None


def ask_for(call):
    try:
        return (yield call)
    except NoPreemption as error:
        return error
