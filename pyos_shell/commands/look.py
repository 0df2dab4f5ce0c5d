"""Commands that look at the system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self

import kernel
from kernel import (
    Cause,
    ExplainTask,
    Explanation,
    GetStack,
    InspectTask,
    ListEnded,
    ListFiles,
    ListTasks,
    NoSuchAsyncTask,
    NoSuchTask,
    StackInfo,
    SystemCall,
)

from ..answers import Ended, Files, Inspection, Stack, Table, Why
from ..candidates import Candidate
from ..command import command
from ..system import Failure, System
from ..tid import AnyTid, Tid

if TYPE_CHECKING:
    from ..live import Live

#: The folders of PyOS, and that of its programs.
SHELL: Final = Path(__file__).parents[1]
OURS: Final = frozenset({SHELL, Path(kernel.__file__).parent})
PROGRAMS: Final = SHELL / "programs"

#: So many of a task's last calls are told, and so many lines of source around a frame at most.
LAST: Final = 8

#: So many asyncio tasks are shown of each program, unless all are wanted.
INNER: Final = 10
AROUND: Final = 50


class ProgramText(str):
    """A text that tasks have in their program."""

    metavar: ClassVar[str] = "PROGRAM"
    takes: ClassVar[str] = "text"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The programs of the living tasks."""
        tasks = live.tasks if live is not None else ()
        names = [task.program.partition(" ")[0] for task in tasks]
        for name in dict.fromkeys(names):
            yield Candidate(name, f"{(count := names.count(name))} task{'s' * (count != 1)}")


NO_TEXT: Final = ProgramText()


@command("ps", looks=True)
def tasks(
    system: System,
    *,
    sort: Literal["tid", "age", "state", "depth", "program"] = "tid",
    reverse: bool = False,
    state: Literal["ready", "blocked", "stopped"] | None = None,
    program: ProgramText = NO_TEXT,
    tree: bool = False,
    ended: bool = False,
    all: bool = False,
) -> Table | Ended:
    """Show the living tasks, and what each waits for.

    Where there are more than fit on the screen, the first are shown, and how
    many more there are. Below a program of asyncio's stand its asyncio tasks,
    3.1 and 3.2, the first ten of them.

    SHARE is how much of the processor a task has had in the last five seconds,
    seen by looking now and then. It is shown where tasks had a tenth of it, and
    the screen is wide enough. `top` shows it live.

    sort: the oldest, or the deepest first, or by another column
    reverse: the other way round
    state: only those in this state
    program: only those with this text in their program
    tree: each below the one that made it
    ended: those that have ended, the last one first, and how
    all: every row
    """
    first = None if all else system.rows()
    if ended:
        check_ended(sort, reverse, state, tree)
        return Ended(system.ask(ListEnded(first, str(program))), bool(program))
    if tree and sort != "tid":
        raise Failure("a tree has an order of its own: give --tree or --sort")
    order, inner = "tree" if tree else sort, None if all else INNER
    call = ListTasks(first, order, reverse, state or "", str(program), inner)
    listed = system.ask(call)
    shares = system.machine.shares()
    return Table(listed, all, bool(state or program), tree, marks(system), shares)


def marks(system: System) -> dict[int, str]:
    """The marks of jobs, by tid."""
    jobs = [job for job in system.environment.jobs if not job.over]
    found = {tid: "-" for job in jobs[:-1] for tid in job.tids}
    found |= {tid: "+" for job in jobs[-1:] for tid in job.tids}
    in_front = {tid for feed in system.output.feeds for tid in set(feed.foreground)}
    return found | dict.fromkeys(in_front, "fg")


def check_ended(sort: str, reverse: bool, state: str | None, tree: bool) -> None:
    """Raise `Failure` for wishes that mean nothing of tasks that have ended."""
    if sort != "tid" or reverse or state or tree:
        raise Failure("those that have ended come last first: with --ended there is --program only")


@command(looks=True)
def stack(system: System, tid: AnyTid, *, locals: bool = False, source: int = 0) -> Stack:
    """Show where a task stands, frame by frame.

    That is every frame of its call stack, and the call that it is in; of a
    task that crashed, the traceback. Of a program of asyncio's also the asyncio
    tasks in it, one of which is shown by `stack 3.2`.

    locals: the local variables of each frame as well
    source: so many lines of source around each
    """
    if not 0 <= source <= AROUND:
        raise Failure(f"--source takes a number of lines up to {AROUND}, not {source}")
    info = about(system, GetStack(int(tid), locals, tid.inner))
    shown = info if info.status is None or info.omitted else without_ours(info)
    return Stack(shown, source, locals)


@command(looks=True)
def inspect(system: System, tid: Tid) -> Inspection:
    """Show all there is about a task.

    Its relatives, its place in the queue, scopes, alarms and signal handlers,
    mailbox, links and monitors, names, locks, open files, context variables;
    and its last calls, while `trace` is on.
    """
    details = about(system, InspectTask(tid))
    tracer = system.output.tracers.get(system.feed)
    return Inspection(details, tracer.calls_of(tid)[-LAST:] if tracer is not None else None)


@command(looks=True)
def why(system: System, tid: Tid) -> Why:
    """Say why a task does not go on.

    What it waits for, who has that, and so on to the end of the chain, and who
    could wake it. A deadlock is named as such.
    """
    holder = system.holder()
    if holder is not None:
        return Why(int(tid), None, holder, "nothing helps but that it lets go, or restart")
    explanation = about(system, ExplainTask(tid))
    return Why(int(tid), explanation, hint=advice(explanation))


def advice(explanation: Explanation) -> str:
    """What may help."""
    if explanation.verdict.startswith("a deadlock") and explanation.circle:
        return f"kill {explanation.circle[-1]} would end it"
    last: Cause = explanation.chain[-1]
    if last.state == "stopped":
        return f"cont {last.tid} continues it"
    if last.state == "blocked" and "types a line" in last.woken_by:
        return f"{last.tid}> LINE gives it one"
    return ""


@command(looks=True)
def files(system: System, tid: Tid | None = None, *, all: bool = False) -> Files:
    """Show the files and sockets that are watched.

    Their addresses, who waits to read or write each, and since when. With a
    TID those that the task waits for or has in a local variable.

    all: every row
    """
    listed = about(system, ListFiles(None if all else system.rows(), tid))
    return Files(listed, None if tid is None else int(tid))


def about(system: System, call: SystemCall) -> Any:
    """The answer to a call about a task. Raises `Failure` if there is no such task."""
    try:
        return system.ask(call)
    except (NoSuchTask, NoSuchAsyncTask) as error:
        raise Failure(f"{error}; type tasks for those there are") from None


def without_ours(info: StackInfo) -> StackInfo:
    """The traceback down to the line of the program's own where it went wrong."""
    frames = list(info.frames)
    while frames and is_ours(Path(frames[-1].file)):
        frames.pop()
    return replace(info, frames=frames or info.frames)


def is_ours(file: Path) -> bool:
    """Whether PyOS brought this file, and not as a program."""
    return PROGRAMS not in file.parents and not OURS.isdisjoint(file.parents)
