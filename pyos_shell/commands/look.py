"""Commands that look at the system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import kernel
from kernel import GetStack, ListTasks, NoSuchTask, StackInfo

from ..answers import Listing, Log, Stack, Table
from ..command import command
from ..program import built_in, built_in_names
from ..system import Failure, System
from ..tid import Tid

#: The folders of PyOS, and that of its programs.
SHELL: Final = Path(__file__).parents[1]
OURS: Final = frozenset({SHELL, Path(kernel.__file__).parent})
PROGRAMS: Final = SHELL / "programs"


@command("ps", looks=True)
def tasks(system: System, *, all: bool = False) -> Table:
    """Show the living tasks, and what each waits for.

    Where there are more than fit on the screen, the first are shown, and how
    many more there are.

    all: every row
    """
    return Table(system.ask(ListTasks(None if all else system.rows())), all)


@command(looks=True)
def stack(system: System, tid: Tid) -> Stack:
    """Show where a task stands, frame by frame.

    That is every frame of its call stack, and the call that it is in; of a
    task that crashed, the traceback.
    """
    try:
        info = system.ask(GetStack(tid))
    except NoSuchTask as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    return Stack(info if info.status is None or info.omitted else without_ours(info))


def without_ours(info: StackInfo) -> StackInfo:
    """The traceback down to the line of the program's own where it went wrong."""
    frames = list(info.frames)
    while frames and is_ours(Path(frames[-1].file)):
        frames.pop()
    return replace(info, frames=frames or info.frames)


def is_ours(file: Path) -> bool:
    """Whether PyOS brought this file, and not as a program."""
    return PROGRAMS not in file.parents and not OURS.isdisjoint(file.parents)


@command(looks=True)
def programs(system: System) -> Listing:
    """List the built-in programs."""
    signatures = [built_in(name).signature for name in built_in_names()]
    rows = [(each.outline, each.summary) for each in signatures]
    return Listing(rows, "start one: spawn countdown 5   all about one: help countdown")


@command(looks=True)
def log(system: System, tid: Tid | None = None) -> Log:
    """Show again what was printed and reported.

    That is what one task printed, or all; the last 2,000 lines are remembered.
    """
    return Log(system.output.log(tid))
