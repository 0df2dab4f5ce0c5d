"""The asyncio tasks in a task, as they are seen from outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from ..errors import NoSuchAsyncTask
from ..frames import is_kernels_own, locals_of
from ..places import python_frames
from ..syscalls.listing import ListTasks, TaskInfo, state_of, task_info
from ..systemcall import safe
from .visitor import Visitor, visit

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller
    from .host import Host

AsyncTask = asyncio.Task[Any]

#: The names of tasks that nobody has named; the second one with a factory, in some Pythons.
UNNAMED: Final = re.compile(r"Task-\d+|None")


def living(host: Host) -> Iterator[tuple[int, AsyncTask]]:
    """The asyncio tasks that have not ended, by number."""
    for task, (number, _) in list(host.inner.items()):
        if not task.done():
            yield number, task


def find(host: Host, number: int) -> AsyncTask:
    """The asyncio task of this number. Raises `NoSuchAsyncTask` if none is there."""
    for each, task in living(host):
        if each == number:
            return task
    raise NoSuchAsyncTask(host.task.tid, number)


def infos(host: Host, caller: Caller) -> Iterator[TaskInfo]:
    """What is told of each that has not ended."""
    for number, task in living(host):
        yield info(host, number, task, caller)


def info(host: Host, number: int, task: AsyncTask, caller: Caller) -> TaskInfo:
    frames = frames_of(task)
    _, born = host.inner[task]
    if is_at(task):
        state, reason = state_of(host.task, caller), host.task.reason()
    elif awaits(task):
        state, reason = "blocked", safe(reason_of, host, task, frames)
    else:
        state, reason = "ready", ""
    return TaskInfo(
        host.task.tid,
        host.task.tid,
        state,
        reason,
        host.kernel.clock.now() - born,
        len(of_its_own(frames)),
        title(task),
        inner=number,
    )


def frames_of(task: AsyncTask) -> list[FrameType]:
    """Where it stands, outermost first."""
    return list(python_frames([task.get_coro()]))


def of_its_own(frames: list[FrameType]) -> list[FrameType]:
    """The frames without those by which a call of the kernel's is made."""
    return [frame for frame in frames if not is_kernels_own(frame)]


def title(task: AsyncTask) -> str:
    """Its name, if somebody has given it one, and its function."""
    function = getattr(task.get_coro(), "__qualname__", "") or "asyncio task"
    name = task.get_name()
    return function if UNNAMED.fullmatch(name) else f"{name} {function}"


def awaits(task: AsyncTask) -> bool:
    """Whether it waits for something that has not come yet."""
    awaited = task._fut_waiter  # type: ignore[attr-defined]
    return awaited is not None and not awaited.done()


def is_at(task: AsyncTask) -> bool:
    """Whether the program is in a step of this one: it makes a call, has stopped at a break, or was
    interrupted there. Then its state is that of the whole program.
    """
    return asyncio.current_task(task.get_loop()) is task


def first_told(host: Host, most: int) -> list[tuple[int, AsyncTask]]:
    """So many of those that have not ended; before all others that which the program is at."""
    each = sorted(living(host), key=lambda one: not is_at(one[1]))
    return each[:most]


def reason_of(host: Host, task: AsyncTask, frames: list[FrameType]) -> str:
    """What it waits for, in words: what it awaits of asyncio's, or of the kernel's."""
    visitor = visitor_of(frames)
    if visitor is not None:
        return visitor.reason()
    awaited = task._fut_waiter  # type: ignore[attr-defined]
    if awaited in host.inner:
        return f"task {host.task.tid}.{host.inner[awaited][0]}"
    if isinstance(children := getattr(awaited, "_children", None), list):
        return f"{sum(not child.done() for child in children)} of {len(children)} gathered"
    return called(frames) or f"a {type(awaited).__name__}"


def visitor_of(frames: list[FrameType]) -> Visitor | None:
    """Who makes a call of the kernel's for it, if that is where it stands."""
    if frames and frames[-1].f_code is visit.__code__:
        visitor = locals_of(frames[-1]).get("visitor")
        return visitor if isinstance(visitor, Visitor) else None
    return None


def called(frames: list[FrameType]) -> str:
    """The function of asyncio's that the innermost frame of the program's own has called."""
    inside = None
    for frame in reversed(frames):
        if not is_asyncios(frame):
            break
        inside = frame
    if inside is None:
        return ""
    timer = locals_of(inside).get("h") if inside.f_code is asyncio.sleep.__code__ else None
    if isinstance(timer, asyncio.TimerHandle):
        left = timer.when() - timer._loop.time()  # type: ignore[attr-defined]
        return f"sleep {max(0.0, left):.1f} s left"
    return inside.f_code.co_qualname


def is_asyncios(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return type(name) is str and name.partition(".")[0] == "asyncio"


def chosen(host: Host, caller: Caller, listing: ListTasks) -> tuple[Iterable[TaskInfo], int]:
    """Those that a listing asks for, as many as it wants, and how many these are."""
    if not is_narrowed(listing):
        return islice(infos(host, caller), listing.inner), sum(1 for _ in living(host))
    state, text = listing.state, listing.program.casefold()
    rows = [
        row
        for row in infos(host, caller)
        if state in ("", row.state) and text in row.program.casefold()
    ]
    return rows[: listing.inner], len(rows)


def with_inner(listing: ListTasks, kernel: Scheduler, caller: Caller) -> tuple[list[TaskInfo], int]:
    """The rows of a listing in which asyncio tasks stand below the task that they live in, and how
    many there are of both.
    """
    parts = {tid: chosen(host, caller, listing) for tid, host in kernel.hosts.items()}
    tasks = listing.chosen(kernel.tasks.values(), caller)
    asked, table = set(tasks) if is_narrowed(listing) else None, tasks
    if asked is not None:  # a task that is not asked for may have asyncio tasks that are
        table = [task for task in kernel.tasks.values() if task in asked or task.tid in parts]

    def rows() -> Iterator[TaskInfo]:
        for task in listing.in_order(table):
            if asked is None or task in asked:
                yield task_info(kernel, task, caller)
            if task.tid in parts:
                yield from parts[task.tid][0]

    total = len(tasks) + sum(count for _, count in parts.values())
    return list(islice(rows(), listing.first)), total


def is_narrowed(listing: ListTasks) -> bool:
    """Whether only some tasks are asked for."""
    return bool(listing.state or listing.program)
