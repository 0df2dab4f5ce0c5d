"""Commands about what tasks read."""

from __future__ import annotations

from kernel import EndInput, KernelError

from ..answers import Notice
from ..command import command
from ..given import trouble
from ..system import Failure, System
from ..tid import Tid


@command()
def eof(system: System, tid: Tid | None = None) -> Notice | None:
    """End the input of a task that waits for a line.

    It gets an `EOFError`, as of Ctrl-D at a terminal: TID, or else the task
    that has waited longest. `> LINE` gives it a line.
    """
    if system.stdin:
        raise Failure("here tasks read stdin, which has an end of its own")
    try:
        got = system.ask(EndInput(tid))
    except KernelError as error:
        raise Failure(trouble(error)) from None
    return None if got else Notice("no task waits for a line; the next that does gets the end")
