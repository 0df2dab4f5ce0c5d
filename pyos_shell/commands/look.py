"""Commands that look at the system."""

from __future__ import annotations

from kernel import GetStack, ListTasks, NoSuchTask

from ..answers import Listing, Log, Stack, Table
from ..command import command
from ..program import built_in, built_in_names
from ..system import Failure, System
from ..tid import Tid


@command("ps")
def tasks(system: System, *, all: bool = False) -> Table:
    """Show the living tasks: what each is, and what it waits for.

    Where there are more than fit on the screen, the first are shown, and how many more there are.

    all: every row
    """
    return Table(system.ask(ListTasks(None if all else system.rows())), all)


@command()
def stack(system: System, tid: Tid) -> Stack:
    """Show where a task stands: every frame of its call stack, and the call that it is in.

    Of a task that crashed, it shows the traceback.
    """
    try:
        return Stack(system.ask(GetStack(tid)))
    except NoSuchTask as error:
        raise Failure(f"{error}; type tasks for those there are") from None


@command()
def programs(system: System) -> Listing:
    """List the built-in programs."""
    rows = []
    for name in built_in_names():
        signature = built_in(name).signature
        rows.append((signature.usage, signature.summary))
    return Listing("programs", rows, "spawn one: spawn countdown 5   more on one: help countdown")


@command()
def log(system: System, tid: Tid | None = None) -> Log:
    """Show what tasks have printed and the kernel has reported: of one task, or of all.

    The last 2,000 lines are remembered.
    """
    return Log(system.output.log(tid))
