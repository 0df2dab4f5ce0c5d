"""The tasks there are, and those there were: snapshots, plain values that stay as they are whatever
the tasks do next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from ..callstack import depth
from ..frames import frame_of, locals_of
from ..record import record
from ..systemcall import SystemCall, brief, system_call
from ..task import ExitStatus, Task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@record
class TaskInfo:
    """A task at one moment. `age` is in seconds, `depth` in frames; `nice` is its level. Of an
    asyncio task in the task `tid`, `inner` is the number.
    """

    tid: int
    parent: int
    state: str
    reason: str
    age: float
    depth: int
    program: str
    nice: int = 0
    inner: int = 0


@record
class TaskList:
    """The first of the tasks that were asked for, and how many of those there are in all; which
    poller, and its limit.

    So many are `ready`, and `next` is the tid of the one that runs next, 0 if nobody can tell.
    While the system is `paused` no task has a step, or `rate` steps a second are made.
    """

    tasks: list[TaskInfo]
    total: int
    poller: str
    limit: int | None
    ready: int = 0
    next: int = 0
    paused: bool = False
    rate: float | None = None


@record
class EndedInfo:
    """A task that has ended: how, and how many seconds it had `lived`."""

    tid: int
    parent: int
    program: str
    lived: float
    status: ExitStatus


@record
class EndedList:
    """The last ended tasks, the last one first, and of how many in all the kernel knows."""

    tasks: list[EndedInfo]
    total: int


@system_call
class ListTasks(SystemCall):
    """Answers a `TaskList` of the living tasks: all of them, or the `first` so many.

    They come by tid, or as `sort` says: by "age", the oldest first; by "depth", the deepest first;
    by "state"; by "program"; or as a "tree", each below the one that made it, if that is there.
    With `reverse` it is the other way round. With a `state`, or a text that is in `program`, only
    those. With `inner`, an asyncio program is followed by so many of its asyncio tasks, None for
    all. Raises `ValueError` for a `first` that is no number of tasks and for any other `sort`.
    """

    first: int | None = None
    sort: str = "tid"
    reverse: bool = False
    state: str = ""
    program: str = ""
    inner: int | None = 0

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_first(self.first)
        if self.sort not in SORTS:
            raise ValueError(f"tasks are sorted by {', '.join(SORTS)}, not {brief(self.sort)}")
        tasks = self.in_order(self.chosen(kernel.tasks.values(), caller))
        total = len(tasks)
        if kernel.hosts and self.inner != 0:
            from ..hosting.inner import with_inner

            rows, total = with_inner(self, kernel, caller)
        else:
            rows = [task_info(kernel, task, caller) for task in islice(tasks, self.first)]
        brake, following = kernel.brake, kernel.policy.peek(kernel.ready)
        return TaskList(
            rows,
            total,
            kernel.poller.name,
            kernel.poller.limit,
            len(kernel.ready),
            following.tid if following is not None else 0,
            brake is not None,
            brake.rate if brake is not None else None,
        )

    def chosen(self, tasks: Collection[Task], caller: Caller) -> Collection[Task]:
        """Those of the tasks that are asked for."""
        if self.state:
            tasks = [task for task in tasks if state_of(task, caller) == self.state]
        if self.program:
            text = self.program.casefold()
            tasks = [task for task in tasks if text in program(task).casefold()]
        return tasks

    def in_order(self, tasks: Collection[Task]) -> Collection[Task]:
        if self.sort == "tree":
            return tree(tasks, self.reverse)
        return sorted(tasks, key=SORTS[self.sort], reverse=self.reverse)


@system_call
class ListEnded(SystemCall):
    """Answers an `EndedList` of the tasks that have ended, the last one first, as far as they are
    kept, which is 1,000 of them: all, or the `first` so many; with a text that is in `program`,
    only those. Raises `ValueError` for a `first` that is no number of tasks.
    """

    first: int | None = None
    program: str = ""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_first(self.first)
        text = self.program.casefold()
        ends = [
            (kernel.ended[tid], when)
            for tid, when in reversed(kernel.endings)
            if text in kernel.ended[tid].name.casefold()
        ]
        return EndedList([ended_info(*end) for end in islice(ends, self.first)], len(ends))


def check_first(first: Any) -> None:
    """Raise `ValueError` for what is no number of tasks, nor None."""
    if first is not None and not (type(first) is int and 0 <= first <= sys.maxsize):
        raise ValueError(f"the first so many tasks are a number, not {brief(first)}")


def tree(tasks: Iterable[Task], reverse: bool = False) -> list[Task]:
    """The tasks, each followed by those that it made. One whose parent is not among them begins a
    tree of its own.
    """
    there = {task.tid for task in tasks}
    children: dict[int, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: task.tid, reverse=not reverse):
        children.setdefault(task.parent if task.parent in there else 0, []).append(task)
    order: list[Task] = []
    left = children.pop(0, [])
    while left:
        order.append(left.pop())
        left += children.pop(order[-1].tid, [])
    return order


def task_info(kernel: Scheduler, task: Task, caller: Caller) -> TaskInfo:
    return TaskInfo(
        task.tid,
        task.parent,
        state_of(task, caller),
        task.reason(),
        age(kernel, task),
        depth(task),
        program(task),
        kernel.nice.level(task) if kernel.nice is not None else 0,
    )


def ended_info(task: Task, when: float) -> EndedInfo:
    assert task.status is not None
    return EndedInfo(task.tid, task.parent, task.name, when - task.born, task.status)


def state_of(task: Task, caller: Caller) -> str:
    """Its state, in the eyes of whoever asks: if that is a task, it is running."""
    return "running" if task is caller.task else task.state


def age(kernel: Scheduler, task: Task) -> float:
    """How many seconds it has lived, so far or in all."""
    if task.frame is not None:
        return kernel.clock.now() - task.born
    return next(when - task.born for tid, when in kernel.endings if tid == task.tid)


def program(task: Task) -> str:
    """The task's name, with the arguments that its function was called with, as they are now."""
    frames = task.frames()
    frame = frame_of(frames[0]) if frames else None
    if frame is None or task.name != frames[0].__qualname__:
        return task.name
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = locals_of(frame)
    arguments = [bare(brief(values[name], 24)) for name in names if name in values]
    return " ".join([task.name, *arguments])


def bare(text: str) -> str:
    """A string without its quotes where they say nothing: `127.0.0.1`."""
    inner = text[1:-1]
    quoted = text[:1] in ("'", '"') and text[-1:] == text[:1]
    return inner if quoted and inner and not set(inner) & set(" '\"\\") else text


#: What tasks can be sorted by.
SORTS: Final[dict[str, Callable[[Task], Any]]] = {
    "tid": attrgetter("tid"),  # whose number was reserved may have come after others
    "age": lambda task: task.born,
    "state": lambda task: task.state,
    "depth": lambda task: -depth(task),
    "program": program,
    "tree": lambda task: task.parent,
}
