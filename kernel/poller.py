"""The second door: which files are ready.

Three pollers with one interface: epoll (Linux), kqueue (macOS, BSD), and select (everywhere,
Windows too; sockets only and 511 of them at most). All are level-triggered: a file that is ready
is told of in every round until somebody reads it or nobody watches it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import stat
import time
from typing import Any, ClassVar, Final

from .errors import TooManyFiles

#: What a file can be watched for, and be ready for. The numbers are those of epoll and poll(2);
#: any other bit of an event tells of an error or a hang-up, which concerns both directions.
READ: Final = 1
WRITE: Final = 4
TROUBLE: Final = 8

#: So many events are taken in one round; the others are told of in the next.
ROUND: Final = 1024

#: Nobody sleeps longer than so many seconds in one go: the system calls know no larger numbers.
LONGEST: Final = 86_400.0

#: The system is out of descriptors or memory: it may have some again soon.
SHORTAGE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

#: Seconds until that is tried again.
BACK_OFF: Final = 0.1

Event = tuple[int, int]


class Waker:
    """Ends the poller's sleep from another thread: an eventfd, or else a pair of sockets; for
    signals a pair in any case.

    It is closed with the last reference to it, so never under a thread that is ringing.
    """

    eventfd: int = -1
    pair: tuple[socket.socket, socket.socket] | None = None

    def __init__(self, heeds_signals: bool = False) -> None:
        if hasattr(os, "eventfd"):
            self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        if heeds_signals or self.eventfd < 0:
            self.pair = socket_pair()
            for end in self.pair:
                end.setblocking(False)
        ends = [end.fileno() for end in self.pair or ()]
        #: Its descriptors, which nobody else may have watched, and those that the poller watches.
        self.own = [fd for fd in (self.eventfd, *ends) if fd >= 0]
        self.fds = self.own[:-1] if ends else self.own
        #: What a poller tells of it, until it is hushed.
        self.events: list[Event] = [(fd, READ) for fd in self.fds]
        #: Whether it tells of the eventfd once for each ring, so that there is nothing to hush.
        self.told_once = False
        #: Who was to be told of signals before.
        self.former: int | None = None
        if heeds_signals:
            self.former = signal.set_wakeup_fd(ends[1], warn_on_full_buffer=False)

    def ring(self) -> None:
        """Wake the poller; it may be ringing already, which is as good."""
        if self.eventfd >= 0:
            os.eventfd_write(self.eventfd, 1)
        elif self.pair is not None:
            with contextlib.suppress(BlockingIOError):
                self.pair[1].send(b"!")

    def hush(self, fd: int) -> None:
        """The poller has told of `fd`: be ready to ring again."""
        if fd == self.eventfd and self.told_once:
            return
        with contextlib.suppress(BlockingIOError):
            if fd == self.eventfd:
                os.eventfd_read(fd)
            elif self.pair is not None:
                self.pair[0].recv(4096)

    def forget_signals(self) -> None:
        """Let whoever was told of signals before be told of them again."""
        if self.former is not None:
            signal.set_wakeup_fd(self.former)
            self.former = None

    def __del__(self) -> None:
        with contextlib.suppress(OSError):  # a task may have closed what is not its own
            for end in self.pair or ():
                end.close()
        with contextlib.suppress(OSError):
            if self.eventfd >= 0:
                os.close(self.eventfd)


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets, over loopback where the system has no pairs."""
    with contextlib.suppress(OSError):
        return socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, peer = listener.accept()
        while peer != near.getsockname():  # some other program was faster
            far.close()
            far, peer = listener.accept()
    return near, far


class Poller:
    """What the kernel asks of any poller. Descriptors are opened when first needed."""

    name: ClassVar[str]
    #: So many files can be watched at once; None where only the system's own limit counts.
    limit: ClassVar[int | None] = None
    #: Whether a signal ends the sleep, too; only on the main thread. Without it, one that comes
    #: just before the system call would be handled after the sleep.
    heeds_signals = False

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
        assert self.waker is not None
        if fd in self.waker.own:
            raise OSError(errno.EBADF, f"file {fd} is the kernel's own")
        if interest:
            self.add(fd, interest)
            self.interests[fd] = interest
        elif self.interests.pop(fd, 0):
            self.remove(fd)

    def poll(self, timeout: float | None) -> list[Event]:
        """Wait until a file is ready or somebody calls `wake`, or for about `timeout` seconds.

        Gives pairs of descriptor and readiness. It may come back early, with none.
        """
        if self.waker is None and not self.opened(timeout):
            return []
        waker = self.waker
        assert waker is not None
        events = self.collect(None if timeout is None else min(timeout, LONGEST))
        for event in waker.events:
            if event in events:
                events.remove(event)
                waker.hush(event[0])
        return events

    def wake(self) -> None:
        """End the `poll` under way, or else the next. For any thread."""
        waker = self.waker
        if waker is not None:
            waker.ring()

    def rebuild(self) -> None:
        """Watch everything anew, but for what has been closed; from the next `poll` on.

        The one way to be rid of a file that was closed here while a duplicate of its descriptor
        is still open: the system goes on telling of it under the old number.
        """
        self.close()

    def opened(self, timeout: float | None) -> bool:
        """Open it; if the system is out of descriptors, wait a moment in its place."""
        try:
            self.open()
        except OSError as error:
            if error.errno not in SHORTAGE:
                raise
            time.sleep(BACK_OFF if timeout is None else min(timeout, BACK_OFF))
            return False
        return True

    def open(self) -> None:
        """Get what it takes to poll, and watch again what was watched before."""
        interests, self.interests = self.interests, {}
        try:
            self.start()
            waker = Waker(self.heeds_signals)
            self.listen_to(waker)
        except BaseException:
            self.interests = interests
            raise
        self.waker = waker
        # Somebody may have called `wake` when there was no waker yet.
        waker.ring()
        for fd, interest in interests.items():
            with contextlib.suppress(OSError):
                self.watch(fd, interest)

    def listen_to(self, waker: Waker) -> None:
        """Tell when it rings."""
        for fd in waker.fds:
            self.add(fd, READ)

    def close(self) -> None:
        """Give all descriptors back. The next use opens new ones."""
        if self.waker is not None:
            self.stop()
            self.waker.forget_signals()
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

    def listen_to(self, waker: Waker) -> None:
        super().listen_to(waker)
        if waker.eventfd >= 0:
            # Each write is an edge: to read it away would only let other threads in.
            self.epoll.modify(waker.eventfd, READ | select.EPOLLET)
            waker.told_once = True

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
        if fd not in self.interests and stat.S_ISREG(os.fstat(fd).st_mode):
            # Of a file on disk kqueue tells only until its end is reached.
            raise PermissionError(errno.EPERM, "a file on disk is always ready")
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
    #: Windows takes 512, one of which is the waker.
    limit = 511

    def start(self) -> None:
        self.watched: dict[int, int] = {}

    def stop(self) -> None:
        self.watched.clear()

    def add(self, fd: int, interest: int) -> None:
        if fd not in self.watched and len(self.watched) > self.limit:
            raise TooManyFiles(self.name, self.limit)
        try:
            select.select([fd], [], [], 0)
        except ValueError:  # its number is beyond what select has room for
            raise TooManyFiles(self.name, self.limit) from None
        except OSError as error:
            if error.errno == errno.EBADF:
                raise
            text = f"select cannot watch file {fd}: it watches sockets only"
            raise OSError(error.errno, text) from None
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
