"""Says in words why no task can go on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .task import Task

#: So many tasks are named, and so many of a circle; the others are counted.
NAMED: Final = 8


def verdict(kernel: Scheduler) -> str:
    """Who waits for what; and, where tasks wait for each other, the circle."""
    blocked = list(kernel.tasks.values())
    count = "1 task is" if len(blocked) == 1 else f"{len(blocked):,} tasks are"
    lines = [f"{count} blocked, and nothing can wake {'it' if len(blocked) == 1 else 'them'}"]
    circle = find_circle(kernel)
    if circle:
        lines.append(f"in a circle: {' → '.join(steps(circle))}")
    lines += [sentence(task) for task in blocked[:NAMED]]
    if len(blocked) > NAMED:
        lines.append(f"and {len(blocked) - NAMED:,} more")
    return "; ".join(lines)


def steps(circle: list[int]) -> list[str]:
    """The tids of a circle, the first one again at the end."""
    named = [str(tid) for tid in circle[:NAMED]]
    more = [f"{len(circle) - NAMED:,} more"] if len(circle) > NAMED else []
    return [*named, *more, named[0]]


def sentence(task: Task) -> str:
    return f"task {task.tid} ({task.name}) waits for {task.reason() or 'its turn'}"


def find_circle(kernel: Scheduler) -> list[int]:
    """The tids of the first circle of tasks that wait for each other. Every task waits for one
    other at most, so following each once is enough.
    """
    cleared: set[int] = set()
    for start in kernel.tasks:
        path: dict[int, None] = {}
        tid: int | None = start
        while tid is not None and tid not in cleared and tid not in path:
            path[tid] = None
            tid = waited_for(kernel, tid)
        if tid in path:
            walk = list(path)
            return walk[walk.index(tid) :]
        cleared.update(path)
    return []


def waited_for(kernel: Scheduler, tid: int) -> int | None:
    task = kernel.tasks.get(tid)
    if task is not None and task.queue is not None:
        with contextlib.suppress(BaseException):  # a call of a program's own may fail at it
            other = task.call.waits_for()
            return other if type(other) is int else None
    return None
