"""Laws of the boost: for a moment it keeps tasks from their turns, and nothing else."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from kernel import KernelStopped, Machine, ManualClock, Scheduler, boost
from kernel.boost import Boost

from .net import GUARD
from .support import Do


class Turns:
    """A task that is always busy, and how many turns it has had."""

    def __init__(self):
        self.number = 0
        self.going_on = threading.Event()

    def program(self):
        while True:
            self.number += 1
            self.going_on.set()
            yield

    def go_on(self):
        """Whether there is one more turn."""
        self.going_on.clear()
        return self.going_on.wait(GUARD)


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def machine(turns):
    """A machine with one busy task, to be turned by hand or to boot."""
    made = Machine(Scheduler())
    made.kernel.new(turns.program())
    yield made
    made.shutdown()


@pytest.fixture
def endless(monkeypatch):
    """No boost ends by itself."""
    monkeypatch.setattr(boost, "MOST", 10 * GUARD)


@pytest.mark.usefixtures("endless")
def test_meanwhile_requests_are_answered_and_no_task_has_a_turn(machine, turns):
    boosted, seen = machine.boost(), []

    def asked(*_):
        seen.append(turns.number)
        boosted.end()

    # What is asked only now would have to wait for the next round.
    first = machine.submit(Do(lambda *_: machine.submit(Do(asked))))
    machine.kernel.cycle()
    assert first.done()
    assert seen == [0]
    assert turns.number > 0


@pytest.mark.usefixtures("endless")
def test_it_ends_when_another_thread_says_so(machine, turns):
    machine.boot()
    assert turns.go_on()
    boosted = machine.boost()
    machine.call(Do(lambda *_: None), GUARD)  # behind it
    number = turns.number
    machine.call(Do(lambda *_: None), GUARD)
    assert turns.number == number
    boosted.end()
    assert turns.go_on()


def test_it_ends_by_itself(machine, turns):
    machine.boot()
    machine.boost()
    machine.call(Do(lambda *_: None), GUARD)
    assert turns.go_on()


@pytest.mark.usefixtures("endless")
def test_after_it_the_tasks_have_as_long_for_themselves(machine, turns, monkeypatch):
    time = ManualClock(start=10.0)
    monkeypatch.setattr(boost, "time", SimpleNamespace(monotonic=time.now))

    def lasts(seconds):
        """Whether a boost is given now, which then lasts so long."""
        boosted, number = machine.boost(), turns.number

        def end(*_):
            boosted.end()
            time.advance(seconds)
            return turns.number == number

        reply = machine.submit(Do(lambda *_: machine.submit(Do(end))))
        machine.kernel.cycle()
        machine.kernel.cycle()
        return reply.result().result()

    assert lasts(3.0)
    time.advance(2.5)
    assert not lasts(0.0)
    time.advance(0.5)
    assert lasts(1.0)


@pytest.mark.usefixtures("endless")
def test_it_does_not_keep_the_machine_from_stopping(machine, turns):
    machine.boot()
    machine.boost()
    machine.call(Do(lambda *_: None), GUARD)
    assert machine.shutdown()


@pytest.mark.usefixtures("endless")
def test_two_at_once_last_until_both_have_ended(machine, turns):
    first, second = Boost(machine), Boost(machine)
    seen = []

    def end(ended, then=lambda: None):
        seen.append(turns.number)
        ended.end()
        then()

    machine.kernel.inbox.put(first)
    machine.kernel.inbox.put(second)
    machine.submit(Do(lambda *_: end(first, lambda: machine.submit(Do(lambda *_: end(second))))))
    machine.kernel.cycle()
    assert seen == [0, 0]
    assert turns.number > 0


def test_a_kernel_that_sleeps_is_not_woken_for_it(machine):
    inbox, woken = machine.kernel.inbox, []
    inbox.wake = lambda: woken.append(True)
    inbox.asleep = True
    machine.boost().end()
    assert not inbox.arrivals
    inbox.asleep = False
    assert not woken


def test_a_kernel_that_has_stopped_refuses_it(machine):
    machine.boot()
    machine.shutdown()
    with pytest.raises(KernelStopped):
        machine.call(Do(lambda *_: None))
    machine.kernel.inbox.put(Boost(machine))
    assert not machine.kernel.inbox.arrivals
