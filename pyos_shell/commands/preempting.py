"""The command that interrupts tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Self

from kernel import GetSlice, NoPreemption, Preempt

from ..answers import Notice
from ..candidates import Candidate
from ..command import command
from ..system import Failure, System

if TYPE_CHECKING:
    from ..live import Live

#: What a slice is made of: a number and a unit, which is so many seconds.
SLICE: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s)", re.ASCII)
UNITS: Final = {"ms": 0.001, "s": 1.0}

#: Seconds of the longest one.
LONGEST: Final = 3600.0


class Slice(float):
    """So many seconds; 0 for `off`."""

    metavar: ClassVar[str] = "SLICE"
    takes: ClassVar[str] = "a time such as 10ms or 1s, or off"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no slice."""
        if text == "off":
            return cls(0)
        match = SLICE.fullmatch(text)
        if match is None:
            raise ValueError("SLICE takes a number with ms or s, such as 10ms or 1s, or off")
        seconds = cls(float(match[1]) * UNITS[match[2]])
        if not 0 < seconds <= LONGEST:
            raise ValueError("SLICE takes a time above 0, an hour at most, or off")
        return seconds

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The end of it, and some that can be seen."""
        yield Candidate("off", "tasks are never interrupted")
        yield Candidate("1s", "only who holds the machine for a second is")
        yield Candidate("100ms", "ten slices a second")
        yield Candidate("10ms", "a hundred slices a second: races happen")


@command()
def preempt(system: System, slice: Slice | None = None) -> Notice:
    """Set how long one step of a task may take.

    Whoever takes longer than SLICE for one step is put aside in the middle of
    it, with its whole stack; the others have their turns, and then it goes on
    where it was. So `preempt 10ms` shares the processor between endless loops,
    and makes races happen in plain code. With `1s`, which is in force at first,
    nothing changes between two yields of an ordinary program; with `off` nobody
    is ever interrupted. Alone it says what is in force.

    Needs Python 3.12. A task can be killed in the middle of a step in any case.
    """
    if slice is None:
        return Notice(in_words(system.ask(GetSlice())))
    try:
        system.ask(Preempt(float(slice) or None))
    except NoPreemption as error:
        raise Failure(str(error)) from None
    return Notice(in_words(float(slice) or None))


def in_words(seconds: float | None) -> str:
    """What is in force."""
    if seconds is None:
        return "no task is interrupted; kill ends one all the same"
    time = f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
    return f"a task is interrupted after {time} in one step"
