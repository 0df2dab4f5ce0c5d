"""`render`: an answer to lines of text. Each topic registers how its kinds of answers are shown."""

from __future__ import annotations

from functools import singledispatch

from ..mistake import visible
from .layout import Fragments


@singledispatch
def render(answer: object, width: int | None = None) -> list[Fragments]:
    """The lines that show `answer`, each at most `width` columns wide; None: never cut."""
    return [] if answer is None else [[("", visible(str(answer)))]]
