"""Commands that hold up the whole system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Self

from kernel import (
    GetStack,
    KernelError,
    ListTasks,
    Pause,
    Resume,
    Slow,
    Step,
    Stepped,
)

from ..answers import Notice, Steps
from ..candidates import Candidate
from ..command import command
from ..system import Failure, System
from ..tid import Tid

if TYPE_CHECKING:
    from ..live import Live


class Rate(float):
    """So many steps a second; 0 for `off`."""

    metavar: ClassVar[str] = "RATE"
    takes: ClassVar[str] = "a number from 0.001 to 1000, or off"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no rate."""
        if text == "off":
            return cls(0)
        try:
            rate = cls(text)
        except ValueError:
            rate = cls(0)
        if not 0.001 <= rate <= 1_000:
            raise ValueError("RATE takes steps a second, from 0.001 to 1000, or off")
        return rate

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The end of it, and some that can be followed."""
        yield Candidate("off", "as fast as ever")
        yield Candidate("0.5", "a step every other second")
        yield Candidate("1", "a step a second")
        for rate in ("2", "5", "10"):
            yield Candidate(rate, f"{rate} steps a second")


class Count(int):
    """A number of steps."""

    metavar: ClassVar[str] = "N"
    takes: ClassVar[str] = "a number from 1 to 99999"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no such number."""
        if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
            raise ValueError("N takes a number of steps, from 1 to 99999")
        return cls(text)


ONE: Final = Count(1)


@command()
def pause(system: System) -> Notice:
    """Let no task take a step until `resume`.

    Commands are answered as ever, and time goes on: whoever has slept long
    enough is ready, and waits for its step. `step` takes one.
    """
    if system.ask(Pause()):
        return Notice("paused: no task takes a step; resume goes on, step takes one")
    return Notice("the system was paused before", ok=False)


@command()
def resume(system: System) -> Notice:
    """Let all tasks go on.

    So it ends `pause`, `step` and `slow`.
    """
    return resumed(system)


def resumed(system: System) -> Notice:
    if system.ask(Resume()):
        return Notice("resumed")
    return Notice("the system was not paused", ok=False)


@command()
def step(system: System, count: Count = ONE, *, task: Tid | None = None) -> Steps | Notice:
    """Let one task take one step, or N steps one by one.

    A line tells of each: which task, from which line to which, what it did
    there, and who became ready by it. It is the turn of the task that would
    have been next anyway. A system that runs is paused first.

    task: the task that is to step, whoever is next
    """
    if system.ask(Pause()):
        system.say("paused; resume goes on")
    announce(system, task)
    steps: list[Stepped] = []
    for _ in range(count):
        try:
            stepped = system.ask(Step(task))
        except KernelError as error:
            if not steps:
                raise Failure(f"{error}; type tasks for those there are") from None
            break
        if stepped is None:
            break
        steps.append(stepped)
    return Steps(steps) if steps else Notice("no task can take a step", ok=False)


def announce(system: System, tid: Tid | None) -> None:
    """Say what a step waits for, where no task is ready for it. Raises `Failure` if it would wait
    for what somebody has stopped.
    """
    if tid is None:
        listed = system.ask(ListTasks(0))
        if listed.total and not listed.ready:
            system.say("no task is ready; the step is taken as soon as one is")
        return
    try:
        info = system.ask(GetStack(tid))
    except KernelError as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    if info.state == "stopped":
        raise Failure(f"task {tid} is stopped; cont {tid} continues it")
    if info.state == "blocked":
        system.say(f"task {tid} waits for {info.reason}; its step is taken when it is ready")


@command()
def slow(system: System, rate: Rate, *, quiet: bool = False) -> Notice:
    """Let tasks take so many steps a second.

    A line tells of each, as of `step`. RATE can be a fraction: `slow 0.5` is a
    step every other second. `slow off` lets the system run as fast as ever, as
    does `resume`; `pause` holds it up.

    quiet: do not tell of the steps
    """
    if not rate:
        return resumed(system)
    system.ask(Slow(float(rate), quiet))
    return Notice(f"{rate:g} steps a second; slow off ends that")
