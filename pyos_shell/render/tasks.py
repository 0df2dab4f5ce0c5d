"""How the table of tasks is shown, of those that live and of those that have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kernel import EndedInfo, TaskInfo, TaskList

from ..answers import Ended, Table
from ..mistake import visible
from .dispatch import shown
from .layout import Fragments, cut, table

HEADING: Final = ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS FOR", "PROGRAM"]

#: The columns that a narrow screen can do without: DEEP, AGE, PAR, WAITS FOR, STATE.
LEAST_FIRST: Final = (4, 3, 1, 5, 2)

#: The same with a column for the shares, which goes before AGE.
SHARED_HEADING: Final = [*HEADING[:3], "SHARE", *HEADING[3:]]
SHARED_LEAST_FIRST: Final = (5, 3, 4, 1, 6, 2)

#: How large all shares together must be to be worth a column, and one to be worth a cell.
BUSY: Final = 0.1
SEEN: Final = 0.005

ENDED_HEADING: Final = ["TID", "PAR", "LIVED", "HOW IT ENDED", "PROGRAM"]
ENDED_LEAST_FIRST: Final = (1, 2)

#: A tree is drawn down to so many levels; what is deeper stands beside the last.
LEVELS: Final = 6


@shown.register
def _(answer: Table, width: int | None = None) -> list[Fragments]:
    listed = answer.tasks
    if not listed.tasks:
        hint = "no tasks; start one: spawn countdown 5   what there is: programs"
        if answer.narrowed:
            hint = "no task is like that; all there are: tasks"
        return [cut(line, width) for line in [[("hint", hint)], *poller_line(answer)]]
    turns_matter = listed.paused or any(task.nice for task in listed.tasks)
    following = listed.next if turns_matter else 0
    stems = branches(listed.tasks) if answer.tree else {}
    rows = [
        cells(task, mark(task, following, answer.marks), stems.get((task.tid, task.inner), ""))
        for task in listed.tasks
    ]
    if worth_showing(answer.shares, listed.tasks):
        for row, task in zip(rows, listed.tasks, strict=True):
            row.insert(3, share_cell(task, answer.shares))
        lines = table(SHARED_HEADING, rows, width, SHARED_LEAST_FIRST)
    else:
        lines = table(HEADING, rows, width, LEAST_FIRST)
    lines += more(listed.total - len(listed.tasks), "" if answer.narrowed else "tasks ")
    return [cut(line, width) for line in [*lines, *brake_line(listed), *poller_line(answer)]]


@shown.register
def _(answer: Ended, width: int | None = None) -> list[Fragments]:
    listed = answer.tasks
    if not listed.tasks:
        return [cut([("hint", "no task has ended that is like that" if answer.narrowed
                      else "no task has ended yet")], width)]  # fmt: skip
    rows = [ended_cells(task) for task in listed.tasks]
    lines = table(ENDED_HEADING, rows, width, ENDED_LEAST_FIRST)
    lines += more(listed.total - len(listed.tasks), "tasks --ended ")
    return [cut(line, width) for line in lines]


def more(rest: int, command: str) -> list[Fragments]:
    """Says how many rows are left out, and how to see them."""
    return [[("hint", f"… and {rest:,} more: {command}--all")]] if rest else []


def mark(task: TaskInfo, following: int, marks: Mapping[int, str]) -> str:
    """What stands behind the state of a task: its job's mark, its level, whether it runs next."""
    if task.inner:
        return ""
    level = f" [{marks[task.tid]}]" if task.tid in marks else ""
    level += f" {task.nice:+}" if task.nice else ""
    return f"{level} next" if task.tid == following else level


def worth_showing(shares: Mapping[int, float], tasks: Sequence[TaskInfo]) -> bool:
    """Whether there is something to show in a column of its own."""
    shown = {task.tid for task in tasks}
    return sum(share for tid, share in shares.items() if tid in shown) >= BUSY


def share_cell(task: TaskInfo, shares: Mapping[int, float]) -> tuple[str, str]:
    """What is shown of a task's share; nothing of asyncio tasks, which have it together."""
    share = 0.0 if task.inner else shares.get(task.tid, 0.0)
    return ("good", f"{share:5.0%}") if share >= SEEN else ("", "")


def cells(task: TaskInfo, mark: str = "", stem: str = "") -> Fragments:
    """The row of a task, in the columns of `HEADING`; the `stem` leads to it in a tree."""
    return [
        ("tid", number(task)),
        ("", str(task.parent)),
        (f"state.{task.state}", task.state + mark),
        ("", duration(task.age)),
        ("", str(task.depth)),
        ("", visible(task.reason)),
        ("", stem + visible(task.program)),
    ]


def ended_cells(task: EndedInfo) -> Fragments:
    """The row of an ended task, in the columns of `ENDED_HEADING`."""
    return [
        ("tid", str(task.tid)),
        ("", str(task.parent)),
        ("", duration(task.lived)),
        ("good" if task.status.ok else "error", visible(str(task.status))),
        ("", visible(task.program)),
    ]


def number(task: TaskInfo) -> str:
    """What a task goes by: `3`, or for an asyncio task in it, `3.2`."""
    return f"{task.tid}.{task.inner}" if task.inner else str(task.tid)


def branches(tasks: Sequence[TaskInfo]) -> dict[tuple[int, int], str]:
    """The lines that lead to each task in a tree; the tasks come in the order of the tree."""
    last = {task.parent: (task.tid, task.inner) for task in tasks}  # of each parent's children
    stems: dict[tuple[int, int], str] = {}
    below: dict[int, str] = {}  # what stands before the children of each
    for task in tasks:
        key = task.tid, task.inner
        if task.parent not in below:
            stems[key] = below[task.tid] = ""
            continue
        before, is_last = below[task.parent], last[task.parent] == key
        stems[key] = before + ("└─ " if is_last else "├─ ")
        deeper = before + ("   " if is_last else "│  ")
        if not task.inner:
            below[task.tid] = deeper if len(deeper) < 3 * LEVELS else before
    return stems


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
