"""The tree of kernel errors. Each carries its data, and its text is one plain sentence."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


class TaskFailed(KernelError):
    """A task that was joined crashed, or was killed; its own error is the cause of this one.

    `status` is its exit status.
    """

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f"task {self.status.tid} {self.status}"


class TooManyTasks(KernelError):
    """The task table is full."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"the task table is full ({self.limit:,} tasks): end some before starting more"


class TooManyFiles(KernelError):
    """The poller cannot watch one more file."""

    def __init__(self, poller: str, limit: int) -> None:
        super().__init__(poller, limit)
        self.poller, self.limit = poller, limit

    def __str__(self) -> str:
        return f"{self.poller} watches {self.limit} sockets at most: close some first"


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
