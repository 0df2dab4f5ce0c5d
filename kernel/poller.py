"""The second door: which files are ready.

Three pollers with one interface: epoll (Linux), kqueue (macOS, BSD), and select (everywhere,
Windows too; sockets only and 512 of them at most). All are level-triggered: a file that is ready
is told of in every round until somebody reads it or nobody watches it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
from typing import Any, ClassVar, Final

from .errors import TooManyFiles

#: What a file can be watched for, and be ready for. The numbers are those of epoll and poll(2);
#: any other bit of an event tells of an error or a hang-up, which concerns both directions.
READ: Final = 1
WRITE: Final = 4
TROUBLE: Final = 8

#: So many events are taken in one round; the others are told of in the next.
ROUND: Final = 1024

Event = tuple[int, int]


class Waker:
    """Ends the poller's sleep from another thread: an eventfd, or else a pair of sockets."""

    def __init__(self) -> None:
        self.rung = False
        self.pair: tuple[socket.socket, socket.socket] | None = None
        if hasattr(os, "eventfd"):
            self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self.pair = socket.socketpair()
            for end in self.pair:
                end.setblocking(False)
            self.fd = self.pair[0].fileno()

    def ring(self) -> None:
        """Wake the poller; it may be ringing already, which is as good."""
        with contextlib.suppress(BlockingIOError):
            if self.pair is None:
                os.eventfd_write(self.fd, 1)
            else:
                self.pair[1].send(b"!")
        # Last: a poller that sees the flag finds something to read, or comes back to it.
        self.rung = True

    def hush(self) -> None:
        """Be ready to ring again."""
        self.rung = False
        with contextlib.suppress(BlockingIOError):
            if self.pair is None:
                os.eventfd_read(self.fd)
            else:
                self.pair[0].recv(4096)

    def close(self) -> None:
        if self.pair is None:
            os.close(self.fd)
        else:
            for end in self.pair:
                end.close()


class Poller:
    """What the kernel asks of any poller. Descriptors are opened when first needed."""

    name: ClassVar[str]
    #: So many files can be watched at once; None where only the system's own limit counts.
    limit: ClassVar[int | None] = None

    def __init__(self) -> None:
        self.waker: Waker | None = None
        #: What is watched, and for what.
        self.interests: dict[int, int] = {}

    def watch(self, fd: int, interest: int) -> None:
        """Tell of `fd` from now on when it is ready for `interest`, and for nothing else.

        0 stops. Raises `PermissionError` for a file that cannot be watched, as it is always ready,
        and `OSError` for one that is not open.
        """
        if self.waker is None:
            self.open()
        if interest:
            self.add(fd, interest)
            self.interests[fd] = interest
        elif self.interests.pop(fd, 0):
            self.remove(fd)

    def poll(self, timeout: float | None) -> list[Event]:
        """Wait for at most `timeout` seconds, or without end, until a file is ready or somebody
        calls `wake`. Gives pairs of descriptor and readiness; the caller ignores unknown ones.
        """
        if self.waker is None:
            self.open()
        assert self.waker is not None
        events = self.collect(timeout)
        if self.waker.rung:
            self.waker.hush()
        return events

    def wake(self) -> None:
        """End the `poll` under way, or else the next. For any thread."""
        waker = self.waker
        if waker is not None:
            waker.ring()

    def rebuild(self) -> None:
        """Forget what is watched and watch it anew, but for what has been closed.

        The one way to be rid of a file that was closed here while a duplicate of its descriptor
        is still open: the system goes on telling of it under the old number.
        """
        interests = self.interests
        self.close()
        self.open()
        for fd, interest in interests.items():
            with contextlib.suppress(OSError):
                self.watch(fd, interest)

    def open(self) -> None:
        self.interests = {}
        self.waker = Waker()
        self.start()
        self.add(self.waker.fd, READ)

    def close(self) -> None:
        """Give all descriptors back. The next use opens new ones."""
        if self.waker is not None:
            self.stop()
            self.waker.close()
            self.waker = None

    def __del__(self) -> None:
        self.close()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def add(self, fd: int, interest: int) -> None:
        raise NotImplementedError

    def remove(self, fd: int) -> None:
        """Raises `OSError` where the file is not watched under this number any more."""
        raise NotImplementedError

    def collect(self, timeout: float | None) -> list[Event]:
        raise NotImplementedError


class EpollPoller(Poller):
    """Linux."""

    name = "epoll"

    def start(self) -> None:
        self.epoll = select.epoll()

    def stop(self) -> None:
        self.epoll.close()

    def add(self, fd: int, interest: int) -> None:
        # A closed file has left the set by itself, and its number may belong to a new one.
        if fd in self.interests:
            try:
                self.epoll.modify(fd, interest)
            except FileNotFoundError:
                self.epoll.register(fd, interest)
        else:
            self.epoll.register(fd, interest)

    def remove(self, fd: int) -> None:
        self.epoll.unregister(fd)

    def collect(self, timeout: float | None) -> list[Event]:
        return self.epoll.poll(timeout, ROUND)


class KqueuePoller(Poller):
    """macOS and the BSDs."""

    name = "kqueue"

    def start(self) -> None:
        self.system: Any = select  # on other systems it has none of these names
        self.kqueue = self.system.kqueue()

    def stop(self) -> None:
        self.kqueue.close()

    def add(self, fd: int, interest: int) -> None:
        before = self.interests.get(fd, 0)
        for bit in (READ, WRITE):
            if interest & bit:
                self.change(fd, bit, self.system.KQ_EV_ADD)
            elif before & bit:
                with contextlib.suppress(FileNotFoundError):
                    self.change(fd, bit, self.system.KQ_EV_DELETE)

    def remove(self, fd: int) -> None:
        for bit in (READ, WRITE):
            with contextlib.suppress(FileNotFoundError):
                self.change(fd, bit, self.system.KQ_EV_DELETE)

    def change(self, fd: int, bit: int, flag: int) -> None:
        names = {READ: self.system.KQ_FILTER_READ, WRITE: self.system.KQ_FILTER_WRITE}
        self.kqueue.control([self.system.kevent(fd, names[bit], flag)], 0, 0)

    def collect(self, timeout: float | None) -> list[Event]:
        writing = self.system.KQ_FILTER_WRITE
        events = self.kqueue.control(None, ROUND, timeout)
        return [(event.ident, WRITE if event.filter == writing else READ) for event in events]


class SelectPoller(Poller):
    """Everywhere; on Windows the only one."""

    name = "select"
    limit = 512

    def start(self) -> None:
        self.watched: dict[int, int] = {}

    def stop(self) -> None:
        self.watched.clear()

    def add(self, fd: int, interest: int) -> None:
        # The waker has a place of its own beside the 512 sockets.
        if fd not in self.watched and len(self.watched) > SelectPoller.limit:
            raise TooManyFiles(self.name, SelectPoller.limit)
        if not watchable(fd):
            raise OSError(errno.ENOTSOCK, f"select cannot watch file {fd}: it watches sockets only")
        self.watched[fd] = interest

    def remove(self, fd: int) -> None:
        del self.watched[fd]

    def collect(self, timeout: float | None) -> list[Event]:
        readers = [fd for fd, interest in self.watched.items() if interest & READ]
        writers = [fd for fd, interest in self.watched.items() if interest & WRITE]
        try:
            readable, writable, troubled = select.select(readers, writers, writers, timeout)
        except (OSError, ValueError):
            return self.closed()
        return [
            *((fd, READ) for fd in readable),
            *((fd, WRITE) for fd in writable),
            *((fd, TROUBLE) for fd in troubled),
        ]

    def closed(self) -> list[Event]:
        """Those that select cannot watch: closed under us, which it does not say by number."""
        return [(fd, TROUBLE) for fd in self.watched if not watchable(fd)]


def watchable(fd: int) -> bool:
    """Whether select takes this descriptor."""
    try:
        select.select([fd], [], [], 0)
    except (OSError, ValueError):
        return False
    return True


def best_poller() -> Poller:
    """The best poller of this system."""
    if hasattr(select, "epoll"):
        return EpollPoller()
    if hasattr(select, "kqueue"):
        return KqueuePoller()
    return SelectPoller()
