"""Stand-ins: what takes the place of a task's innermost frame between two steps.

To the loop they look like a frame: they have `send`, and are gone after one step. So an error, a
kill or a stop waits in the ready queue with its task, and the loop need not ask before each step
what it is to do.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, Final, Protocol

from .errors import Cancelled, TaskKilled
from .frames import begun, shut
from .systemcall import ASLEEP, SystemCall, system_call

if TYPE_CHECKING:
    from contextvars import Context

    from .greenlets import greenlet
    from .preemption.loops import Loops
    from .preemption.slices import Slice
    from .scheduler import Scheduler, Turn
    from .task import Task
    from .waitqueue import Caller


class StandIn:
    """Stands in for `frame`, which may be a stand-in as well."""

    __slots__ = ("frame", "task")

    def __init__(self, task: Task, frame: Any) -> None:
        self.task, self.frame = task, frame

    def send(self, answer: Any) -> object:
        """The step that an answer begins."""
        raise NotImplementedError

    def throw(self, error: BaseException) -> object:
        """The step that an error begins."""
        raise NotImplementedError


def behind(frame: Any) -> Any:
    """The frame that a stand-in stands in for."""
    while isinstance(frame, StandIn):
        frame = frame.frame
    return frame


class Throw(StandIn):
    """The step begins with `error`, whatever it was to begin with."""

    __slots__ = ("error",)

    def __init__(self, task: Task, frame: Any, error: BaseException) -> None:
        self.task, self.frame, self.error = task, frame, error

    def send(self, answer: Any) -> object:
        self.task.frame = self.frame
        try:
            return self.frame.throw(self.error)
        finally:
            del self.error  # its traceback leads back here: a cycle


class Interrupt(StandIn):
    """The step runs as ever, so an answer that was given is seen. The trap that it ends with is
    dropped, unless it gives something back, and `error` is raised at that `yield`; at the next one,
    if the call is uninterruptible. In a step that does not come to an end it is raised earlier, by
    whoever meets the task there.
    """

    __slots__ = ("error", "raised")

    def __init__(self, task: Task, frame: Any, error: BaseException) -> None:
        self.task, self.frame, self.error = task, frame, error
        self.raised = False

    @property
    def void(self) -> bool:
        """Whether there is nothing to be raised any more."""
        return self.raised or is_void(self.error)

    def send(self, answer: Any) -> object:
        return self.step(self.frame.send, answer)

    def throw(self, error: BaseException) -> object:
        return self.step(self.frame.throw, error)

    def step(self, go_on: Callable[[Any], Any], what: object) -> object:
        task = self.task
        task.frame = self.frame
        try:
            trap = go_on(what)
        except BaseException:
            # The frame is gone, and the step goes on in its caller.
            if self.raised:
                raise
            if task.callers and not is_void(self.error):
                self.frame = task.callers[-1]
                task.callers[-1] = self
            elif isinstance(self.error, TaskKilled):
                task.killed = False  # it ended by itself before the kill reached it
            raise
        return trap if self.void else self.in_place_of(trap)

    def in_place_of(self, trap: Any) -> object:
        """The trap with which the step ends after all."""
        while isinstance(trap, (Stop, Watched)):  # a subroutine that is not entered now
            trap = trap.frame
        if isinstance(trap, SystemCall):
            if trap.uninterruptible:
                if self.task.frame is None:  # it has ended in another loop
                    return trap
                self.frame, self.task.frame = self.task.frame, self
                return trap
            if trap.gives_back:
                return Raise(self.error, trap)
            trap.drop()
        elif isinstance(trap, InContext):
            trap.context.run(shut, trap.frame, self.task.give_back)
        elif isinstance(trap, (GeneratorType, CoroutineType)):
            shut(trap, self.task.give_back)
        return Raise(self.error)


def is_void(error: BaseException) -> bool:
    """Whether it is about a scope that has been left in time."""
    return isinstance(error, Cancelled) and error.scope.task is None


@system_call
class Raise(SystemCall):
    """Raises `error` at the caller's `yield`, once it has made the call that it makes `first`."""

    error: BaseException
    first: SystemCall | None = None

    uninterruptible = True  # what the caller is told later is raised later

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        try:
            if self.first is not None:
                self.first.run(kernel, caller)
        finally:
            raise self.error


def interrupted(task: Task, frame: Any, error: BaseException) -> StandIn:
    """Stands in for `frame` so that `error` is raised at its next `yield`; before the body of one
    that has not begun.
    """
    if isinstance(frame, (Throw, Interrupt)) or begun(behind(frame)):
        return Interrupt(task, frame, error)
    return Throw(task, frame, error)


#: Who holds a task that has been sent the signal STOP.
SIGNAL: Final = "the signal CONT"


class Stop(StandIn):
    """The step is put off until the task is continued, and what it was to begin with is kept."""

    __slots__ = ("answer", "call", "holders")

    def __init__(self, task: Task, frame: Any) -> None:
        super().__init__(task, frame)
        #: Each says in words what it waits for.
        self.holders: list[object] = []
        self.answer: object = None
        #: The call that the task was asleep in when it was stopped.
        self.call = task.call if task.queue is not None else None

    def send(self, answer: Any) -> object:
        self.answer = answer
        return Stopped()

    def throw(self, error: BaseException) -> object:
        self.frame = Throw(self.task, self.frame, error)
        return Stopped()


@system_call
class Stopped(SystemCall):
    """Waits until the task is continued."""

    uninterruptible = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return caller.sleep(kernel.sleepers, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        stop = caller.task.stop if caller.task is not None else None
        if stop is None:
            return SIGNAL
        answered = f", with the answer to {stop.call!r}" if stop.call is not None else ""
        return " and ".join(map(str, stop.holders)) + answered


@system_call
class Done(SystemCall):
    """What the step has ended with has been served already, in another loop."""

    uninterruptible = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return ASLEEP


class Unfinished(StandIn):
    """The step was interrupted: its whole stack is put aside, and it goes on where it was."""

    __slots__ = ("context", "loops", "owner", "place", "slice", "times", "turn")

    #: The turn in which the step began, and how often it has let others go first since then.
    turn: Turn
    times: int

    def __init__(
        self, task: Task, loops: Loops, owner: greenlet, place: greenlet, slice: Slice
    ) -> None:
        super().__init__(task, task.frame)
        self.loops, self.slice = loops, slice
        #: The greenlet whose loop has begun the step, and ends the turn; and where it goes on.
        self.owner, self.place = owner, place
        #: The context that was shared then.
        self.context: Context | None = None

    def send(self, answer: Any) -> object:
        return self.go_on(None)

    def throw(self, error: BaseException) -> object:
        return self.go_on(error)

    def go_on(self, error: BaseException | None) -> object:
        """Go on, where `error` is raised if there is one, until the end of the turn or the next
        interruption. To the loop that has picked the task there is nothing left to do then.
        """
        self.task.frame = self.frame
        self.loops.resume(self, error)
        return Done()


class InContext(StandIn):
    """Takes every step of a frame in a context, and of the subroutines that it calls."""

    __slots__ = ("context",)

    def __init__(self, task: Task, frame: Any, context: Context) -> None:
        super().__init__(task, frame)
        self.context = context

    # The frame that an error came through keeps these functions' own: let them hold nothing.

    def send(self, answer: Any) -> object:
        try:
            return self.enter(self.context.run(self.frame.send, answer))
        finally:
            del answer

    def throw(self, error: BaseException) -> object:
        try:
            return self.enter(self.context.run(self.frame.throw, error))
        finally:
            del error

    def close(self) -> None:
        self.context.run(self.frame.close)

    def enter(self, trap: object) -> object:
        """The trap; a subroutine in the same context."""
        if type(trap) is GeneratorType or type(trap) is CoroutineType:
            return InContext(self.task, trap, self.context)
        return trap


class Watcher(Protocol):
    """Whoever wants to see what a task yields."""

    def sees(self, task: Task, trap: object) -> bool:
        """The task has yielded `trap`: whether it is to stop there."""

    def ended(self, task: Task) -> None:
        """A frame of the task has ended."""


class Watched(StandIn):
    """Shows a watcher the trap of every step of a frame, and of the subroutines that it calls."""

    __slots__ = ("watcher",)

    def __init__(self, task: Task, frame: Any, watcher: Watcher) -> None:
        super().__init__(task, frame)
        self.watcher = watcher

    def send(self, answer: Any) -> object:
        try:
            trap = self.frame.send(answer)
        except BaseException:
            self.watcher.ended(self.task)
            raise
        finally:
            del answer
        return self.show(trap)

    def throw(self, error: BaseException) -> object:
        try:
            trap = self.frame.throw(error)
        except BaseException:
            self.watcher.ended(self.task)
            raise
        finally:
            del error
        return self.show(trap)

    def close(self) -> None:
        self.frame.close()

    def show(self, trap: Any) -> object:
        """The trap; a subroutine is watched as well, and stops before it begins."""
        stops = self.watcher.sees(self.task, trap)
        if issubclass(type(trap), SUBROUTINES):  # an odd object could raise if it were asked
            subroutine = Watched(self.task, trap, self.watcher)
            return stopped(self.task, subroutine) if stops else subroutine
        if stops:
            self.task.halt()
        return trap


def stopped(task: Task, frame: Any) -> Stop:
    """Stands in for a subroutine that is entered, but does not begin before a CONT."""
    stop = Stop(task, frame)
    stop.holders.append(SIGNAL)
    return stop


#: What a task enters when it yields it.
SUBROUTINES: Final = (GeneratorType, CoroutineType, StandIn)


def watched(task: Task, frame: Any, watcher: Watcher) -> StandIn:
    """`frame` watched; of a stand-in that is soon gone, the frame behind it."""
    if isinstance(frame, StandIn) and not isinstance(frame, InContext):
        frame.frame = watched(task, frame.frame, watcher)
        return frame
    return Watched(task, frame, watcher)


def unwatched(frame: Any) -> Any:
    """The same as it was before it was watched."""
    if isinstance(frame, Watched):
        return frame.frame
    if isinstance(frame, StandIn):
        frame.frame = unwatched(frame.frame)
    return frame
