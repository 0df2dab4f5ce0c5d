"""A task: a generator or coroutine with its own call stack.

    def program():
        line = yield read_line(client)      # a subroutine: entered by yielding it
        ...

The innermost frame of the stack is `task.frame`; the frames that wait for it to return are
`task.callers`. The scheduler resumes only the innermost, so depth costs nothing. The loop itself
enters a generator and goes back to its caller when it returns; here is what is rarer: `enter` for a
coroutine, `return_early`, and `unwind` for an error.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any

from .errors import BadTrap, LinkBroken, PipeBroken, TaskForced, TaskKilled
from .frames import delegates, own_yield, release_locals, shut, strip
from .standins import (
    SIGNAL,
    InContext,
    Interrupt,
    StandIn,
    Stop,
    Stopped,
    Throw,
    Unfinished,
    behind,
    interrupted,
)
from .systemcall import ASLEEP, Asleep, SystemCall, brief
from .waitqueue import Caller, WaitQueue

if TYPE_CHECKING:
    from contextvars import Context

    from .mailbox import Mailbox
    from .syscalls.scopes import Scope

#: What a task can be made of, and what can be entered as a subroutine.
Target = Generator[Any, Any, Any] | Coroutine[Any, Any, Any]


@dataclass(slots=True)
class ExitStatus:
    """How a task ended: with a value, with an error, or killed.

    A killed task may have an error as well: the one that its `finally` raised, or a `LinkBroken` or
    `PipeBroken`, which tells why it was killed. `forced` tells that it did not end within the
    kill's deadline, and was taken off the machine as it stood.
    """

    tid: int
    value: Any = None
    error: BaseException | None = None
    killed: bool = False
    forced: bool = False

    @property
    def ok(self) -> bool:
        """Whether the task returned."""
        return self.error is None and not self.killed

    @property
    def crashed(self) -> bool:
        """Whether the task ended by an error of its own."""
        return self.error is not None and not self.killed

    def __str__(self) -> str:
        killed = "killed by force" if self.forced else "killed"
        if isinstance(self.error, (LinkBroken, PipeBroken)):
            return f"{killed}: {self.error}"
        if self.error is not None:
            what = in_words(self.error)
            return f"{killed}, then {what}" if self.killed else f"crashed: {what}"
        if self.killed:
            return killed
        return "ended" if self.value is None else f"ended: {brief(self.value)}"


class ExitCode(int):
    """What a script has returned that has failed: as it gave it to `sys.exit`."""


class Task(Caller):
    """A program under way: its call stack, where it sleeps, and how it ended."""

    __slots__ = (
        "born",
        "callers",
        "error",
        "forced",
        "frame",
        "killed",
        "mailbox",
        "name",
        "parent",
        "reply",
        "scopes",
        "tid",
        "value",
        "waiters",
    )

    #: Its number, that of the task that made it, and when it was made; the scheduler gives them.
    tid: int
    parent: int
    born: float
    #: The innermost frame; None once the task has ended. Between two steps a stand-in such as
    #: `Throw` may take its place.
    frame: Any
    #: The frames that wait for a subroutine to return, outermost first; made when needed.
    callers: list[Any] | None
    #: What the next step sends in.
    reply: object
    #: The cancel scopes that are open, outermost first; made when needed.
    scopes: list[Scope] | None
    #: Those who wait for the end; made when needed.
    waiters: WaitQueue | None
    #: What it has been sent; made when needed.
    mailbox: Mailbox | None
    #: How it ended, once it has.
    value: object
    error: BaseException | None
    forced: bool

    def __init__(self, target: Any, name: str | None = None) -> None:
        kind = type(target)
        if kind is not GeneratorType and kind is not CoroutineType:
            raise TypeError(not_a_target(target))
        self.name = target.__qualname__ if name is None else plain_name(name) or target.__qualname__
        self.tid = 0
        self.killed = False
        self.frame = target
        self.queue = self.alarm = self.callers = self.reply = None
        self.scopes = self.waiters = self.mailbox = None

    @property
    def task(self) -> Task:
        return self

    def give_way(self) -> Asleep:
        if self.kernel.trace.calls:
            self.kernel.trace.answered(self, None)
        self.kernel.ready.append(self)
        return ASLEEP

    def answer(self, value: object) -> None:
        queue, kernel = self.queue, self.kernel
        if queue is None:  # it has its answer already
            return
        if kernel.trace.calls:
            kernel.trace.answered(self, value)
        queue.remove(self)
        if self.alarm is not None:
            kernel.alarms.drop(self)
        self.call, self.reply = None, value
        kernel.ready.append(self)

    def fail(self, error: BaseException) -> None:
        if self.kernel.trace.calls:
            self.kernel.trace.failed(self, error)
        strip(error)
        self.leave()
        self.frame = Throw(self, self.frame, error)
        self.kernel.ready.append(self)

    def unwind(self, error: BaseException) -> None:
        """`error` came out of the innermost frame: it is next raised in the caller, at its `yield`.
        There must be one.
        """
        assert self.callers
        self.frame = self.callers.pop()
        self.frame = Throw(self, self.frame, strip(error))

    def end(self, value: object, error: BaseException | None = None) -> None:
        """The last frame has returned `value`, or raised `error`: note it."""
        if self.frame is None:  # a call had answered it twice, so it had a turn too many
            return
        self.frame = None
        self.value, self.error, self.forced = value, error, False
        if error is not None:
            release_locals(strip(error))
            if isinstance(error, TaskKilled):
                self.killed, self.forced = True, isinstance(error, TaskForced)
                self.error = error if isinstance(error, (LinkBroken, PipeBroken)) else None

    def enter(self, subroutine: Any) -> None:
        """Call a subroutine: it is the innermost frame until it returns."""
        if self.callers is None:
            self.callers = []
        self.callers.append(self.frame)
        self.frame = subroutine

    def serve(self, trap: Any) -> object:
        """Serve a trap that the loop does not serve by itself: enter a coroutine, run a call that
        is traced, or else return the value early. Gives what the next step sends in.

        Raises `BadTrap` for what is nothing of these.
        """
        if type(trap) is CoroutineType or isinstance(trap, StandIn):
            self.enter(trap)
            return None
        if isinstance(trap, SystemCall):
            return self.kernel.trace.run(trap, self.kernel, self)
        return self.return_early(trap)

    def return_early(self, value: object) -> object:
        """`yield value` in a subroutine is a return, as in the article; gives the value.

        Raises `BadTrap` at the bottom of the stack, in an `async def`, and for a class of calls.
        """
        if not self.callers or is_call_class(value) or not own_yield(behind(self.frame)):
            raise BadTrap(explain(value))
        self.frame.close()
        self.frame = self.callers.pop()
        return value

    def kill(self, error: TaskKilled | None = None) -> None:
        """Raise `TaskKilled`, or the `error` that says why, in the task: where it sleeps, or, where
        it has an answer that it has not seen yet, at its next `yield`. The body of a task that has
        not begun never runs. One that is stopped is continued.
        """
        error = error or TaskKilled()
        self.killed = True
        if (stop := self.stop) is not None:
            self.release(stop)
        self.interrupt(error)

    def interrupt(self, error: BaseException) -> None:
        """Raise `error` in the task, in the manner of `kill`; between two steps of it. Of several
        errors that it is told of before it has a step, each is raised, at one `yield` after the
        other.
        """
        if self.queue is not None and not self.call.uninterruptible:
            self.fail(error)
        elif (stop := self.stop) is not None:
            stop.frame = interrupted(self, stop.frame, error)
        else:
            self.frame = interrupted(self, self.frame, error)
        if self.queue is None and self.unfinished is not None:
            self.come_first()

    def come_first(self) -> None:
        """It is ready, and has the next turn."""
        self.kernel.ready.remove(self)
        self.kernel.ready.appendleft(self)

    def halt(self, holder: object = SIGNAL) -> bool:
        """Let it have no step until it is continued; False if it is stopped already. A `holder`
        other than the signal STOP says in words what is waited for; it goes on when none is left.
        """
        stop = self.stop
        if stop is None:
            stop = self.frame = Stop(self, self.frame)
        elif holder in stop.holders:
            return False
        stop.holders.append(holder)
        self.kernel.held.add(self.tid)
        return True

    def unhalt(self, holder: object = SIGNAL) -> bool:
        """Continue it, as far as it is up to this holder; False if it was not stopped by him."""
        stop = self.stop
        if stop is None or holder not in stop.holders:
            return False
        stop.holders.remove(holder)
        if not stop.holders:
            self.release(stop)
        return True

    def release(self, stop: Stop) -> None:
        """Go on where it was when it was stopped."""
        self.kernel.held.discard(self.tid)
        if self.frame is stop:
            self.frame = stop.frame
        else:  # an error of the call that it is stopped in has come on top
            self.frame.frame = stop.frame
        if self.queue is not None and type(self.call) is Stopped:
            self.answer(stop.answer)

    @property
    def stop(self) -> Stop | None:
        """What keeps it from having a step, if it is stopped."""
        frame = self.frame
        while isinstance(frame, StandIn):
            if isinstance(frame, Stop):
                return frame
            frame = frame.frame
        return None

    @property
    def unfinished(self) -> Unfinished | None:
        """The step that it is in the middle of, put aside, if it is in one."""
        frame = self.frame
        while isinstance(frame, StandIn):
            if isinstance(frame, Unfinished):
                return frame
            frame = frame.frame
        return None

    @property
    def stopped(self) -> bool:
        """Whether the signal STOP keeps it from having a step."""
        return self.stop is not None and SIGNAL in self.stop.holders

    def force(self) -> None:
        """End the task as it stands: `GeneratorExit` in every frame, the innermost first."""
        self.leave()
        context = self.context
        error = context.run(self.shut_frames) if context else self.shut_frames()
        self.callers = self.reply = None
        self.end(None, error)
        self.killed = self.forced = True

    def exit_queue(self) -> WaitQueue:
        """Where those wait who are to be told of the end."""
        if self.waiters is None:
            self.waiters = WaitQueue()
        return self.waiters

    def shut_frames(self) -> BaseException | None:
        """Shut all frames; gives what was raised by that, if anything."""
        error = None
        for frame in reversed(self.frames()):
            for part in reversed(list(delegates(frame))):
                if type(part) is AsyncGeneratorType:
                    self.kernel.asyncgens.begun.discard(part)
                error = shut(part, self.give_back, error)
        return error

    def give_back(self, call: SystemCall) -> object:
        """Make a call of a frame that is being shut."""
        return call.run(self.kernel, self)

    @property
    def context(self) -> Context | None:
        """The context in which it takes its steps, if it has one of its own."""
        frame = self.frame
        while isinstance(frame, StandIn):
            if isinstance(frame, InContext):
                return frame.context
            frame = frame.frame
        return None

    @property
    def status(self) -> ExitStatus | None:
        """How the task ended; None while it lives."""
        if self.frame is not None:
            return None
        return ExitStatus(self.tid, self.value, self.error, self.killed, self.forced)

    @property
    def heeded(self) -> bool:
        """Whether a kill has surfaced in the task."""
        frame = self.frame
        while isinstance(frame, StandIn):
            if isinstance(frame, (Throw, Interrupt)) and isinstance(frame.error, TaskKilled):
                return False
            frame = frame.frame
        return True

    def frames(self) -> list[Any]:
        """The frames of the stack, outermost first."""
        if self.frame is None:
            return []
        return [behind(frame) for frame in [*(self.callers or ()), self.frame]]

    @property
    def state(self) -> str:
        """One word: blocked, ready, stopped or exited. (Which one runs, only the loop knows.)"""
        if self.frame is None:
            return "exited"
        if self.stopped:
            return "stopped"
        return "ready" if self.queue is None else "blocked"

    def __repr__(self) -> str:
        return f"<Task {self.tid} {self.name} {self.state}>"


def plain_name(name: object) -> str:
    """The name of a task, without any code of its own that a subclass of `str` may have."""
    if not isinstance(name, str):
        raise TypeError(f"a task is named by a string, not by {brief(name)}")
    return str.__str__(name)


def not_a_target(target: object) -> str:
    """Why no task can be made of `target`, and what would be right."""
    name = getattr(target, "__name__", type(target).__name__)
    if callable(target):
        return f"a task is made of a generator or coroutine: call {name}(…), do not pass {name}"
    return f"a task is made of a generator or coroutine, not of {brief(target)}"


def in_words(error: BaseException) -> str:
    """An error in one line, without the number that the system gives it."""
    try:
        text = str.__str__(str(error))
    except BaseException as failure:
        text = f"its text raised {type(failure).__name__}"
    if isinstance(error, OSError) and text.startswith("[Errno "):
        text = text.partition("] ")[2]
    return f"{type(error).__name__}: {text}".rstrip(": ")


def is_call_class(value: Any) -> bool:
    """Whether it is a class of calls, yielded in place of a call."""
    return isinstance(value, type) and issubclass(value, SystemCall)


def explain(value: Any) -> str:
    """Why `value` cannot be yielded, and what would be right."""
    if is_call_class(value):
        return f"{value.__name__} is a class of calls: write {value.__name__}(…)"
    if isinstance(value, Coroutine) or hasattr(value, "__await__"):
        return f"{brief(value)} belongs to another event loop: a task awaits system calls only"
    if callable(value):
        name = getattr(value, "__name__", brief(value))
        return f"{name} is a function: call it, {name}(…)"
    return f"a task yields system calls and subroutines, not {brief(value)}"
