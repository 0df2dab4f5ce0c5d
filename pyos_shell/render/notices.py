"""How it is shown what was done, and how tasks have ended."""

from __future__ import annotations

from kernel import ExitStatus

from ..answers import Ends, Left, Notice, Ran, Started
from ..mistake import visible
from .dispatch import shown
from .layout import Fragments, cut


@shown.register
def _(answer: Notice, width: int | None = None) -> list[Fragments]:
    style = "good" if answer.ok else "error"
    return [[(style, visible(text))] for text in answer.text.split("\n")]


@shown.register(Started)
@shown.register(Ran)
def _(answer: object, width: int | None = None) -> list[Fragments]:
    return []  # it has been told as it happened


@shown.register
def _(answer: Left, width: int | None = None) -> list[Fragments]:
    line: Fragments = [
        ("", "task "),
        ("tid", str(answer.tids[0])),
        ("", f" ({visible(answer.title)}) is stopped  "),
        ("hint", "fg goes on, bg behind the prompt"),
    ]
    return [cut(line, width)]


@shown.register
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
