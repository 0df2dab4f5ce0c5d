"""Lines for tasks: what they read, and what a console gives them."""

from __future__ import annotations

from types import coroutine
from typing import TYPE_CHECKING, Any

from ..checks import check_kind
from ..errors import InputFull, NotReading
from ..lines import KEPT, Item
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@coroutine
def ReadLine(prompt: object = "") -> Generator[Any, Any, str]:
    """Print `prompt`, and read a line; without its newline, like `input`. Raises `EOFError` at the
    end of the input.
    """
    print(prompt, end="", flush=True)  # noqa: T201 - it is the task that prints, in its own step
    line: str = yield TakeLine()
    return line


@system_call
class TakeLine(SystemCall):
    """Waits for a line, and answers it without its newline: what a console gives, or else the next
    line of `sys.stdin`; to a task behind a pipe, what is printed into that. Who has waited longest
    gets the next one.

    Who is killed while he waits takes none: it is the next one's. Raises `EOFError` at the end of
    the input, and what reading `sys.stdin` raises.
    """

    woken_by = "whoever types a line for it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return kernel.inputs.get(caller.tid, kernel.lines).serve(caller, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "a line"


@system_call
class GiveLine(SystemCall):
    """Gives a line to who has waited longest for one, or to the task `tid`. Answers True; False if
    nobody waits, and it is kept for the next who asks.

    Raises `NotReading` if the task `tid` does not wait for one, `InputFull` when 1,000 are kept,
    `TypeError` or `ValueError` for what is no line.
    """

    line: str
    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return give(kernel, checked(self.line), self.tid)


@system_call
class EndInput(SystemCall):
    """Tells who would get the next line, or the task `tid`, that the input is at its end: it gets
    an `EOFError`. Who reads after that waits for a line again. Otherwise like `GiveLine`.
    """

    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return give(kernel, EOFError("the input is at its end"), self.tid)


def give(kernel: Scheduler, item: Item, tid: int | None) -> bool:
    """Hand it over, or keep it."""
    lines = kernel.lines
    if tid is None:
        reader = lines.readers.first
    else:
        lines = kernel.inputs.get(tid, lines)
        reader = lines.reader(kernel.find(tid).tid)
        if reader is None:
            raise NotReading(tid)
    if reader is None and len(lines.kept) >= KEPT:
        raise InputFull(KEPT)
    return lines.give(item, reader)


def checked(line: Any) -> str:
    """Raise `TypeError` or `ValueError` for what is no line."""
    check_kind(line, str, "a line")
    if "\n" in line:
        raise ValueError(f"a line is given without a newline, not as {brief(line)}")
    return str.__str__(line)
