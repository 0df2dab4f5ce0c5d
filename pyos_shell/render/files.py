"""How open files are shown, and who waits for them."""

from __future__ import annotations

from typing import Final

from kernel import FileInfo

from ..answers import Files
from ..mistake import visible
from .dispatch import shown
from .layout import Fragments, cut, table
from .tasks import duration

HEADING: Final = ["FILE", "KIND", "SINCE", "READS", "WRITES", "ADDRESS"]

#: The columns that a narrow screen can do without: SINCE, KIND, WRITES.
LEAST_FIRST: Final = (2, 1, 4)


@shown.register
def _(answer: Files, width: int | None = None) -> list[Fragments]:
    listed = answer.files
    if not listed.files:
        hint = f"no file is watched by {listed.poller}"
        if answer.tid is not None:
            hint = f"task {answer.tid} has no open file in a variable, and waits for none"
        return [cut([("hint", hint)], width)]
    lines = table(HEADING, [cells(file) for file in listed.files], width, LEAST_FIRST)
    rest = listed.total - len(listed.files)
    if rest:
        lines.append([("hint", f"… and {rest:,} more: files --all")])
    return [cut(line, width) for line in lines]


def cells(file: FileInfo) -> Fragments:
    """The row of a file, in the columns of `HEADING`."""
    return [
        ("tid", str(file.fd)),
        ("", file.kind),
        ("", "" if file.seconds is None else duration(file.seconds)),
        ("", tasks(file.readers)),
        ("", tasks(file.writers)),
        ("", visible(file.address)),
    ]


def tasks(tids: tuple[int, ...], most: int = 3) -> str:
    """The first of the tasks that wait: `3 7 9…`; who is none is a dash."""
    named = " ".join(str(tid or "-") for tid in tids[:most])
    return named + "…" * (len(tids) > most)
