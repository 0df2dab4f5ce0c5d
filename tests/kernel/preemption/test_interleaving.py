"""Programs that share only the kernel's primitives do the same wherever they are interrupted."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Channel,
    ChanRecv,
    ChanSend,
    Mutex,
    Receive,
    Release,
    Scheduler,
    Semaphore,
    SendMessage,
    Sleep,
)
from kernel.preemption.critical import in_critical_section
from kernel.preemption.preemption import Preemption
from kernel.scheduler import NO_TURN

from ..support import settle, start
from .hogs import interrupts

pytestmark = interrupts


class Interrupter(Preemption):
    """Interrupts a kernel that is turned by hand, at those safe points whose numbers are chosen."""

    def __init__(self, kernel: Scheduler, chosen: set[int]) -> None:
        super().__init__(kernel, partial(settle, kernel), lambda: None, lambda: None)
        self.chosen = chosen
        self.count = self.interruptions = 0

    def reached(self, frame: Any) -> BaseException | None:
        turn = Scheduler.turn_at(frame, self.kernel)
        if turn.task is None or in_critical_section(frame):
            return None
        self.count += 1
        if self.count not in self.chosen:
            return None
        self.interruptions += 1
        self.wanted, self.give_way = turn, True
        return super().reached(frame)

    def withdraw(self) -> None:
        """The points stay where they are."""
        self.wanted = NO_TURN

    def run_armed(self, *functions: Any) -> None:
        """Run to the end, with safe points in these functions."""
        points: Any = self.points
        points.claim()
        for function in functions:
            points.set_events(function.__code__, points.points)
        try:
            with self.kernel.asyncgens:
                self.run()
        finally:
            self.close()


class World:
    """What the tasks share, and what has come of it."""

    def __init__(self, plans: list[list[tuple[str, int]]]) -> None:
        self.plans = plans
        self.mutex, self.semaphore = Mutex(), Semaphore(1)
        self.counts = {"mutex": 0, "semaphore": 0}
        self.channels = [Channel(100) for _ in plans]
        self.results: dict[int, Any] = {}


def task(world: World, number: int) -> Any:
    """One of them: it follows its plan, and then takes in what the one before it has sent."""
    total = 0
    neighbour = (number + 1) % len(world.plans)
    for what, value in world.plans[number]:
        if what == "compute":
            total += compute(value)
        elif what == "subroutine":
            total += yield subroutine(value)
        elif what == "sleep":
            yield Sleep(value)
        elif what == "send":
            yield ChanSend(world.channels[neighbour], (total, value))
        elif what == "mail":
            yield SendMessage(neighbour + 1, (total, value))
        else:
            yield from count(world, what, getattr(world, what))
    before = [what for what, _ in world.plans[number - 1]]
    received, mail = [], []
    for _ in range(before.count("send")):
        received.append((yield ChanRecv(world.channels[number])))
    for _ in range(before.count("mail")):
        mail.append((yield Receive()))
    world.results[number] = total, received, mail


def compute(value: int) -> int:
    total = sum(number * number for number in range(value))
    for number in range(value):
        total += number
    return total


def subroutine(value: int) -> Any:
    total = compute(value)
    yield Sleep(0)
    return total + 1


def count(world: World, what: str, lock: Any) -> Any:
    """What is plain Python code between the two: anybody who came in between would lose a count."""
    yield Acquire(lock)
    value = world.counts[what]
    compute(2)
    world.counts[what] = value + 1
    yield Release(lock)


WHAT = ["compute", "subroutine", "sleep", "send", "mail", "mutex", "semaphore"]
steps = st.tuples(st.sampled_from(WHAT), st.integers(0, 5))
plans = st.lists(st.lists(steps, max_size=8), min_size=2, max_size=4)


def outcome(plans: list[Any], chosen: set[int]) -> tuple[Any, Interrupter]:
    world = World(plans)
    kernel = start(*(task(world, number) for number in range(len(plans))))
    interrupter = kernel.preemption = Interrupter(kernel, chosen)
    interrupter.run_armed(task, compute, subroutine, count)
    statuses = [kernel.find(number + 1).status for number in range(len(plans))]
    assert all(status is not None and status.ok for status in statuses), statuses
    return (world.counts, world.results), interrupter


@settings(max_examples=80, deadline=None)
@given(plans, st.sets(st.integers(1, 300), max_size=40))
def test_wherever_they_are_interrupted_the_result_is_the_same(plans, chosen):
    expected, _ = outcome(plans, set())
    assert outcome(plans, chosen)[0] == expected


def test_it_is_the_same_if_they_are_interrupted_at_every_line():
    plans = [[(what, 3) for what in WHAT]] * 3
    expected, free = outcome(plans, set())
    found, interrupted = outcome(plans, {*range(1, 10_000)})
    assert found == expected
    assert free.interruptions == 0
    assert interrupted.interruptions > 100


def test_what_is_shared_without_a_lock_is_not():
    """Or else all this would say nothing: without the mutex a count is lost."""
    shared = [0]

    def racer():
        value = shared[0]
        compute(1)
        shared[0] = value + 1
        yield

    def total(chosen):
        shared[0] = 0
        kernel = start(racer(), racer())
        kernel.preemption = Interrupter(kernel, chosen)
        kernel.preemption.run_armed(racer, compute)
        return shared[0]

    assert total(set()) == 2
    assert 1 in [total({number}) for number in range(1, 10)]
