"""Lines of text, and how they fit a width: cut, wrapped, and in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..mistake import columns

#: A rendered line: pairs of a style and a text.
Fragments = list[tuple[str, str]]

#: How narrow the last two columns of a table can be.
LEAST: Final = (16, 8)


def plain(line: Fragments) -> str:
    """The text of a line."""
    return "".join(text for _, text in line)


def cut(line: Fragments, width: int | None) -> Fragments:
    """The line in at most `width` columns."""
    if width is None or columns(plain(line)) <= width:
        return line
    result: Fragments = []
    room = width - len("…")
    for style, text in line:
        if columns(text) > room:
            return [*result, (style, shortened(text + "…", room + len("…")))]
        result.append((style, text))
        room -= columns(text)
    return result


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` columns."""
    if columns(text) <= width:
        return text
    while text and columns(text) >= width:
        text = text[: -max(1, (columns(text) - width) // 2)]
    return text + "…"


def end_of(text: str, width: int) -> str:
    """The end of `text` in at most `width` columns: of a place, that is the name and the line."""
    while columns(text) > max(1, width):
        text = "…" + text[2:]
    return text


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """The lines of `text`, two columns less than `width` wide; where there are several, each but
    the first begins with `indent`.
    """
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        if width is not None and lines[-1].strip() and columns(f"{lines[-1]} {word}") > width - 2:
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}"
    return lines


def table(
    heading: list[str],
    rows: list[Fragments],
    width: int | None,
    least_first: Sequence[int] = (),
) -> list[Fragments]:
    """The heading and the rows in columns. A table that is too wide first loses the columns that
    tell least, in this order, and then the ends of the last two.
    """
    lines = [[("heading", name) for name in heading], *rows]
    widths = [max(columns(text) for _, text in column) for column in zip(*lines, strict=True)]
    shown = list(range(len(heading)))
    if width is not None:
        for column in least_first:
            if narrowest([widths[each] for each in shown]) > width:
                shown.remove(column)
        widths = fitted([widths[each] for each in shown], width)
    return [aligned([line[each] for each in shown], widths) for line in lines]


def narrowest(widths: list[int]) -> int:
    """How wide a table is whose last two columns are cut as far as they can be."""
    return sum(widths[:-2]) + sum(map(min, widths[-2:], LEAST)) + len(widths) - 1


def fitted(widths: list[int], width: int) -> list[int]:
    """The widths of the columns, the last two cut so that all fit into `width`."""
    *fixed, wide, last = widths
    room = width - sum(fixed) - len(fixed) - 1
    if wide + last > room:
        last = max(room - wide, min(last, max(LEAST[1], room // 4)))
        wide = room - last
    return [*fixed, max(1, wide), max(1, last)]


def aligned(cells: Fragments, widths: list[int]) -> Fragments:
    """The cells padded or cut to their columns; numbers to the right."""
    line: Fragments = []
    for (style, text), width in zip(cells, widths, strict=True):
        text = shortened(text, width)
        padding = " " * (width - columns(text))
        text = padding + text if text.isdigit() else text + padding
        line.append((style, text + " "))
    style, text = line[-1]
    return [*line[:-1], (style, text.rstrip())]
