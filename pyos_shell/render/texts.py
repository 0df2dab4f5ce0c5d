"""How lists of names, pages of help, and the log are shown."""

from __future__ import annotations

from ..answers import Listing, Log, Page
from ..mistake import columns, visible
from .dispatch import shown
from .layout import Fragments, cut, wrapped
from .output import output_line


@shown.register
def _(answer: Listing, width: int | None = None) -> list[Fragments]:
    return names_and_hint(answer, width)


@shown.register
def _(answer: Page, width: int | None = None) -> list[Fragments]:
    usage = wrapped(visible(answer.usage), width, indent="    ")
    text = [part for line in answer.text.split("\n") for part in wrapped(line, width)]
    names = names_and_hint(answer, width)
    return [
        *([("heading", f"  {line}".rstrip())] for line in usage),
        [],
        *([("", f"  {visible(line)}".rstrip())] for line in text),
        *([[], *names] if answer.rows else names),
    ]


def names_and_hint(answer: Listing | Page, width: int | None) -> list[Fragments]:
    """Names with a line about each, and the hint below."""
    left = max((columns(visible(name)) for name, _ in answer.rows), default=0)
    lines: list[Fragments] = []
    for name, about in answer.rows:
        padding = " " * (left - columns(visible(name)))
        lines.append([("heading", f"  {visible(name)}{padding}"), ("", f"  {visible(about)}")])
    if answer.hint:
        lines += [[], [("hint", f"  {answer.hint}")]]
    return [cut(line, width) for line in lines]


@shown.register
def _(answer: Log, width: int | None = None) -> list[Fragments]:
    lines = [output_line(line) for line in answer.lines]
    return lines or [[("hint", "nothing has been printed or reported")]]
