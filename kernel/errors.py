"""The tree of kernel errors. Each carries its data, and its text is one plain sentence."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .syscalls.channels import Channel
    from .syscalls.scopes import Scope
    from .task import ExitStatus


class KernelError(Exception):
    """Whatever the kernel itself refuses or reports."""


class NoSuchTask(KernelError):
    """No task of this number is alive or among the ended ones that are kept."""

    def __init__(self, tid: object, ended: bool = False) -> None:
        super().__init__(tid, ended)
        self.tid = tid
        #: Whether there was one, so long ago that its exit status is no longer kept.
        self.ended = ended

    def __str__(self) -> str:
        if self.ended:
            return f"task {self.tid} ended too long ago: its exit status is no longer kept"
        return f"no task {self.tid!r}"


class TaskEnded(NoSuchTask):
    """The task has ended, so it cannot be sent anything."""

    def __init__(self, tid: object, ended: bool = True) -> None:
        super().__init__(tid, ended)

    def __str__(self) -> str:
        return f"task {self.tid} has ended"


class NotATask(KernelError):
    """A request from outside made a call that only tasks can make."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return f"{self.call} is a call for tasks: a request from outside is none"


class TaskFailed(KernelError):
    """A task that was joined crashed, or was killed; its own error is the cause of this one.

    `status` is its exit status.
    """

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f"task {self.status.tid} {self.status}"


class NoAnswer(KernelError):
    """The task that was asked ended without an answer. `status` is its exit status."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f"no answer: task {self.status.tid} {self.status}"


class NoSuchName(KernelError):
    """No task goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no task goes by the name {self.name!r}"


class NameTaken(KernelError):
    """A task goes by this name already: the task `tid`."""

    def __init__(self, name: str, tid: int) -> None:
        super().__init__(name, tid)
        self.name, self.tid = name, tid

    def __str__(self) -> str:
        return f"task {self.tid} goes by the name {self.name!r} already"


class MailboxFull(KernelError):
    """A task has not received its messages: its mailbox holds `size` and not one more."""

    def __init__(self, tid: int, size: int) -> None:
        super().__init__(tid, size)
        self.tid, self.size = tid, size

    def __str__(self) -> str:
        return f"the mailbox of task {self.tid} is full ({self.size:,} messages)"


class NeverReady(KernelError):
    """A task that was started ended before it said that it was ready. `status` is how."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f"task {self.status.tid} {self.status}, and never said that it was ready"


class GroupClosed(KernelError):
    """No task can be added to the group: its block has not begun, is over, or has failed."""

    def __str__(self) -> str:
        return "the task group takes no more tasks: it is not in its block"


class TooManyTasks(KernelError):
    """The task table is full."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"the task table is full ({self.limit:,} tasks): end some before starting more"


class TooManyRestarts(KernelError):
    """A supervisor gives up, after more than `intensity` restarts within `period` seconds.

    `status` is the exit status of the last one, and its error is the cause of this one.
    """

    def __init__(self, status: ExitStatus, intensity: int, period: float) -> None:
        super().__init__(status, intensity, period)
        self.status, self.intensity, self.period = status, intensity, period

    def __str__(self) -> str:
        often = f"more than {self.intensity:,} restarts within {self.period:g} s"
        return f"{often}; the last time task {self.status.tid} {self.status}"


class TooManyFiles(KernelError):
    """The poller cannot watch one more file."""

    def __init__(self, poller: str, limit: int) -> None:
        super().__init__(poller, limit)
        self.poller, self.limit = poller, limit

    def __str__(self) -> str:
        return f"{self.poller} watches {self.limit} sockets at most: close some first"


class NotPaused(KernelError):
    """The system runs freely, so no single step can be ordered."""

    def __str__(self) -> str:
        return "the system is not paused: a step needs a Pause first"


class NoSuchBreak(KernelError):
    """No breakpoint has this number."""

    def __init__(self, number: object) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"no breakpoint {self.number!r}"


class LinesTaken(KernelError):
    """The interpreter's means to tell of executed lines are in other hands: a debugger's, say."""

    def __str__(self) -> str:
        return "no breakpoint on a line: another debugger or profiler of this process has its place"


class NoGreenlets(KernelError, ImportError):
    """The package that suspends a whole stack of plain calls is missing."""

    def __str__(self) -> str:
        return "plain functions as tasks, and preemption, need greenlet: pip install greenlet"


class NotInFiber(KernelError, RuntimeError):
    """`call(…)` where there is no plain function that is a task. `trap` tells what was called."""

    def __init__(self, trap: str) -> None:
        super().__init__(trap)
        self.trap = trap

    def __str__(self) -> str:
        return (
            f"call({self.trap}) is for a plain function that is a task: spawn it, or make one by "
            f"fiber(function); in a generator write yield {self.trap}"
        )


class NoSuchAsyncTask(KernelError, LookupError):
    """There is no asyncio task of this `number` in the task `tid`, or it has ended."""

    def __init__(self, tid: int, number: int) -> None:
        super().__init__(tid, number)
        self.tid, self.number = tid, number

    def __str__(self) -> str:
        return f"no asyncio task {self.tid}.{self.number}"


class NotHosted(KernelError, RuntimeError):
    """`kernel_call(…)` where there is no asyncio program that is a task. `call` tells which."""

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return (
            f"kernel_call({self.call}) is for an asyncio program that is a task: "
            f"spawn --asyncio, or make one by hosted(main); elsewhere write await {self.call}"
        )


class ForeignLoop(KernelError, RuntimeError):
    """An asyncio program that is a task demands a `loop` that the kernel cannot wait for."""

    def __init__(self, loop: str) -> None:
        super().__init__(loop)
        self.loop = loop

    def __str__(self) -> str:
        return (
            f"a {self.loop} would hold all other tasks up: as a task the program runs on asyncio's "
            "own loop, made by asyncio.run or asyncio.new_event_loop"
        )


class NoPreemption(KernelError):
    """Tasks cannot be interrupted here. `reason` says why, and what would help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class EvaluationFailed(KernelError):
    """An expression could not be evaluated. `error` is what it raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error

    def __str__(self) -> str:
        from .task import in_words

        return in_words(self.error)


class TooLong(Exception):
    """An expression takes more steps than it may."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.steps = steps

    def __str__(self) -> str:
        return f"given up after {self.steps:,} lines of Python, so that it does not hold the kernel"


class BadTrap(KernelError, TypeError):
    """A task yielded something that is no system call; raised at that very `yield`."""


class FileClosed(KernelError, OSError):
    """The file is closed, or was closed while the caller waited for it."""

    def __init__(self, fd: int) -> None:
        super().__init__(errno.EBADF, "the file is closed")
        self.fd = fd

    def __str__(self) -> str:
        return "the file is closed" if self.fd < 0 else f"file {self.fd} is closed"

    def __reduce__(self) -> tuple[type[FileClosed], tuple[int]]:
        # An `OSError` would be made anew of its number and text.
        return FileClosed, (self.fd,)


class IncompleteRead(KernelError, EOFError):
    """A stream ended early: `partial` is what came of the `expected` bytes, or, where that is None,
    of what was to end with a separator.
    """

    def __init__(self, partial: bytes, expected: int | None = None) -> None:
        super().__init__(partial, expected)
        self.partial, self.expected = partial, expected

    def __str__(self) -> str:
        came = f"the stream ended after {len(self.partial):,} bytes"
        if self.expected is None:
            return f"{came}, and before a separator came"
        return f"{came} of {self.expected:,}"


class TooMuchData(KernelError):
    """More than `limit` bytes came; nothing of them is lost."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"more than {self.limit:,} bytes came"


class LineTooLong(TooMuchData):
    """No line, or what else was to end with a separator, ended within `limit` bytes."""

    def __str__(self) -> str:
        return f"no separator came within {self.limit:,} bytes"


class PipeClosed(FileClosed):
    """This end of a pipe, "read" or "write", is closed, or was closed while the caller waited."""

    def __init__(self, end: str) -> None:
        super().__init__(-1)
        self.end = end

    def __str__(self) -> str:
        return f"the {self.end} end of the pipe is closed"

    def __reduce__(self) -> tuple[type[PipeClosed], tuple[str]]:  # type: ignore[override]
        return PipeClosed, (self.end,)


class NotReading(KernelError):
    """A line was to be given to the task `tid`, which does not wait for one."""

    def __init__(self, tid: int) -> None:
        super().__init__(tid)
        self.tid = tid

    def __str__(self) -> str:
        return f"task {self.tid} does not wait for a line"


class InputFull(KernelError):
    """Nobody reads the lines that are given: `limit` of them are kept, and not one more."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"nobody reads the lines that are given: {self.limit:,} are kept already"


class ChannelClosed(KernelError):
    """The channel is closed, or was closed while the caller waited.

    `unsent` are the items of the caller that were not sent.
    """

    def __init__(self, channel: Channel, unsent: tuple[Any, ...] = ()) -> None:
        super().__init__(channel, unsent)
        self.channel, self.unsent = channel, unsent

    def __str__(self) -> str:
        return f"{self.channel} is closed"


class AlreadyOwner(KernelError):
    """The task has the lock already, so it would wait for itself."""

    def __init__(self, lock: str) -> None:
        super().__init__(lock)
        self.lock = lock

    def __str__(self) -> str:
        return f"this task has the {self.lock} already"


class NotOwner(KernelError):
    """The task does not have the lock. `owner` is the tid of the one that does, if there is one."""

    def __init__(self, lock: str, owner: int | None) -> None:
        super().__init__(lock, owner)
        self.lock, self.owner = lock, owner

    def __str__(self) -> str:
        whose = f": task {self.owner} has it" if self.owner is not None else ""
        return f"this task does not have the {self.lock}{whose}"


class OwnerDied(KernelError):
    """The caller has the lock now; its former owner, `tid`, ended without giving it back.

    What the lock protects may be half done. To release it says that it is in order again.
    """

    def __init__(self, lock: str, tid: int) -> None:
        super().__init__(lock, tid)
        self.lock, self.tid = lock, tid

    def __str__(self) -> str:
        return f"task {self.tid} ended while it had the {self.lock}: it may be in disorder"


class Deadlock(KernelError):
    """No task can ever go on; `verdict` says in words who waits for whom."""

    def __init__(self, verdict: str) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class KernelStopped(KernelError):
    """The kernel has stopped, so the request can no longer be answered."""

    def __init__(self, reason: str = "the kernel has stopped") -> None:
        super().__init__(reason)


class RequestCancelled(KernelError):
    """The request was taken off its queue, because whoever made it gave it up."""

    def __str__(self) -> str:
        return "the request was given up"


class TaskKilled(BaseException):
    """Raised in a task that is being killed, at its innermost `yield`, so that `finally` runs.

    Not an `Exception`, so that a program's `except Exception` does not swallow it.
    """


class TaskForced(TaskKilled):
    """Raised at each line of a task that is ended by force in the middle of a step."""


class LinkBroken(TaskKilled):
    """A task is killed because a linked one, `tid`, crashed or was killed.

    `status` is the exit status of the first, of which all others died.
    """

    def __init__(self, tid: int, status: ExitStatus) -> None:
        super().__init__(tid, status)
        self.tid, self.status = tid, status

    def __str__(self) -> str:
        return f"its link to task {self.tid} broke: task {self.status.tid} {self.status}"


class PipeBroken(TaskKilled):
    """A task is killed because nobody reads any more what it prints."""

    def __str__(self) -> str:
        return "nobody reads what it prints any more"


class Cancelled(BaseException):
    """Raised in a task at its innermost `yield` when a scope that it has open is cancelled. The
    `with` block of that scope ends it.

    Not an `Exception`, so that a program's `except Exception` does not swallow it.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.scope = scope

    def __str__(self) -> str:
        return "a scope was cancelled"
