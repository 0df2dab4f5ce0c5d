"""How steps, breakpoints and values are shown."""

from __future__ import annotations

from ..answers import Breakpoints, Steps, Value
from ..mistake import visible
from .dispatch import shown
from .layout import Fragments, cut, end_of, table


@shown.register
def _(answer: Steps, width: int | None = None) -> list[Fragments]:
    return []  # each has been told as it was made


@shown.register
def _(answer: Breakpoints, width: int | None = None) -> list[Fragments]:
    if not answer.points:
        return [cut([("hint", "no breaks; set one: break Recv   more: help break")], width)]
    room = max(8, width - 12) if width is not None else 1_000
    rows: list[Fragments] = [
        [
            ("tid", str(point.number)),
            ("", str(point.hits)),
            ("", end_of(visible(point.where), room)),
        ]
        for point in answer.points
    ]
    return table(["NO", "HITS", "PLACE"], rows, width)


@shown.register
def _(answer: Value, width: int | None = None) -> list[Fragments]:
    return [[("", visible(answer.text))]]
