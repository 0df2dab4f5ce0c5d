"""Lines that a person gives to tasks at the prompt: `> 42`, or for task 3, `3> 42`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kernel import GiveLine, KernelError, NoSuchTask

from .line import Given, given
from .system import Failure, System

if TYPE_CHECKING:
    from .answers import Notice

#: What they begin with, and what help tells of them.
SIGN: Final = ">"
USAGE: Final = "[TID]> LINE"
SUMMARY: Final = "Give a line to a task that waits for one."
DOC: Final = f"""{SUMMARY}

`> 42` goes to the task that has waited longest, `3> 42` to task 3. What stands
behind the sign is the line as it is; quotes, `;` and `#` mean nothing.
A line that no task waits for is kept for the next that does.

It goes there at once, also while a command such as `wait` is at work. To end
the input of a task there is `eof`."""

#: Said of a line that is kept.
NOBODY_WAITS: Final = "no task waits for a line; it is kept for the next that does"


def is_for_tasks(line: str) -> bool:
    """Whether all of what was typed is for tasks to read."""
    return all(map(given, line.split("\n")))


def call(line: Given) -> GiveLine:
    """The system call that gives the line."""
    return GiveLine(line.text, line.tid)


def give(system: System, line: Given) -> Notice | None:
    """Give the line to its task, as a command does its work."""
    from .answers import Notice

    if system.stdin:
        raise Failure("here tasks read stdin; lines are given to them at the prompt only")
    try:
        taken = system.ask(call(line))
    except KernelError as error:
        raise Failure(trouble(error)) from None
    return None if taken else Notice(NOBODY_WAITS)


def trouble(error: BaseException) -> str:
    """Why a line could not be given."""
    missing = isinstance(error, NoSuchTask)
    return f"{error}; type tasks for those there are" if missing else str(error)


def invitation(tid: int) -> str:
    """Says at the prompt that a task waits for a line; nothing if none does."""
    return f"task {tid} waits for: > your answer" if tid else ""
