"""Laws of safe points by a trace function, on Python 3.11: they leave no trace."""

from __future__ import annotations

import queue
import sys
import threading

import pytest

from kernel import GetSlice, GetTid, KillTask, NoPreemption, Preempt, SendSignal, Signal

from ..net import GUARD
from .hogs import Counter, comprehension, kills_only, plain_loop, trial, until

pytestmark = kills_only


def test_no_task_is_put_aside_and_it_is_said_what_would_help():
    with trial() as t:
        assert t.call(GetSlice()) is None
        with pytest.raises(NoPreemption, match=r"3\.12"):
            t.call(Preempt(1))
        assert t.call(Preempt(None)) is None


def test_while_a_hog_runs_nothing_is_answered_but_what_ends_it():
    with trial() as t:
        tid = t.start_hog(plain_loop)
        question = t.machine.submit(GetTid())
        other = t.machine.submit(KillTask(1))
        preemption = t.machine.kernel.preemption
        until(lambda: preemption.wanted.task is not None)
        assert not question.done()
        assert not other.done()
        assert t.kill(tid).killed
        assert question.result(GUARD) == 0
        assert other.result(GUARD) is True


def test_when_the_hog_has_been_told_nobody_is_traced_any_more():
    with trial() as t:
        tid = t.start_hog(comprehension)
        assert t.kill(tid).killed

        def program():
            yield
            traced = [sys.gettrace()]
            frame = sys._getframe()
            while frame is not None:
                traced += [frame.f_trace, frame.f_trace_opcodes or None]
                frame = frame.f_back
            return [each for each in traced if each is not None]

        assert t.wait(t.start(program())).value == []


def test_who_is_in_a_critical_section_nearly_always_is_met_all_the_same():
    def program(t):
        yield
        waiting = queue.Queue()
        t.begun.set()
        while True:
            waiting.put("something")
            waiting.get()

    with trial() as t:
        for _ in range(20):
            t.begun.clear()
            tid = t.start_hog(program)
            assert t.kill(tid).killed
        t.goes_on()


def test_a_debugger_in_a_task_is_put_aside_and_put_back():
    debugger = Counter()
    goes_on, done = threading.Event(), threading.Event()

    def work(t):
        t.begun.set()
        try:
            while not goes_on.is_set():
                pass
        except KeyboardInterrupt:
            t.log.append("interrupted")
        before = debugger.lines
        later(t)
        t.log.append(debugger.lines - before)

    def later(t):
        t.log.append("one")
        t.log.append("two")

    def debugged(t):
        yield
        debugger.runcall(work, t)
        done.set()
        return sys.gettrace()

    with trial() as t:
        tid = t.start(debugged(t))
        assert t.begun.wait(GUARD)
        t.call(SendSignal(tid, Signal.INT))
        assert t.wait(tid).value is None
        assert t.log[:3] == ["interrupted", "one", "two"]
        assert t.log[3] > 0, "the debugger has lost its place"


def test_who_takes_our_place_while_it_is_wanted_is_met_all_the_same():
    def program(t):
        yield
        try:
            t.begun.set()
            while True:
                sys.settrace(None)
        finally:
            t.log.append("finally")

    with trial() as t:
        tid = t.start_hog(program)
        assert t.kill(tid, grace=5).killed
        assert t.log == ["finally"]
        t.goes_on()
