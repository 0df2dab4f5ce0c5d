"""What is done with a task that holds the kernel: it is put aside, or an error is raised in it.

The watchdog asks for a turn, from its own thread; the kernel's thread comes by at the next safe
point. If the turn is over by then nothing happens, so nothing ever comes too late.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Final

from ..errors import NoGreenlets, NoPreemption, TaskForced
from ..inbox import END_OF_PASS, Arrival
from ..scheduler import NO_TURN, Scheduler, Turn, TurnOver, step_frames
from ..standins import Interrupt, Throw, Unfinished
from ..trace import NotInterrupted, Preempted
from .critical import in_critical_section, way_out
from .safepoints import safe_points

if TYPE_CHECKING:
    from ..syscalls.scopes import Scope
    from ..task import Task
    from .loops import Loops

#: Seconds that a task may run on while others are ready, unless told otherwise.
SLICE: Final = 1.0

#: Whose step has taken so many seconds of the processor, or so many by the clock, is put aside for
#: a request. What takes less is left to end: it may only have waited for the processor.
BRIEF: Final = 0.01
LONG: Final = 0.2

#: Who is asked for so often, and comes by no safe point, is in C code.
UNMET: Final = 10


class Preemption:
    """That of one kernel, made on its thread, whose `loop` it can begin anew."""

    def __init__(
        self,
        kernel: Scheduler,
        loop: Callable[[], object],
        grace: Callable[[], float | None],
        shutdown: Callable[[], object],
    ) -> None:
        self.kernel, self.loop, self.shutdown = kernel, loop, shutdown
        #: A child that is forked in the middle of a step is no kernel.
        self.pid = os.getpid()
        #: The seconds that all tasks have to end, once that is ordered.
        self.grace = grace
        self.points = safe_points(self.reached)
        #: Why no step can be put aside, if none can.
        self.missing = ""
        self.loops: Loops | None = None
        #: The turn that is asked for, and whether its task is to let all others go first.
        self.wanted = NO_TURN
        self.give_way = False
        #: How often it has been asked for since the thread has been at a safe point.
        self.unmet = 0
        #: The task in which one is raised at each point until it has ended.
        self.driven: Task | None = None
        self.slice: float | None = None

    # -- on the watchdog's thread

    def slice_of(self, turn: Turn) -> tuple[Turn, int]:
        """The turn in which the step of this one began, and how often it has given way since."""
        resumed = self.resumed(turn.task)
        return (resumed.turn, resumed.times) if resumed is not None else (turn, 0)

    def resumed(self, task: Task | None) -> Unfinished | None:
        """The step that this task goes on with at the moment, if it was put aside."""
        resumed = self.loops.resumed if self.loops is not None else None
        return resumed if resumed is not None and resumed.task is task else None

    def begun(self, task: Task | None) -> float:
        """When the slice of this task began; 0 if it has not been put aside in its step."""
        resumed = self.resumed(task)
        return resumed.slice.begun if resumed is not None else 0.0

    def allowance(self, task: Task | None) -> float:
        """How many seconds this task may have for its slice."""
        if self.slice is None:
            return math.inf
        resumed = self.resumed(task)
        return self.slice - (resumed.slice.over if resumed is not None else 0.0)

    def look(self, task: Task, frame: FrameType, seconds: float, worked: float) -> None:
        """The task has been in the same slice for so many seconds, of which it has `worked` some,
        and is at `frame` now: ask for it if it is time.
        """
        slice_over = seconds >= self.allowance(task)
        long = worked >= BRIEF or seconds >= LONG
        if slice_over or (long and self.somebody_waits()) or self.is_due(task) or put_off(frame):
            self.ask(Scheduler.turn_at(frame, self.kernel), frame, slice_over)

    def somebody_waits(self) -> bool:
        """Whether a request has come that the kernel has not taken in."""
        arrivals = self.kernel.inbox.arrivals
        return any(each is not END_OF_PASS for each in list(arrivals)) if arrivals else False

    def is_due(self, task: Task) -> bool:
        """Whether there is an error to be raised in the task."""
        told_of = isinstance(task.frame, (Throw, Interrupt))
        return told_of or self.is_late(task) or bool(self.overdue(task))

    def is_late(self, task: Task) -> bool:
        """Whether the task should have ended by now."""
        deadline = self.kernel.dying.get(task.tid)
        return deadline is not None and deadline.when <= self.kernel.clock.now()

    def overdue(self, task: Task) -> list[Scope]:
        """The open scopes of the task whose time is up."""
        now = self.kernel.clock.now()
        alarms = [(scope, scope.alarm) for scope in list(task.scopes or ())]
        return [scope for scope, alarm in alarms if alarm is not None and alarm[0] <= now]

    def ask(self, turn: Turn, frame: FrameType, give_way: bool) -> None:
        """Have the kernel's thread, which is at `frame`, come by in this turn. If it was asked
        before, and has gone on to other functions, whatever it executes is a safe point, but only
        until the next look, as all threads are slow meanwhile.
        """
        if self.points is None:
            return
        again = turn == self.wanted
        self.unmet = self.unmet + 1 if again else 0
        self.give_way = give_way or (again and self.give_way)
        self.wanted = turn
        try:
            self.points.arm(frame, wide=again and not self.points.wide)
        except NoPreemption as error:
            self.points, self.missing = None, str(error)
            self.kernel.trace.report(NotInterrupted(0, self.missing))

    def in_call(self, turn: Turn) -> bool:
        """Whether this turn has been asked for so often that its task must be in C code."""
        return turn == self.wanted and self.unmet >= UNMET

    def withdraw(self) -> None:
        """Nobody is asked for any more."""
        if self.points is not None and (self.driven is None or self.driven.frame is None):
            self.drive(None)
            self.wanted = NO_TURN
            self.points.disarm()

    # -- on the kernel's thread

    def reached(self, frame: FrameType) -> BaseException | None:
        """The kernel's thread is at a safe point; gives the error to be raised there, if any."""
        self.unmet = 0
        turn = Scheduler.turn_at(frame, self.kernel)
        task = turn.task
        over = turn != self.wanted and task is not self.driven
        assert self.points is not None
        if task is None or task.frame is None or over or os.getpid() != self.pid:
            self.withdraw()
            return None
        if in_critical_section(frame) or Scheduler.running_task(frame) is not task:
            self.points.narrow(way_out(frame))
            return None
        return self.meet(task, frame)

    def meet(self, task: Task, frame: FrameType) -> BaseException | None:
        """The task that was asked for is at a safe point."""
        if task is self.driven:
            return TaskForced()
        interrupt = put_off(frame)
        if interrupt is not None:
            self.withdraw()
            interrupt.raised = True
            return interrupt.error
        if self.can_interrupt():
            self.withdraw()
            return self.interrupt(task, frame, first=not self.give_way)
        error = self.attend(task)
        assert self.points is not None
        if error is None:
            self.points.narrow(None)
        elif self.driven is None:
            self.wanted = NO_TURN
        return error

    def drive(self, task: Task | None) -> None:
        """From now on an error is raised at each safe point of this task, until it has ended."""
        self.driven = task
        if self.points is not None:
            self.points.relentless = task is not None

    def may_stop(self, frame: FrameType) -> bool:
        """Whether a step can be put aside at this line of it."""
        return self.can_interrupt() and not in_critical_section(frame)

    def stop(self, task: Task, frame: FrameType) -> None:
        """Let the running task take no step until it is continued, and then go on from here."""
        error = self.interrupt(task, frame, first=True, stopped=True)
        if error is not None:
            raise error

    def interrupt(
        self, task: Task, frame: FrameType, first: bool, stopped: bool = False
    ) -> BaseException | None:
        """Put the task aside; gives the error that is to be raised when it goes on."""
        assert self.loops is not None
        if self.loops.charge is self.loops.root:
            atexit.register(self.shutdown)  # no thread can be ended in the middle of such a stack
        turn, times = self.slice_of(Scheduler.turn_at(frame, self.kernel))
        if not first:
            times += 1
            file, line = frame.f_code.co_filename, frame.f_lineno
            self.kernel.trace.emit(Preempted(task.tid, file, line, times))
            if self.loops.resumed is not None and self.slice is not None:
                self.loops.resumed.slice.end(self.slice)
        self.loops.put_aside(task, frame, turn, times, first)
        if stopped:
            task.halt()
        return self.loops.leave()

    def check(self) -> None:
        """Raises `NoPreemption` where no step can be put aside."""
        self.prepare()
        if self.missing:
            raise NoPreemption(self.missing)

    def can_interrupt(self) -> bool:
        """Whether a step can be put aside at this moment. (One that somebody has ordered cannot, as
        he waits for its end.)
        """
        if self.loops is None:
            return False
        return self.loops.resumed is not None or self.kernel.brake is None

    # -- where no step can be put aside

    def attend(self, task: Task) -> BaseException | None:
        """Let arrive what is to end the running task; gives the error that it gets by that."""
        for arrival in [each for each in list(self.kernel.inbox.arrivals) if is_for(each, task)]:
            self.let_arrive(arrival)
        for scope in self.overdue(task):
            self.kernel.alarms.drop(scope)
            scope.ring()
        if self.is_late(task):
            self.drive_out(task)
        grace = self.grace()
        if grace is not None and not task.killed:
            self.kernel.kill(task, grace)
        return TaskForced() if task is self.driven else told(task)

    def let_arrive(self, arrival: Arrival) -> None:
        arrivals = self.kernel.inbox.arrivals
        try:
            arrivals.remove(arrival)
        except ValueError:  # whoever closes the inbox has taken it
            return
        arrival.arrive()
        arrivals.append(END_OF_PASS)  # it may have been the order to stop

    def drive_out(self, task: Task) -> bool:
        """End a task by force that is in the middle of a step: an error is raised in it again and
        again, at each line. False if it is in none, or sleeps now.
        """
        if Scheduler.turn_at(sys._getframe(), self.kernel).task is task:
            self.drive(task)
            return True
        unfinished = task.unfinished
        if unfinished is None:
            return False
        assert self.loops is not None
        assert self.points is not None
        task.leave()
        task.frame = unfinished.frame
        self.drive(task)
        self.points.arm(unfinished.place.gr_frame, wide=True)
        self.loops.resume(unfinished, TaskForced())
        self.drive(None)
        self.withdraw()
        return task.frame is None

    # -- the loops

    def prepare(self) -> None:
        """Be able to put steps aside, or know why not; before there is any. (What it takes is slow
        to import.)
        """
        if self.loops is not None or self.missing or self.grace() is not None:
            return
        self.missing = why_not()
        if not self.missing:
            from .loops import Loops

            self.loops, self.slice = Loops(self.kernel, self.loop), SLICE

    def run(self) -> None:
        """Run the loop, and those that take over from it, until one of them returns."""
        self.prepare()
        try:
            self.loop()
        except TurnOver:
            assert self.loops is not None
            self.loops.wait()

    def close(self) -> None:
        atexit.unregister(self.shutdown)
        if self.loops is not None:
            self.loops.close()
        if self.points is not None:
            self.points.close()


def put_off(frame: FrameType) -> Interrupt | None:
    """What is to be raised at the end of the step that `frame` is in."""
    for each in step_frames(frame):
        if each.f_code is Interrupt.step.__code__:
            interrupt = each.f_locals.get("self")
            if isinstance(interrupt, Interrupt) and not interrupt.void:
                return interrupt
    return None


def told(task: Task) -> BaseException | None:
    """What a running task has been told of first, to be raised at its next `yield`: raised here."""
    told_of: list[Throw | Interrupt] = []
    frame = task.frame
    while isinstance(frame, (Throw, Interrupt)):
        told_of.append(frame)
        frame = frame.frame
    if not told_of:
        return None
    first = told_of.pop()
    if told_of:
        told_of[-1].frame = frame
    else:
        task.frame = frame
    return first.error


def is_for(arrival: object, task: Task) -> bool:
    """Whether an arrival is to end this task, or to interrupt what it does."""
    ends: Callable[[int], bool] | None = getattr(arrival, "ends", None)
    return ends is not None and ends(task.tid)


def why_not() -> str:
    """Why no step can be put aside in this Python, and what would help; nothing if it can."""
    if sys.version_info < (3, 12):
        return "tasks are interrupted on Python 3.12 and newer: here a hog can only be killed"
    try:
        from .. import greenlets  # noqa: F401
    except NoGreenlets as error:
        return str(error)
    return ""
