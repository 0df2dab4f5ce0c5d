"""`render`: an answer to lines of text. Each topic registers how its kinds of answers are shown."""

from __future__ import annotations

from functools import cache, singledispatch
from importlib import import_module
from typing import Final

from ..mistake import visible
from .layout import Fragments

TOPICS: Final = (
    *("causes", "details", "files", "notices", "sources", "stacks", "stepping", "tasks"),
    *("texts", "top"),
)


def render(answer: object, width: int | None = None) -> list[Fragments]:
    """The lines that show `answer`, each at most `width` columns wide; None: never cut."""
    import_topics()
    return shown(answer, width)


@cache
def import_topics() -> None:
    """Import them for the first answer: a prompt is shown without."""
    for topic in TOPICS:
        import_module(f".{topic}", __package__)


@singledispatch
def shown(answer: object, width: int | None = None) -> list[Fragments]:
    """As `render`, for the kinds of answers that are registered."""
    return [] if answer is None else [[("", visible(str(answer)))]]
