"""The toolbar below the line being typed: a line about what is typed, and one about the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from prompt_toolkit.filters import Condition, to_filter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.layout import ConditionalContainer, Dimension, HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl

from .render import Fragments

#: Rows for the menu of completions.
MENU: Final = 8


def add_toolbar(
    layout: Layout,
    lines: list[Callable[[], Fragments]],
    menu: Callable[[], bool],
) -> None:
    """Put these lines, as long as they show something, right below the line being typed. While
    there is a menu, it has their place.
    """
    layout.update_parents_relations()
    window = layout.current_window
    window.dont_extend_height = to_filter(True)
    around = layout.get_parent(layout.get_parent(window) or window)
    rows = [row(line, menu) for line in lines]
    room = Window(height=lambda: Dimension(min=0, preferred=MENU if menu() else 0))
    cast(HSplit, around).children += [*rows, room]


def row(line: Callable[[], Fragments], menu: Callable[[], bool]) -> ConditionalContainer:
    """A row of the toolbar."""

    def text() -> FormattedText:
        return FormattedText([(f"class:{style}" if style else "", text) for style, text in line()])

    window = Window(
        FormattedTextControl(text),
        height=Dimension(min=0, preferred=1, max=1),
        style="class:toolbar",
    )
    return ConditionalContainer(window, Condition(lambda: not menu() and bool(line())))
