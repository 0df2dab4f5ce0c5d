"""The command about who runs how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from kernel import KernelError, SetNice

from ..answers import Notice
from ..candidates import Candidate
from ..command import command
from ..system import Failure, System
from ..tid import Tid

if TYPE_CHECKING:
    from ..live import Live


class Level(int):
    """How nice a task is to others."""

    metavar: ClassVar[str] = "LEVEL"
    takes: ClassVar[str] = "a number from -20 to 19"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no level."""
        try:
            level = cls(text) if len(text) < 5 else None
        except ValueError:
            level = None
        if level is None or not -20 <= level <= 19:
            raise ValueError("LEVEL takes a number from -20 (most turns) to 19 (fewest)")
        return level

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """Those that halve and double the share of the turns."""
        for level in range(-20, 20, 5):
            share = f"{2 ** (-level // 5)} times" if level < 0 else f"1/{2 ** (level // 5)} of"
            about = f"{share} the turns of a new task" if level else "as a new task"
            yield Candidate(str(level), about)


@command()
def nice(system: System, tid: Tid, level: Level) -> Notice:
    """Give a task more turns than others, or fewer.

    A new task has level 0. Each five levels above halve its share of the
    turns, each five below, down to -20, double it: `nice 3 10` leaves task 3
    a quarter. Nobody starves. `tasks` shows the levels, and who is next.
    """
    try:
        former = system.ask(SetNice(tid, int(level)))
    except KernelError as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    return Notice(f"task {tid} has level {int(level)}, and had {former}")
