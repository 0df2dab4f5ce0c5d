"""Tasks that hold the kernel, and a machine to try them on."""

from __future__ import annotations

import bdb
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kernel import (
    ExitStatus,
    KillTask,
    Machine,
    NewTask,
    Preempt,
    Preempted,
    Scheduler,
    Sleep,
    SystemCall,
    TraceEvent,
    WaitTask,
    call,
    fiber,
)

from ..net import GUARD

#: Seconds of a slice that is soon over.
SHORT = 0.01

#: What holds only where a step can be put aside.
interrupts = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="platform: no step is put aside before Python 3.12"
)

#: What holds only where none can.
kills_only = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="platform: here a step can be put aside"
)


class Trial:
    """A machine that runs, with a slice, and a polite task, which counts its turns."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.log: list[Any] = []
        self.turns = 0
        self.interruptions: queue.SimpleQueue[Preempted] = queue.SimpleQueue()
        machine.subscribe(self.interruptions.put, Preempted)
        self.begun = threading.Event()

    def call(self, call: SystemCall) -> Any:
        return self.machine.call(call, GUARD)

    def polite(self) -> Iterator[None]:
        while True:
            self.turns += 1
            yield

    def start(self, program: Any) -> int:
        """A task; gives its tid."""
        tid: int = self.call(NewTask(program))
        return tid

    def start_hog(self, hog: Callable[[Trial], Any]) -> int:
        """A task that holds the kernel by now; gives its tid."""
        self.begun.clear()
        tid = self.start(hog(self))
        assert self.begun.wait(GUARD), "it did not come to that"
        return tid

    def interrupted(self, tid: int, times: int = 1) -> Preempted:
        """Wait until a task has been put aside so many times."""
        while True:
            event = self.interruptions.get(timeout=GUARD)
            if event.tid == tid and event.times >= times:
                return event

    def kill(self, tid: int, grace: float | None = None) -> ExitStatus:
        """Kill a task, and see it end."""
        self.call(KillTask(tid, grace))
        return self.wait(tid)

    def wait(self, tid: int) -> ExitStatus:
        status: ExitStatus = self.call(WaitTask(tid))
        return status

    def goes_on(self) -> None:
        """See the polite task have more turns."""
        turns = self.turns
        until(lambda: self.turns > turns + 3)

    def events(self, *kinds: type[TraceEvent]) -> queue.SimpleQueue[Any]:
        """Where the events of these kinds go from now on."""
        seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.machine.subscribe(seen.put, *kinds)
        return seen


class Counter(bdb.Bdb):
    """A debugger that counts the lines it is told of."""

    def __init__(self):
        super().__init__()
        self.lines = 0

    def user_line(self, frame):
        self.lines += 1


@contextmanager
def trial(slice: float | None = None) -> Iterator[Trial]:
    """A machine with this slice, and a polite task in it."""
    with Machine(Scheduler(stdin=False)) as machine:
        made = Trial(machine)
        if slice is not None or sys.version_info >= (3, 12):
            made.call(Preempt(slice))
        made.start(made.polite())
        yield made
    assert not machine.thread.is_alive(), "a task holds it still"
    assert machine.panic is None


def until(condition: Callable[[], Any]) -> None:
    """Wait for what the kernel's thread does."""
    again, deadline = threading.Event(), threading.Event()
    guard = threading.Timer(GUARD, deadline.set)
    guard.daemon = True
    guard.start()
    try:
        while not condition():
            assert not deadline.is_set(), "it never came to this"
            again.wait(0.001)
    finally:
        guard.cancel()


# -- each says that it has begun, and then comes to no end


def plain_loop(trial):
    yield
    try:
        trial.begun.set()
        while True:
            pass
    finally:
        trial.log.append("finally")


def in_sum(trial):
    yield
    try:
        trial.begun.set()
        sum(zeros())
    finally:
        trial.log.append("finally")


def zeros():
    while True:
        yield 0


def comprehension(trial):
    yield
    try:
        trial.begun.set()
        [number for number in iter(int, 1) if number]
    finally:
        trial.log.append("finally")


def in_a_subroutine(trial):
    try:
        yield plain_loop(trial)
    finally:
        trial.log.append("caller")


def in_yield_from(trial):
    yield from plain_loop(trial)


async def coroutine(trial):
    await Sleep(0)
    try:
        trial.begun.set()
        while True:
            pass
    finally:
        trial.log.append("finally")


def recursion(trial):
    yield
    try:
        trial.begun.set()
        while True:
            deep(100)
    finally:
        trial.log.append("finally")


def deep(levels):
    if levels:
        deep(levels - 1)


def callback(trial):
    yield
    try:
        trial.begun.set()
        while True:
            sorted(range(100), key=identity)
    finally:
        trial.log.append("finally")


def callback_that_loops(trial):
    yield
    try:
        sorted(range(3), key=lambda _: loop(trial))
    finally:
        trial.log.append("finally")


def loop(trial):
    trial.begun.set()
    while True:
        pass


def identity(thing):
    return thing


def calls_of_c_code(trial):
    yield
    try:
        trial.begun.set()
        while True:
            list(map(abs, range(1000)))
    finally:
        trial.log.append("finally")


def handles_an_error(trial):
    yield
    try:
        try:
            raise ValueError("first")
        except ValueError:
            trial.begun.set()
            while True:
                assert sys.exc_info()[0] is ValueError
    finally:
        trial.log.append("finally")


def plain_function(trial):
    return fiber(plain, trial)


def plain(trial):
    call(None)
    try:
        loop(trial)
    finally:
        trial.log.append("finally")


HOGS = [
    plain_loop,
    in_sum,
    comprehension,
    in_a_subroutine,
    in_yield_from,
    coroutine,
    recursion,
    callback,
    callback_that_loops,
    calls_of_c_code,
    handles_an_error,
    plain_function,
]
