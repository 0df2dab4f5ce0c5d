"""How it is shown what was done, and how tasks have ended."""

from __future__ import annotations

from kernel import ExitStatus

from ..answers import Ends, Notice, Ran, Started
from ..mistake import visible
from .dispatch import render
from .layout import Fragments, cut


@render.register
def _(answer: Notice, width: int | None = None) -> list[Fragments]:
    style = "good" if answer.ok else "error"
    return [[(style, visible(text))] for text in answer.text.split("\n")]


@render.register(Started)
@render.register(Ran)
def _(answer: object, width: int | None = None) -> list[Fragments]:
    return []  # it has been told as it happened


@render.register
def _(answer: Ends, width: int | None = None) -> list[Fragments]:
    if not (answer.before or answer.since or answer.others):
        return [cut([("hint", "there is no task to wait for")], width)]
    if width is None:  # all reports are there to be read, one after the other
        return []
    return [cut(end(program, status), width) for program, status in answer.before]


def end(program: str, status: ExitStatus) -> Fragments:
    """How one task ended."""
    style = "good" if status.ok else "error"
    return [
        ("", "task "),
        ("tid", str(status.tid)),
        ("", f" ({visible(program)}) "),
        (style, visible(str(status))),
    ]
