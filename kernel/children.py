"""How a kernel learns that a process which it has started has ended: by a descriptor that is
readable from then on, or else by a thread that waits.

It takes note of the end whoever waits for it, so that no process stays behind as a zombie; and
without any handler for SIGCHLD, of which a program has only one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from subprocess import Popen
from threading import Thread
from typing import TYPE_CHECKING, Final

from .errors import TooManyFiles
from .outside import Outside
from .syscalls.files import ReadWait
from .waitqueue import Caller

if TYPE_CHECKING:
    from .inbox import Inbox
    from .scheduler import Scheduler

#: Makes a descriptor that tells of a process's end, where the system has them.
PIDFD_OPEN: Final = getattr(os, "pidfd_open", None)


class Child:
    """A process under way, and those who wait for its end."""

    def __init__(self, popen: Popen[bytes], kernel: Scheduler) -> None:
        self.popen = popen
        self.waiters = Outside()
        self.inbox: Inbox = kernel.inbox
        try:
            Guardian(self, kernel)
        except (OSError, TooManyFiles):  # there are no such descriptors, or none is left
            self.wait_in_thread()

    def wait_in_thread(self) -> None:
        """Have a thread wait for the end."""
        Thread(target=self.wait, name="pyos process", daemon=True).start()

    def wait(self) -> None:
        """On that thread."""
        self.popen.wait()
        self.inbox.put(self)

    def arrive(self) -> None:
        """It has ended."""
        while (waiter := self.waiters.first) is not None:
            waiter.answer(self.popen.returncode)

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and its tasks have ended."""


class Guardian(Caller):
    """Sleeps until a process has ended; its file is the descriptor that tells."""

    __slots__ = ("__weakref__", "child", "fd")

    fd: int

    def __init__(self, child: Child, kernel: Scheduler) -> None:
        super().__init__()
        self.fd = -1
        if PIDFD_OPEN is None:
            raise OSError
        self.child, self.kernel = child, kernel
        self.fd = PIDFD_OPEN(child.popen.pid)
        self.watch()

    def fileno(self) -> int:
        return self.fd

    def watch(self) -> None:
        ReadWait(self).run(self.kernel, self)

    def answer(self, value: object) -> None:
        self.leave()
        if self.child.popen.poll() is None:  # a false alarm
            self.watch()
        else:
            self.child.arrive()

    def fail(self, error: BaseException) -> None:
        """Somebody has closed the descriptor, which was not his."""
        self.leave()
        self.fd = -1
        self.child.wait_in_thread()

    def __del__(self) -> None:
        if self.fd >= 0:
            with suppress(OSError):
                os.close(self.fd)
