"""Laws of safe points beside debuggers, profilers and coverage, which have the same means."""

from __future__ import annotations

import cProfile
import sys
from contextlib import contextmanager

import pytest

from kernel import GetSlice, NoPreemption, NotInterrupted, Preempt

from ..net import GUARD
from .hogs import SHORT, Counter, comprehension, interrupts, plain_loop, trial, until

pytestmark = interrupts


@contextmanager
def taken(tools):
    """These numbers of `sys.monitoring` belong to others."""
    tools = list(tools)
    for tool in tools:
        sys.monitoring.use_tool_id(tool, f"tool {tool}")
    try:
        yield
    finally:
        for tool in tools:
            sys.monitoring.free_tool_id(tool)


@pytest.mark.parametrize("count", range(6))
def test_any_place_that_is_free_will_do(count):
    with taken(range(count)), trial(SHORT) as t:
        tid = t.start_hog(plain_loop)
        t.interrupted(tid)
        assert t.kill(tid).killed
        t.goes_on()


@pytest.mark.parametrize("free", range(6))
def test_one_place_is_enough(free):
    with taken(tool for tool in range(6) if tool != free), trial(SHORT) as t:
        tid = t.start_hog(comprehension)
        t.interrupted(tid)
        assert t.kill(tid).killed
        t.goes_on()


def test_the_place_is_given_back():
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    with trial(SHORT) as t:
        tid = t.start_hog(plain_loop)
        t.interrupted(tid)
        assert [sys.monitoring.get_tool(tool) for tool in range(6)] != before
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before


def test_where_no_place_is_left_it_is_said_once_and_the_system_goes_on_when_the_hog_does():
    stop = []

    def hog():
        yield
        while not stop:
            pass
        yield

    with taken(range(6)), trial(SHORT) as t:
        said = t.events(NotInterrupted)
        tid = t.start(hog())
        reason = said.get(timeout=GUARD).reason
        assert "sys.monitoring" in reason
        stop.append(True)
        assert t.wait(tid).ok
        t.goes_on()
        with pytest.raises(NoPreemption, match=r"sys\.monitoring"):
            t.call(Preempt(SHORT))
        assert said.empty()
    with taken(range(6)), trial() as t:
        t.call(Preempt(SHORT))  # nobody knows before it is needed
        assert t.call(GetSlice()) == SHORT


def test_a_profiler_in_a_task_goes_on_while_the_task_is_interrupted():
    def profiled(t):
        yield
        profile = cProfile.Profile()
        profile.enable()
        t.begun.set()
        while not t.log:
            work()
        profile.disable()
        return any("work" in str(entry.code) for entry in profile.getstats())

    def work():
        for _ in range(100):
            pass

    with trial(SHORT) as t:
        tid = t.start(profiled(t))
        t.interrupted(tid, times=3)
        t.log.append("stop")
        assert t.wait(tid).value
        t.goes_on()


def test_a_debugger_in_a_task_is_no_hindrance():
    def debugged(t):
        yield
        debugger = Counter()
        debugger.runcall(work, t)
        return debugger.lines

    def work(t):
        t.begun.set()
        while not t.log:
            pass

    with trial(SHORT) as t:
        tid = t.start(debugged(t))
        assert t.begun.wait(GUARD)
        hog = t.start_hog(comprehension)
        t.interrupted(hog, times=2)
        assert t.kill(hog).killed
        t.log.append("stop")
        assert t.wait(tid).value > 0
        t.goes_on()


def test_other_threads_are_met_by_nobody():
    import threading

    done, counts = threading.Event(), [0]

    def work():
        while not done.is_set():
            counts[0] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        with trial(SHORT) as t:
            tid = t.start_hog(plain_loop)
            t.interrupted(tid, times=5)
            count = counts[0]
            until(lambda: counts[0] > count)
            assert t.kill(tid).killed
    finally:
        done.set()
        thread.join(GUARD)
    assert not thread.is_alive()
