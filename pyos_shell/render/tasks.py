"""How the table of tasks is shown."""

from __future__ import annotations

from typing import Final

from kernel import TaskInfo, TaskList

from ..answers import Table
from ..mistake import visible
from .dispatch import render
from .layout import Fragments, cut, table

HEADING: Final = ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS FOR", "PROGRAM"]

#: The columns that a narrow screen can do without: DEEP, AGE, PAR, WAITS FOR, STATE.
LEAST_FIRST: Final = (4, 3, 1, 5, 2)


@render.register
def _(answer: Table, width: int | None = None) -> list[Fragments]:
    listed = answer.tasks
    if not listed.tasks:
        hint = "no tasks; start one: spawn countdown 5   what there is: programs"
        return [cut(line, width) for line in [[("hint", hint)], *poller_line(answer)]]
    turns_matter = listed.paused or any(task.nice for task in listed.tasks)
    following = listed.next if turns_matter else 0
    rows = [cells(task, mark(task, following)) for task in listed.tasks]
    lines = table(HEADING, rows, width, LEAST_FIRST)
    rest = listed.total - len(listed.tasks)
    if rest:
        lines.append([("hint", f"… and {rest:,} more: tasks --all")])
    return [cut(line, width) for line in [*lines, *brake_line(listed), *poller_line(answer)]]


def mark(task: TaskInfo, following: int) -> str:
    """What stands behind the state of a task: its level, and whether it runs next."""
    level = f" {task.nice:+}" if task.nice else ""
    return f"{level} next" if task.tid == following else level


def cells(task: TaskInfo, mark: str = "") -> Fragments:
    """The row of a task, in the columns of `HEADING`."""
    return [
        ("tid", str(task.tid)),
        ("", str(task.parent)),
        (f"state.{task.state}", task.state + mark),
        ("", duration(task.age)),
        ("", str(task.depth)),
        ("", visible(task.reason)),
        ("", visible(task.program)),
    ]


def brake_line(listed: TaskList) -> list[Fragments]:
    """Says that the system does not run freely."""
    if not listed.paused:
        return []
    if listed.rate is not None:
        return [[("report", f"{listed.rate:g} steps a second; slow off ends that")]]
    return [[("report", "paused: no task takes a step; resume goes on")]]


def poller_line(answer: Table) -> list[Fragments]:
    """Says what the poller can watch, where that is little."""
    if answer.tasks.limit is None:
        return []
    text = f"files are watched by {answer.tasks.poller}: sockets only, {answer.tasks.limit} at most"
    return [[("hint", text)]]


def duration(seconds: float) -> str:
    """Four characters: `3.4s`, `12s`, `5m`, `2h`, `9d`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for unit, length in (("s", 1), ("m", 60), ("h", 3600), ("d", 86400)):
        if seconds < 100 * length or unit == "d":
            return f"{seconds / length:.0f}{unit}"
    raise AssertionError
