"""Says in words why no task can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .task import Task

#: So many tasks are named; the others are counted.
NAMED: Final = 8


def verdict(kernel: Scheduler) -> str:
    """Who waits for what; and, where tasks wait for each other, the circle."""
    blocked = list(kernel.tasks.values())
    count = "1 task is" if len(blocked) == 1 else f"{len(blocked):,} tasks are"
    lines = [f"{count} blocked, and nothing can wake {'it' if len(blocked) == 1 else 'them'}"]
    circle = find_circle(kernel)
    if circle:
        lines.append(f"in a circle: {' → '.join(map(str, circle))}")
    lines += [sentence(kernel, task) for task in blocked[:NAMED]]
    if len(blocked) > NAMED:
        lines.append(f"and {len(blocked) - NAMED:,} more")
    return "; ".join(lines)


def sentence(kernel: Scheduler, task: Task) -> str:
    reason = task.call.reason(kernel) if task.call is not None else task.state
    return f"task {task.tid} ({task.name}) waits for {reason}"


def find_circle(kernel: Scheduler) -> list[int]:
    """The first circle of tasks that wait for each other: its tids, the first one again at the
    end. Every task waits for one other at most, so following each once is enough.
    """
    cleared: set[int] = set()
    for start in kernel.tasks:
        path: dict[int, None] = {}
        tid: int | None = start
        while tid is not None and tid not in cleared and tid not in path:
            path[tid] = None
            tid = waited_for(kernel, tid)
        if tid in path:
            steps = list(path)
            return [*steps[steps.index(tid) :], tid]
        cleared.update(path)
    return []


def waited_for(kernel: Scheduler, tid: int) -> int | None:
    task = kernel.tasks.get(tid)
    return None if task is None or task.call is None else task.call.waits_for()
