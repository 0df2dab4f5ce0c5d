"""Laws of critical sections: nobody is interrupted who has something of the whole process."""

from __future__ import annotations

import importlib
import logging
import queue
import sys
import threading

import pytest

from kernel import Scheduler, SystemCall, system_call
from kernel.preemption import critical

from ..net import GUARD
from .hogs import interrupts, trial, until

pytestmark = interrupts

#: So short that whoever can be interrupted is, again and again.
SHORTEST = 0.001


@pytest.fixture
def t():
    with trial(SHORTEST) as made:
        yield made


def until_asked(t):
    """Go on until the watchdog has asked for the task that runs this, and some lines more."""
    preemption = t.machine.kernel.preemption
    me = Scheduler.running_task(sys._getframe())
    while preemption.wanted.task is not me:
        pass
    for _ in range(1000):
        pass


LOG = logging.getLogger("the test")


class Slow(logging.Handler):
    """Takes its time, with its lock in its hand, and notes who is inside."""

    def __init__(self, t):
        super().__init__()
        self.t = t
        self.inside = 0
        self.most = 0
        self.records = 0

    def emit(self, record):
        self.inside += 1
        self.most = max(self.most, self.inside)
        until_asked(self.t)
        self.inside -= 1
        self.records += 1


def together(t, program, *arguments):
    """Two tasks of this program, to their end."""
    tids = [t.start(program(*arguments)) for _ in range(2)]
    return [t.wait(tid) for tid in tids]


@pytest.fixture
def handler(t):
    """That of the logger `LOG`."""
    made = Slow(t)
    LOG.addHandler(made)
    LOG.propagate = False
    yield made
    LOG.removeHandler(made)


def test_two_tasks_are_never_inside_one_lock_of_logging(t, handler):
    def program():
        yield
        for _ in range(5):
            LOG.error("something")

    together(t, program)
    assert handler.records == 10
    assert handler.most == 1


def test_two_tasks_never_block_each_other_by_the_lock_of_a_queue(t):
    class Items(queue.Queue):
        def _put(self, item):
            until_asked(t)
            super()._put(item)

    items = Items()

    def program():
        yield
        for number in range(5):
            items.put(number)

    assert all(status.ok for status in together(t, program))
    assert sorted(items.queue) == sorted([*range(5)] * 2)


def test_what_a_condition_of_threading_calls_is_not_interrupted(t):
    event = threading.Event()
    inside = []

    def program():
        yield
        for _ in range(5):
            threading.Condition(threading.RLock()).wait_for(lambda: spin(inside) is None, 0)
            event.set()

    def spin(inside):
        inside.append(None)
        assert len(inside) == 1
        until_asked(t)
        inside.pop()

    assert all(status.ok for status in together(t, program))


HALF_MADE = """
first = 1
for _ in range(200_000):
    pass
second = 2
"""


def test_no_task_sees_a_module_that_another_has_half_imported(t, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"half_made_{number}" for number in range(5)]
    for name in names:
        (tmp_path / f"{name}.py").write_text(HALF_MADE)

    def program():
        yield
        for name in names:
            assert importlib.import_module(name).second == 2

    try:
        assert all(status.ok for status in together(t, program))
    finally:
        for name in names:
            sys.modules.pop(name, None)


def test_a_hog_that_is_in_sections_nearly_all_the_time_is_interrupted_between_them(t, handler):
    def program():
        yield
        while True:
            LOG.error("something")

    tid = t.start(program())
    event = t.interrupted(tid, times=3)
    assert event.file == __file__
    assert t.kill(tid).killed
    assert handler.most == 1
    assert handler.inside == 0


def test_as_soon_as_it_has_left_the_section_a_task_can_be_interrupted(t, handler):
    stop = []

    def program():
        yield
        LOG.error("something")
        while not stop:
            pass

    try:
        tid = t.start(program())
        t.interrupted(tid)
    finally:
        stop.append(True)
    assert handler.records == 1


def test_a_package_may_have_sections_of_its_own_and_modules_that_are_none(t, monkeypatch):
    monkeypatch.setitem(critical.CRITICAL, __name__, True)
    stop, turns = [], []

    def program():
        yield
        t.begun.set()
        while not stop:
            pass
        turns.append(t.turns)

    tid = t.start(program())
    assert t.begun.wait(GUARD)
    t.machine.watchdog.wanted.set()
    asked = t.machine.kernel.preemption
    until(lambda: asked.points.codes)
    assert t.interruptions.empty()
    monkeypatch.setitem(critical.CRITICAL, __name__, False)
    t.interrupted(tid)
    stop.append(True)
    t.wait(tid)


def test_the_longest_name_counts(monkeypatch):
    def frame_in(name):
        scope = {"__name__": name, "sys": sys}
        return eval("sys._getframe()", scope)

    monkeypatch.setattr(critical, "CRITICAL", {"package": True, "package.open": False})
    found = [
        critical.is_critical(frame_in(name))
        for name in ("package", "package.part", "package.open", "package.open.part", "packages")
    ]
    assert found == [True, True, False, False, False]
    assert not critical.is_critical(frame_in(None))
    assert not critical.is_critical(frame_in(17))


def test_a_system_call_is_not_interrupted_whatever_code_it_runs(t):
    stop = []

    @system_call
    class Long(SystemCall):
        def run(self, kernel, caller):
            t.begun.set()
            while not stop:
                pass
            return "whole"

    def program():
        return (yield Long())

    tid = t.start(program())
    assert t.begun.wait(GUARD)
    until(lambda: t.machine.kernel.preemption.wanted.task is not None)
    assert t.interruptions.empty()
    stop.append(True)
    assert t.wait(tid).value == "whole"
