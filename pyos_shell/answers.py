"""What commands answer, beside the kernel's own snapshots. `render` shows them.

An answer with an `ok` that is false makes the command count as failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import BreakInfo, ExitStatus, PipeBroken, StackInfo, Stepped, TaskList

from .output import Line


@dataclass(slots=True, frozen=True)
class Notice:
    """A line that confirms what was done. It is no data: without a terminal it goes to stderr."""

    text: str
    ok: bool = True


@dataclass(slots=True)
class Ends:
    """How tasks ended: `before` the command was given, which is told now, and since then, which
    has been reported already; and those that `others` had started, whatever became of them. And
    whether a script failed behind its `mainloop`.
    """

    before: list[tuple[str, ExitStatus]]
    since: list[ExitStatus]
    others: list[ExitStatus]
    script_failed: bool = False

    @property
    def ok(self) -> bool:
        awaited = [*(status for _, status in self.before), *self.since]
        return not self.script_failed and all(map(ended_well, awaited))


@dataclass(slots=True, frozen=True)
class Started:
    """The tasks that have been started; that has been said before they ran."""

    tids: list[int]


@dataclass(slots=True, frozen=True)
class Ran:
    """The commands of a file have run; whether all have succeeded."""

    file: str
    ok: bool


@dataclass(slots=True, frozen=True)
class Table:
    """The living tasks; `everything` if the user asked for all rows."""

    tasks: TaskList
    everything: bool


@dataclass(slots=True, frozen=True)
class Stack:
    """The call stack of a task."""

    stack: StackInfo


@dataclass(slots=True, frozen=True)
class Listing:
    """Names with a line about each, and a `hint` below."""

    rows: list[tuple[str, str]]
    hint: str = ""


@dataclass(slots=True, frozen=True)
class Page:
    """Help on one thing: its usage and its docstring."""

    usage: str
    text: str
    hint: str = ""


@dataclass(slots=True, frozen=True)
class Log:
    """Remembered lines of output."""

    lines: list[Line]


@dataclass(slots=True, frozen=True)
class Steps:
    """Steps that tasks have made one by one. Each has been told as it happened."""

    steps: list[Stepped]


@dataclass(slots=True, frozen=True)
class Breakpoints:
    """Where tasks stop."""

    points: list[BreakInfo]


@dataclass(slots=True, frozen=True)
class Value:
    """What an expression gives, in one line."""

    text: str


Answer = Any


def ended_well(status: ExitStatus) -> bool:
    """Whether a task has returned, or was only ended because nobody read what it printed."""
    return status.ok or isinstance(status.error, PipeBroken)
