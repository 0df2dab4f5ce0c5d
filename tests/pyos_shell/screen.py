"""The screen of a terminal, for tests: pyte's, which also remembers what has left it.

Consoles write much more than anybody looks at, and pyte takes its time for each character. Here
text that needs no care is put into its row at once, and a row is read only if it has changed.
"""

import re
from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any, NamedTuple

import pyte
from pyte.modes import DECAWM, IRM
from pyte.screens import Char

#: The mode in which a second screen is before the first.
ALTERNATE = 1049

#: Characters of which each takes a column of its own: ASCII, the ellipsis, lines, bars and blocks.
NARROW = re.compile("[ -~…─-▟]+")

BLANK = Char(" ")


class Cells(dict[str, Char]):
    """Characters as cells in one style, made when first needed."""

    def __init__(self, style: Char) -> None:
        self.style = style

    def __missing__(self, data: str) -> Char:
        cell = self[data] = self.style._replace(data=data)
        return cell


styled = cache(Cells)


class Row(NamedTuple):
    """What a row shows, without the blanks at its end."""

    text: str
    #: Whether it belongs to the toolbar: all of it is in reverse.
    is_bar: bool


class Screen(pyte.Screen):
    """A screen that remembers the rows which have left it at its top."""

    def __init__(self, columns: int, lines: int) -> None:
        self.gone: list[str] = []
        #: The rows as they were at the last look.
        self.seen: dict[int, Row] = {}
        #: The first screen, while the second is before it.
        self.first: tuple[dict, tuple[int, int]] | None = None
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        cursor = self.cursor
        wraps = cursor.x + len(data) > self.columns
        if (wraps and DECAWM not in self.mode) or IRM in self.mode or not NARROW.fullmatch(data):
            self.dirty.add(max(0, cursor.y - 1))  # an accent may belong to the end of that row
            super().draw(data)
            return
        while data:
            if cursor.x == self.columns:
                self.carriage_return()
                self.linefeed()
            room = self.columns - cursor.x
            self.put(data[:room])
            data = data[room:]

    def put(self, data: str) -> None:
        """Put text into the row of the cursor, where there is room for it."""
        cursor = self.cursor
        row, cells = self.buffer[cursor.y], styled(cursor.attrs)
        for column, character in enumerate(data, cursor.x):
            row[column] = cells[character]
        self.dirty.add(cursor.y)
        cursor.x += len(data)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        """Also the one that puts a second screen before the first."""
        if ALTERNATE in modes and self.first is None:
            cells = {number: copy(row) for number, row in self.buffer.items()}
            self.first = cells, (self.cursor.x, self.cursor.y)
            self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        if ALTERNATE in modes and self.first is not None:
            cells, (self.cursor.x, self.cursor.y) = self.first
            self.first = None
            self.buffer.clear()
            self.buffer.update(cells)
            self.dirty.update(range(self.lines))
        super().reset_mode(*modes, **kwargs)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """As terminals do it: rows below the cursor leave first, and it stays in its row. (With
        pyte it would not.)
        """
        lines = lines or self.lines
        above = max(0, self.cursor.y + 1 - lines)
        self.gone += [self.row(number) for number in range(above)]
        kept = {n - above: row for n, row in self.buffer.items() if 0 <= n - above < lines}
        self.buffer.clear()
        self.buffer.update(kept)
        self.cursor.y -= above
        self.lines = min(lines, self.lines)
        super().resize(lines, columns)
        self.dirty = set(range(lines))

    def index(self) -> None:
        if self.cursor.y == self.lines - 1:
            self.gone.append(self.row(0))
        super().index()

    def look(self) -> Iterable[Row]:
        """The rows, from the top."""
        for number in self.dirty:
            self.seen[number] = Row(self.row(number), self.is_bar(number))
        self.dirty.clear()
        return map(self.seen.__getitem__, range(self.lines))

    def is_bar(self, number: int) -> bool:
        cells = self.buffer[number]
        return all(cells[column].reverse for column in range(self.columns))

    def row(self, number: int) -> str:
        cell = self.buffer[number].get
        return "".join([cell(column, BLANK).data for column in range(self.columns)]).rstrip()
