"""Breakpoints: places at which tasks stop.

A breakpoint is on a class of calls, a task, a program, or a line. A task that comes to one stops at
that `yield`, as by the signal STOP: the call is made, and the task keeps its place in every queue
and its answer until it is continued. One that comes to a line with a breakpoint stops before it, in
the middle of its step; where no step can be put aside, at its next `yield` after it.

While there is any breakpoint, every task takes its steps through a `Watched`, which shows us the
trap that a step ends with. With the last breakpoint they go, so the loop never knows of any of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from ..errors import NoSuchBreak
from ..places import FrameInfo, frame_info, place_of
from ..record import record
from ..scheduler import step_frames
from ..standins import SUBROUTINES, behind, unwatched, watched
from ..systemcall import SystemCall
from ..trace import Spawned, TraceEvent
from .linewatch import CodeLine, line_watch

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task

#: A class of calls, the tid of a task, the name of a program or of its function, or a line.
Where = type[SystemCall] | int | str | CodeLine


@record
class BreakInfo:
    """A breakpoint at one moment: on what, and how often a task has stopped there."""

    number: int
    where: str
    hits: int


@record
class Broke(TraceEvent):
    """A task stops at the breakpoint of this number, and stands at `place`."""

    number: int
    where: str
    place: FrameInfo


class Breakpoint:
    """One of them."""

    def __init__(self, number: int, where: Where) -> None:
        self.number, self.where, self.hits = number, where, 0

    def meets(self, task: Task, trap: object) -> bool:
        """Whether a task is to stop here as it yields `trap`."""
        match self.where:
            case int():
                return task.tid == self.where
            case str():
                return self.where in names(task)
            case type():
                return type(trap) is self.where
        return False  # the line itself tells

    def __str__(self) -> str:
        match self.where:
            case int():
                return f"task {self.where}"
            case type():
                return self.where.__name__
        return str(self.where)

    @property
    def info(self) -> BreakInfo:
        return BreakInfo(self.number, str(self), self.hits)


class Breaks:
    """The breakpoints of one kernel."""

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        self.points: dict[int, Breakpoint] = {}
        self.last = 0
        #: The tasks that have executed a line with a breakpoint, until they yield.
        self.pending: dict[Task, Breakpoint] = {}
        self.lines = line_watch(self.reached)

    def set(self, where: Where) -> int:
        """A new one; gives its number. Raises `LinesTaken`."""
        point = Breakpoint(self.last + 1, where)
        if isinstance(where, CodeLine):
            self.lines.add(where)
            for code in codes_under_way(self.kernel):
                self.lines.meet(code)
        self.last = point.number
        if not self.points:
            self.begin()
        self.points[point.number] = point
        return point.number

    def clear(self, number: int) -> None:
        """Take one back. Raises `NoSuchBreak`."""
        point = self.points.pop(number, None)
        if point is None:
            raise NoSuchBreak(number)
        self.pending = {task: other for task, other in self.pending.items() if other is not point}
        if all(other.where != point.where for other in self.points.values()):
            self.lines.remove(point.where)
        if not self.points:
            self.end()

    def clear_all(self) -> int:
        """Take all back; how many there were."""
        numbers = list(self.points)
        for number in numbers:
            self.clear(number)
        return len(numbers)

    def infos(self) -> list[BreakInfo]:
        """All of them, as they are at this moment. From any thread."""
        return [point.info for point in list(self.points.values())]

    def close(self) -> None:
        """The loop has come to its end, and with it what it tells us."""
        self.kernel.trace.unsubscribe(self.spawned)
        self.points.clear()
        self.lines.close()

    def begin(self) -> None:
        """Watch every task, and those to come."""
        for task in self.kernel.tasks.values():
            self.watch(task)
        self.kernel.trace.subscribe(self.spawned, Spawned)

    def end(self) -> None:
        self.kernel.trace.unsubscribe(self.spawned)
        for task in self.kernel.tasks.values():
            task.frame = unwatched(task.frame)
            task.callers = task.callers and [unwatched(frame) for frame in task.callers]

    def spawned(self, event: Spawned) -> None:
        self.watch(self.kernel.tasks[event.tid])

    def watch(self, task: Task) -> None:
        task.frame = watched(task, task.frame, self)
        if task.callers:
            task.callers = [watched(task, frame, self) for frame in task.callers]

    def reached(self, line: CodeLine, frame: FrameType) -> None:
        """A line with a breakpoint is about to be executed, on whatever thread."""
        task = self.kernel.running_task(frame)
        point = next((each for each in self.points.values() if each.where == line), None)
        if task is None or task.kernel is not self.kernel or point is None:
            return
        preemption = self.kernel.preemption
        if preemption is not None and preemption.may_stop(frame):
            self.tell(task, point, frame_info(frame.f_code, frame.f_lineno))
            preemption.stop(task, frame)
        else:
            self.pending.setdefault(task, point)

    def sees(self, task: Task, trap: Any) -> bool:
        """A task has yielded `trap`: whether it is to stop there."""
        if not is_place_to_stop(trap):
            return False
        point = self.pending.pop(task, None)
        if point is None:
            point = next((each for each in self.points.values() if each.meets(task, trap)), None)
        if point is None:
            return False
        self.tell(task, point, place_of(behind(task.frame)))
        return True

    def tell(self, task: Task, point: Breakpoint, place: FrameInfo) -> None:
        """A task stops at this breakpoint."""
        point.hits += 1
        self.kernel.trace.emit(Broke(task.tid, point.number, str(point), place))

    def ended(self, task: Task) -> None:
        """A frame of the task has ended; if it was the last, it will not yield any more."""
        if not task.callers:
            self.pending.pop(task, None)


def codes_under_way(kernel: Scheduler) -> Iterator[CodeType]:
    """The codes in which tasks are in the middle of a step: no event tells that they begin."""
    for task in kernel.tasks.values():
        if task.unfinished is not None:
            yield from (frame.f_code for frame in step_frames(task.unfinished.place.gr_frame))


def is_place_to_stop(trap: Any) -> bool:
    """Whether it is a trap that the task goes on from; not a value that a subroutine returns."""
    return trap is None or issubclass(type(trap), (SystemCall, *SUBROUTINES))


def names(task: Task) -> set[str]:
    """What the program of a task is called: by its task, with and without arguments, and in its
    source.
    """
    outermost = behind(task.callers[0] if task.callers else task.frame)
    return {task.name, task.name.partition(" ")[0], outermost.__qualname__}
