"""Laws of the samples: they tell what is so, and a kernel that sleeps is left alone."""

import queue
import subprocess
import sys

import pytest

from kernel import Machine, Overview, SendSignal, Signal, Sleep
from pyos_shell import status as module
from pyos_shell.feed import Feed
from pyos_shell.output import Output
from pyos_shell.status import PERIOD, Sampler, Status, memory, peak, rate

from .shell import ROOT, until


def counted(tasks=0, ready=0, stopped=0, passes=0, **others):
    """What is seen of a machine."""
    blocked = max(0, tasks - ready - stopped)
    return Overview(
        tasks=tasks, ready=ready, blocked=blocked, stopped=stopped, passes=passes, **others
    )


class FakeMachine:
    """A machine of which a test tells what is seen."""

    def __init__(self):
        self.now = counted()
        self.observers = []
        self.kernel = self

    @property
    def passes(self):
        return self.now.passes

    def overview(self):
        return self.now

    def ignore(self, observer):
        if observer in self.observers:
            self.observers.remove(observer)

    def observe(self, observer):
        self.observers.append(observer)


class Fixture:
    """A sampler with a clock that is turned by hand."""

    def __init__(self, monkeypatch):
        self.time = 100.0
        self.news = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.time)
        monkeypatch.setattr(module, "memory", lambda: 1)
        self.feed = Feed(Output())
        self.sampler = Sampler(self.feed, lambda: self.news.append(self.sampler.status))
        self.machine = FakeMachine()
        self.sampler.watch(self.machine)

    def look(self, seconds, *counts, **others):
        """One look, so much later, at these counts."""
        self.time += seconds
        self.machine.now = counted(*counts, **others)
        for observer in self.machine.observers:
            observer()


@pytest.fixture
def sampled(monkeypatch):
    return Fixture(monkeypatch)


def test_a_sample_tells_of_tasks_turns_and_dropped_lines(sampled):
    sampled.look(1.0, 10, 4, 1, 0)
    sampled.feed.dropped_so_far = 7
    sampled.look(1.0, 10, 4, 1, 500)
    assert sampled.sampler.status == Status(10, 4, 5, 1, 2000.0, 1, 7)


def test_that_the_system_is_paused_or_slow_is_told(sampled):
    sampled.look(1.0, 2, 1, 0, 0, paused=True)
    assert (sampled.sampler.status.paused, sampled.sampler.status.rate) == (True, None)
    sampled.look(1.0, 2, 1, 0, 0, paused=True, rate=0.5)
    assert (sampled.sampler.status.paused, sampled.sampler.status.rate) == (True, 0.5)
    sampled.look(1.0, 2, 1, 0, 0)
    assert not sampled.sampler.status.paused
    assert len(sampled.news) == 3


def test_samples_are_taken_a_few_times_a_second_however_often_the_kernel_is_looked_at(sampled):
    for number in range(100):
        sampled.look(0.01, number, 1, 0, number)
    assert len(sampled.news) <= 1 / PERIOD + 1


def test_where_nothing_has_changed_nobody_is_told(sampled):
    for _ in range(10):
        sampled.look(1.0, 3, 0, 0, 50)
    before = len(sampled.news)
    for _ in range(10):
        sampled.look(1.0, 3, 0, 0, 50)
    assert len(sampled.news) == before


def test_when_everything_has_come_to_rest_that_is_seen_at_the_next_look(sampled):
    sampled.look(1.0, 3, 2, 0, 50)
    sampled.look(1.0, 3, 2, 0, 5000)
    assert sampled.sampler.status.turns > 0
    sampled.look(0.01, 3, 0, 0, 5000)
    assert sampled.sampler.status.turns == 0


def test_a_machine_that_has_been_replaced_is_not_sampled_any_more(sampled):
    former, sampled.machine = sampled.machine, FakeMachine()
    sampled.sampler.watch(sampled.machine)
    former.now = counted(99, 0, 0, 0)
    sampled.time += 10
    sampled.sampler.look(former)  # which was under way
    assert sampled.sampler.status.tasks == 0
    assert former.observers == []
    sampled.look(1.0, 1, 0, 0, 0)
    assert sampled.sampler.status.tasks == 1


@pytest.mark.parametrize(
    ("before", "after", "turns"),
    [
        (counted(9, 9, 0, 0), counted(9, 9, 0, 100), 900),
        (counted(9, 0, 0, 0), counted(9, 0, 0, 100), 100),
        (counted(9, 2, 0, 0), counted(9, 2, 0, 100), 400),
        (counted(9, 9, 0, 100), counted(9, 9, 0, 100), 0),
        (counted(9, 5_000, 0, 0), counted(9, 5_000, 0, 10), 10_000),
        (counted(9, 9, 0, 100), counted(9, 9, 0, 0), 0),
    ],
)
def test_turns_are_passes_times_the_turns_of_each(before, after, turns):
    assert rate(before, after, 1.0) == turns
    assert rate(before, after, 0.0) == 0


def busy():
    while True:
        yield


def sleeper():
    yield Sleep(1000)


def test_a_running_machine_is_sampled_and_when_it_sleeps_nobody_is_called_any_more():
    news = queue.Queue()
    sampler = Sampler(Feed(Output()), lambda: news.put(sampler.status))
    machine = Machine()
    sampler.watch(machine)
    machine.kernel.new(busy())
    machine.kernel.new(sleeper())
    with machine:
        until(lambda: sampler.status.turns > 0 and sampler.status.tasks == 2)
        machine.call(SendSignal(1, Signal.STOP))
        until(lambda: sampler.status.turns == 0 and sampler.status.stopped == 1)
        assert sampler.status.blocked == 1
        watchdog = machine.watchdog
        until(lambda: watchdog.asleep)
        looks = []
        machine.observe(lambda: looks.append(None))
        assert not watchdog.wanted.is_set() and machine.kernel.inbox.asleep
        assert looks == []  # nobody looks, as it sleeps: the watchdog waits to be called


def test_the_memory_of_this_process_is_told_where_the_system_tells_it():
    if sys.platform == "linux":
        assert 1_000_000 < memory() < 10**11
    if sys.platform != "win32":
        assert 1_000_000 < peak() < 10**11


def test_where_there_is_no_such_file_the_peak_must_do(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    assert memory() == peak()
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory() is None


def test_before_the_first_prompt_only_what_it_needs_is_imported():
    program = (
        "import sys, asyncio, prompt_toolkit.shortcuts; before = set(sys.modules)\n"
        "import pyos_shell.console, pyos_shell.commands\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    imported = set(child.stdout.split()) - {"kernel", "pyos_shell"}
    assert not imported & {"ast", "json", "multiprocessing", "pygments", "resource", "sqlite3"}
