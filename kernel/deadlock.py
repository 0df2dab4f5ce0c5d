"""Who waits for whom, and in words why no task can go on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .task import Task

#: So many tasks are named, and so many of a circle; the others are counted.
NAMED: Final = 8

#: How the reasons of calls begin that are something to do, and not something to come.
TO_DO: Final = ("accept", "acquire", "connect", "read", "receive", "send", "write")


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
    return f"task {task.tid} ({task.name}) {in_words(task.reason() or 'its turn')}"


def in_words(reason: str) -> str:
    """What a task does that sleeps for this reason."""
    verb, _, rest = reason.partition(" ")
    if verb == "sleep":
        return f"sleeps for {rest.removesuffix(' left')} more"
    if verb in TO_DO:
        return f"waits to {reason}"
    return f"waits for {'the ' * (verb in ('answer', 'exit'))}{reason}"


def find_circle(kernel: Scheduler) -> list[int]:
    """The tids of the first circle of tasks that wait for each other; empty if there is none."""
    cleared: set[int] = set()
    for tid in kernel.tasks:
        if tid not in cleared:
            circle = circle_of(walk(kernel, tid, cleared))
            if circle:
                return circle
    return []


def circle_of(path: list[int]) -> list[int]:
    """The circle in which a walk ends; empty if it does not end in one."""
    before = path.index(path[-1])
    return path[before:-1]


def walk(kernel: Scheduler, start: int, cleared: set[int]) -> list[int]:
    """From a task to the one that it waits for, and so on to one that waits for no task.

    Where tasks wait in a circle, it ends with one that is in the walk before. Where a task waits
    for several it goes by the one that leads into a circle, or else by the first. The `cleared` are
    known to lead into none, and all who are on no circle are added to them.
    """
    path, left = {start: None}, [targets(kernel, start)]
    first: list[int] = []
    while left:
        tid = next(left[-1], None)
        if tid is None:
            first = first or list(path)
            cleared.add(path.popitem()[0])
            left.pop()
        elif tid in path:
            return [*path, tid]
        elif tid in cleared:
            first = first or [*path, tid]
        else:
            path[tid] = None
            left.append(targets(kernel, tid))
    return first


def targets(kernel: Scheduler, tid: int) -> Iterator[int]:
    """The living tasks for all of which a task waits. One that is stopped waits for none."""
    task = kernel.tasks.get(tid)
    if task is None or task.queue is None or task.stop is not None:
        return
    with contextlib.suppress(BaseException):  # a call of a program's own may fail at it
        for other in islice(task.call.waits_for_all(), len(kernel.tasks)):
            if type(other) is int and other in kernel.tasks:
                yield other
