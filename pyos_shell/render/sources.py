"""How the source of a program is shown."""

from __future__ import annotations

from ..answers import Source
from ..mistake import visible
from .code import display_path, numbered
from .dispatch import shown
from .layout import Fragments, cut, end_of


@shown.register
def _(answer: Source, width: int | None = None) -> list[Fragments]:
    path = display_path(answer.file)
    title: Fragments = [("heading", path if width is None else end_of(path, width))]
    lines = numbered(answer.lines, answer.first, answer.marked, width is not None)
    if answer.hint:
        lines.append([("hint", visible(answer.hint))])
    return [cut(line, width) for line in [title, *lines]]
