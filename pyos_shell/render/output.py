"""How it is shown what tasks print and the kernel reports."""

from __future__ import annotations

from typing import Final

from ..output import Line
from .layout import LEAST, Fragments, wrapped

#: The columns before what was printed or reported.
LABEL: Final = 6


def output_line(line: Line) -> Fragments:
    """What a task printed or the kernel reported, with the task's tid."""
    label = f"{line.tid or '-':>3} "
    styles = {"report": "report", "crash": "error", "trace": "trace", "typed": "hint"}
    style = styles.get(line.kind, "")
    return [("tid", label), ("hint", "│ "), (style, line.text)]


def output_lines(line: Line, width: int, is_plain: bool = False) -> list[Fragments]:
    """The same on a screen, where a long report goes on below its beginning. What was printed is
    left as it is; of a task in the foreground, without its tid.
    """
    if is_plain:
        return [output_line(line)[-1:]]
    label, bar, (style, text) = output_line(line)
    if line.kind == "out" or width < 2 * LABEL + LEAST[0]:
        return [output_line(line)]
    first, *rest = wrapped(text, width - LABEL + 2)
    return [[label, bar, (style, first)], *([("", "    "), bar, (style, part)] for part in rest)]
