"""How it is shown what is wrong with a line, and what went wrong while a program was loaded."""

from __future__ import annotations

from collections.abc import Iterable

from ..mistake import Mistake, visible
from .code import highlighted
from .layout import Fragments


def mistake(error: Mistake, source: str, width: int | None) -> list[Fragments]:
    """The picture of a mistake: the line, the place, what is wrong, what would be right."""
    lines = error.picture(source, width or 10_000)
    place = len(lines) - 1 - bool(error.usage)
    styles = {place - 1: "place", place: "error", place + 1: "hint"}
    return [[(styles.get(number, ""), line)] for number, line in enumerate(lines)]


def failure(error: BaseException, width: int | None) -> list[Fragments]:
    """An error that a program's own code raised while it was loaded; it has the last word."""
    import traceback

    lines: Iterable[str]
    if isinstance(error, SyntaxError):
        lines = traceback.format_exception_only(error)
    else:
        lines = traceback.format_exception(error)
    *texts, last = "".join(lines).rstrip("\n").split("\n")
    return [*(traceback_line(text, width) for text in texts), [("error", visible(last))]]


def traceback_line(text: str, width: int | None) -> Fragments:
    """A line of a traceback: a place, the code there, or the marks below it."""
    if not text.startswith("    ") or width is None:
        return [("hint" if text.startswith("  ") else "", visible(text))]
    return [("place", visible(text))] if not text.strip(" ^~") else highlighted(text)
