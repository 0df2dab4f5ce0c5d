"""The command about who runs how often."""

from __future__ import annotations

from typing import ClassVar, Self

from kernel import KernelError, SetNice

from ..answers import Notice
from ..command import command
from ..system import Failure, System
from ..tid import Tid


class Level(int):
    """How nice a task is to others."""

    metavar: ClassVar[str] = "LEVEL"

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
