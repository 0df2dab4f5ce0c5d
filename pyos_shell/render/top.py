"""How `top` is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..answers import Busy, Top
from ..mistake import columns, visible
from ..status import Status
from .dispatch import shown
from .layout import Fragments, cut, plain, table
from .tasks import duration
from .toolbar import status_line

HEADING: Final = ["TID", "SHARE", "STATE", "AGE", "DEEP", "WAITS FOR", "PROGRAM"]

#: The columns that a narrow screen can do without: DEEP, AGE, WAITS FOR, STATE, SHARE.
LEAST_FIRST: Final = (4, 3, 5, 2, 1)

#: The history in columns, and the least of it that is worth its place.
BARS: Final = "▁▂▃▄▅▆▇█"
SHORTEST: Final = 4

#: A screen of fewer rows has no room for the history and the heading.
LOW: Final = 8


@shown.register
def _(answer: Top, width: int | None = None) -> list[Fragments]:
    """One picture of it, as text."""
    lines = [*head(answer, width or 80, tall=True)]
    if answer.rows:
        lines += table(HEADING, [cells(each) for each in answer.rows], width, LEAST_FIRST)
    rest = answer.match - len(answer.rows)
    if rest > 0:
        lines.append([("hint", f"… and {rest:,} more")])
    return [cut(line, width) for line in lines]


def head(top: Top, width: int, tall: bool) -> list[Fragments]:
    """The totals, and above them on a `tall` screen how it has been so far."""
    status = Status(
        top.tasks,
        top.ready,
        top.blocked,
        top.stopped,
        top.turns,
        top.memory,
        paused=top.paused,
        rate=top.rate,
    )
    totals = status_line(status, width)[1:]
    return [history(top, width), totals] if tall else [totals]


def history(top: Top, width: int) -> Fragments:
    """The processor and the ready queue, each with its past."""
    share, ready = f" {top.processor:4.0%}", f" {top.ready:,}"
    labels: tuple[str, str] = ("processor ", "  ready ")
    room = (width - columns("".join((*labels, share, ready)))) // 2
    if room < SHORTEST:
        parts = [f"processor{share}", f"  ready{ready}"]
        return [("", "".join(parts) if columns("".join(parts)) <= width else parts[0])]
    room = min(room, 40)
    past = top.history[-room:]
    most = max(1, *(length for _, length in past)) if past else 1
    return [
        ("heading", labels[0]),
        ("good", bars([part for part, _ in past]).rjust(room)),
        ("", share),
        ("heading", labels[1]),
        ("state.ready", bars([length / most for _, length in past]).rjust(room)),
        ("", ready),
    ]


def bars(values: Sequence[float]) -> str:
    """A small chart: a character for each value between 0 and 1."""
    top = len(BARS) - 1
    return "".join(BARS[min(top, max(0, round(value * top)))] for value in values)


def cells(busy: Busy) -> Fragments:
    """The row of a task, in the columns of `HEADING`."""
    task = busy.task
    style = "good" if busy.share >= 0.005 else "hint"
    return [
        ("tid", str(task.tid)),
        (style, f"{busy.share * 100:4.0f}%"),
        (f"state.{task.state}", task.state),
        ("", duration(task.age)),
        ("", str(task.depth)),
        ("", visible(task.reason)),
        ("", visible(task.program)),
    ]


def screen(top: Top, width: int, rows: int, chosen: int) -> list[Fragments]:
    """The head, and so many rows of tasks below it, the `chosen` one marked."""
    tall = rows >= LOW
    heading, *lines = table(HEADING, [cells(each) for each in top.rows], width, LEAST_FIRST)
    for number, line in enumerate(lines):
        if number == chosen:
            text = plain(cut(line, width))
            lines[number] = [("chosen", text + " " * (width - columns(text)))]
    shown = [heading, *lines] if tall else lines
    return [cut(line, width) for line in [*head(top, width, tall), *shown]]


def room_for_tasks(rows: int) -> int:
    """How many tasks fit on a screen of so many rows, with the head and a line at the foot."""
    return max(1, rows - (4 if rows >= LOW else 2))
