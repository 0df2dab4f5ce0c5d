"""What `top` asks the kernel: the rows that fit on the screen, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from heapq import nsmallest
from itertools import chain, islice
from typing import Any, Final, Literal

from kernel import Scheduler, SystemCall, Task, TaskInfo, system_call
from kernel.record import record
from kernel.syscalls.listing import task_info

Order = Literal["share", "tid", "age", "state"]

#: By state, those come first that could run.
STATES: Final = {"running": 0, "ready": 1, "stopped": 2, "blocked": 3}


@record
class Rows:
    """Some tasks in order, from the row `first` on, out of so many that `match`."""

    tasks: list[TaskInfo]
    first: int
    match: int


@system_call
class Glimpse(SystemCall):
    """Answers `Rows`: so many tasks from the row `first` on, or the last ones, if there are fewer.

    They come by the `shares` of the processor that they had, the largest first; by tid; by age,
    the youngest first; or by state, those that could run first. With a `text`, only those that
    have it in their name, or as their number. Tasks that are not shown are passed over; only a
    `text` and the order by state look at all of them.
    """

    rows: int
    first: int = 0
    order: Order = "share"
    reverse: bool = False
    text: str = ""
    shares: Mapping[int, float] = field(default_factory=dict)

    def run(self, kernel: Scheduler, caller: Any) -> object:
        text = self.text.casefold()
        tasks = kernel.tasks
        if text:
            tasks = {tid: task for tid, task in tasks.items() if has(task, text)}
        first = max(0, min(self.first, len(tasks) - self.rows))
        last = first + self.rows
        rows = [
            task_info(kernel, task, caller)
            for task in islice(self.in_order(tasks, last), first, last)
        ]
        return Rows(rows, first, len(tasks))

    def in_order(self, tasks: Mapping[int, Task], needed: int) -> Iterable[Task]:
        """The tasks in order, so many of them at least."""
        if self.order == "state":
            sign = -1 if self.reverse else 1
            return nsmallest(needed, tasks.values(), lambda task: (sign * rank(task), task.tid))
        if self.order == "share":
            return self.by_share(tasks)
        newest_first = self.reverse != (self.order == "age")
        return in_turn(tasks, newest_first)

    def by_share(self, tasks: Mapping[int, Task]) -> Iterable[Task]:
        """Those that had a share, the largest first, and then all others; or the other way round,
        if wanted.
        """
        shares = self.shares
        busy = [tasks[tid] for tid in shares if tid in tasks]
        busy.sort(key=lambda task: (-shares[task.tid], task.tid), reverse=self.reverse)
        others = (task for task in in_turn(tasks, self.reverse) if task.tid not in shares)
        return chain(others, busy) if self.reverse else chain(busy, others)


def in_turn(tasks: Mapping[int, Task], newest_first: bool) -> Iterator[Task]:
    """The tasks as they were made."""
    return iter(reversed(tasks.values()) if newest_first else tasks.values())  # type: ignore[call-overload]


def rank(task: Task) -> int:
    return STATES.get(task.state, len(STATES))


def has(task: Task, text: str) -> bool:
    """Whether it has the text in its name, or as its number."""
    return text in task.name.casefold() or text == str(task.tid)
