"""What the tests of tasks, of scheduling and of time share."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import CO_ITERABLE_COROUTINE
from traceback import extract_tb
from types import GeneratorType
from typing import Any, ClassVar

import pytest

import kernel
from kernel import (
    Answered,
    Called,
    Exited,
    ExitStatus,
    Failed,
    ManualClock,
    Poller,
    Scheduler,
    Spawned,
    SystemCall,
    TraceEvent,
    WaitQueue,
    Yield,
    system_call,
)
from kernel.request import Reply, Request
from kernel.waitqueue import Caller

#: Seconds after which something that should have happened is given up.
GUARD = 60.0

#: Where the packages under test are, for children that import them.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(kernel.__file__)))

#: Everything that a scheduler tells of its tasks.
KINDS = (Spawned, Called, Answered, Failed, Exited)


def start(*programs: Any, **doors: Any) -> Scheduler:
    """A scheduler with these programs, and with a clock that is moved by hand."""
    made = Scheduler(**{"clock": ManualClock(), **doors})
    for program in programs:
        made.new(program)
    return made


def turn(sched: Scheduler, rounds: int = 1) -> None:
    """Turn the loop by hand; the kernel never sleeps meanwhile."""
    for _ in range(rounds):
        sched.cycle(wait=False)


def settle(sched: Scheduler, rounds: int = 1_000_000) -> None:
    """Turn until no task is left. While all sleep, the clock moves on to the next alarm."""
    for _ in range(rounds):
        if not sched.tasks:
            return
        if not sched.ready and not sched.inbox.arrivals:
            due = sched.alarms.due()
            assert due is not None, "nothing can ever go on"
            assert isinstance(sched.clock, ManualClock)
            sched.clock.time = max(sched.clock.time, due)
        sched.cycle(wait=False)
    raise AssertionError(f"still there: {list(sched.tasks.values())}")


def end(sched: Scheduler) -> None:
    """Kill whoever is left, and turn until nobody is."""
    for task in list(sched.tasks.values()):
        sched.kill(task)
    settle(sched)


def watch(sched: Scheduler, *kinds: type[TraceEvent]) -> list[Any]:
    """The list that all events of these kinds go to from now on."""
    seen: list[Any] = []
    sched.trace.subscribe(seen.append, *(kinds or KINDS))
    return seen


def told(events: list[Any]) -> list[tuple[Any, ...]]:
    """Events as plain values, to compare those of two runs."""
    return [(type(event).__name__, event.tid, words(event)) for event in events]


def words(event: Any) -> str:
    match event:
        case Called():
            return repr(event.call)
        case Answered():
            return repr(event.answer)
        case Failed():
            return repr(event.error)
        case Spawned():
            return f"{event.name} of {event.parent}"
    return str(event)


def run(program: Any, **doors: Any) -> ExitStatus:
    """Run one program to its end, on a clock that moves on by itself; how did it end?"""
    sched = start(program, **doors)
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    return outcome(sched, 1)


def as_generator(program: Any) -> Any:
    """A program as it is written in the tests."""
    return program


async def as_coroutine(program: Any) -> Any:
    """The same program as an `async def`, which awaits what the generator yields."""
    step, what = program.send, None
    while True:
        try:
            trap = step(what)
        except StopIteration as returned:
            return returned.value
        if trap is None:
            trap = Yield()
        elif isinstance(trap, GeneratorType) and not trap.gi_code.co_flags & CO_ITERABLE_COROUTINE:
            trap = as_coroutine(trap)
        try:
            step, what = program.send, await trap
        except BaseException as error:
            step, what = program.throw, error


#: What holds for a program holds for it in either style: `@either_style def test_…(style)`, with
#: `start(style(program()))`.
either_style = pytest.mark.parametrize("style", [as_generator, as_coroutine])


def outcome(sched: Scheduler, tid: int) -> ExitStatus:
    """How a task ended."""
    status = sched.find(tid).status
    assert status is not None, f"task {tid} has not ended"
    return status


def ask(sched: Scheduler, call: SystemCall) -> Reply:
    """Make a call from outside, as the console does; the kernel is to be turned by hand."""
    request = Request(sched, call)
    sched.inbox.put(request)
    return request.future


def snapshot(sched: Scheduler, call: SystemCall) -> Any:
    """What a call from outside answers in the next round."""
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


def idle(count: int = sys.maxsize) -> Iterator[None]:
    """A program that only gives way, so many times."""
    for _ in range(count):
        yield


def functions(error: BaseException | None) -> list[str]:
    """The functions of an error's traceback, outermost first."""
    assert error is not None
    return [frame.name for frame in extract_tb(error.__traceback__)]


def in_kernel(error: BaseException | None) -> list[bool]:
    """For every entry of an error's traceback, whether it is the kernel's own."""
    assert error is not None
    home = os.path.dirname(os.path.abspath(kernel.__file__)) + os.sep
    return [frame.filename.startswith(home) for frame in extract_tb(error.__traceback__)]


@contextmanager
def no_collector() -> Iterator[None]:
    """Let nothing be freed but by its last reference."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Held:
    """Something worth letting go of; `held` tells who has not yet."""

    held: ClassVar[set[str]] = set()

    def __init__(self, name: str) -> None:
        self.name = name
        self.held.add(name)

    def __del__(self) -> None:
        self.held.discard(self.name)


@system_call
class Park(SystemCall):
    """Sleeps on a queue of the test's own, until the test ends the sleep."""

    queue: WaitQueue

    def run(self, kernel: Scheduler, caller: Any) -> object:
        return caller.sleep(self.queue, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "the test"


@system_call
class Wake(SystemCall):
    """Answers the longest sleeper of a queue, if there is one; answers how many there were."""

    queue: WaitQueue
    value: Any = None

    def run(self, kernel: Scheduler, caller: Any) -> object:
        count = len(self.queue)
        if self.queue.first is not None:
            self.queue.first.answer(self.value)
        return count


@system_call
class Do(SystemCall):
    """Runs a function of the test inside the kernel: its answer, or its error, is the caller's."""

    function: Callable[..., Any]

    def run(self, kernel: Scheduler, caller: Any) -> object:
        return self.function(kernel, caller)


class FedPoller(Poller):
    """A poller that knows of files what the test feeds it, and notes how long it was to sleep."""

    name = "fed"

    def __init__(self) -> None:
        super().__init__()
        self.watched: dict[int, int] = {}
        self.events: deque[tuple[int, int]] = deque()
        self.timeouts: list[float | None] = []
        self.wakes = 0

    def feed(self, fd: int, events: int) -> None:
        self.events.append((fd, events))

    def watch(self, fd: int, interest: int) -> None:
        if interest:
            self.watched[fd] = interest
        else:
            self.watched.pop(fd, None)

    def poll(self, timeout: float | None) -> list[tuple[int, int]]:
        self.timeouts.append(timeout)
        found = [event for event in self.events if event[1] & self.watched.get(event[0], 0)]
        self.events.clear()
        return found

    def wake(self) -> None:
        self.wakes += 1

    def rebuild(self) -> None:
        pass

    def close(self) -> None:
        pass


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A child process that runs a program, with pipes for what it reads and prints."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONIOENCODING": "utf-8"},
        cwd=ROOT,
    )


@contextmanager
def guarded(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """See that a child does not outlive the test, whatever happens."""
    timer = threading.Timer(GUARD, process.kill)
    timer.start()
    with process:
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def printed(program: str) -> tuple[str, str]:
    """What a program prints, run as a child of its own, and what goes to its standard error."""
    with guarded(python(program)) as process:
        return process.communicate()
