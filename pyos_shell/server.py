"""Serves further consoles of a system on a Unix socket (`pyos --listen`), or wherever else there is
an entrance (`ssh`).

Each console has a thread of its own, so none waits for another's terminal.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

from kernel.task import in_words

from .consoles import Consoles
from .history import default_file
from .system import Failure
from .wire import Channel, Frame, Garbage, Hello, Kind

#: Consoles that are served at a time.
MOST: Final = 200

#: Connections at a time, with those that have not said hello or are being refused.
CROWD: Final = 2 * MOST

#: Seconds in which a console must have said hello.
PATIENCE: Final = 5.0

#: Seconds that consoles have to show the last of all, when the system ends.
FAREWELL: Final = 1.0

#: Bytes that lie between us and a console, about: what a key brings comes behind them.
IN_BETWEEN: Final = 2_048

#: The exit status of a console that is refused.
REFUSED: Final = 2

#: What is said at last to who has left, to who need not, and where the system is a program's.
GOES_ON: Final = "You have left this console; the system goes on.\n"
HAS_ENDED: Final = "The system has ended.\n"
NO_MORE: Final = "The program serves no more consoles.\n"


def unix_socket() -> socket.socket:
    """A socket that has no address yet. Raises `Failure` where the system has none of this kind."""
    if os.name != "posix":
        raise Failure("further consoles need Unix sockets, which this system does not have")
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def bound(path: str) -> socket.socket:
    """A socket that listens at `path`, and that its owner alone can reach from the first moment on.
    Takes the place of one whose process has ended. Raises `Failure`.
    """
    listener = unix_socket()
    try:
        with alone_in(os.path.dirname(path) or "."):
            take_over(path)
            former = os.umask(0o177)
            try:
                listener.bind(path)
            finally:
                os.umask(former)
            listener.listen(MOST)
    except OSError as error:
        listener.close()
        raise Failure(f"cannot listen at {path}: {error.strerror or error}") from None
    except BaseException:
        listener.close()
        raise
    return listener


@contextmanager
def alone_in(folder: str) -> Iterator[None]:
    """In the `with` block no other system takes over a socket in this folder."""
    import fcntl

    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def take_over(path: str) -> None:
    """Remove the socket that a dead process has left. Raises `Failure` if somebody listens there,
    or if it is no socket.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path, follow_symlinks=False).st_mode):
            raise Failure(f"cannot listen at {path}: there is a file of this name")
    except FileNotFoundError:
        return
    with unix_socket() as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError as error:
            raise Failure(f"cannot listen at {path}: {error.strerror or error}") from None
        else:
            raise Failure(f"a system listens at {path} already; join it: pyos attach {path}")


class Served(Protocol):
    """Who is served: a console, or the commands of a client."""

    def end(self) -> None:
        """The system ends. From any thread."""


class Entrance(ABC):
    """Where consoles come in. With `read_only` all of them only look; without `history` their lines
    are not kept.
    """

    def __init__(self, read_only: bool, history: bool) -> None:
        self.read_only = read_only
        self.history = history
        self.connections: set[Connection] = set()
        self.closing = threading.Event()

    def serve(self, consoles: Consoles) -> None:
        """Serve consoles of this system, until `close`."""
        self.consoles = consoles
        consoles.servers.append(self)
        self.open()

    @abstractmethod
    def open(self) -> None:
        """Let consoles in, from now on."""

    @abstractmethod
    def close(self) -> None:
        """Serve no more, and end the consoles that there are."""

    def end_connections(self) -> None:
        """End the consoles that there are."""
        for connection in (connections := list(self.connections)):
            connection.end()
        deadline = time.monotonic() + FAREWELL
        for connection in connections:
            connection.join(max(0.0, deadline - time.monotonic()))
            connection.channel.close()
            connection.join(FAREWELL)


class Listener(Entrance):
    """Listens at `path`; `serve` then has whoever attaches served. Raises `Failure` if it cannot
    listen.
    """

    def __init__(self, path: str, read_only: bool = False, history: bool = True) -> None:
        super().__init__(read_only, history)
        self.path = path
        self.socket = bound(path)
        self.identity = identity(path)
        self.thread = threading.Thread(target=self.accept, name="pyos consoles", daemon=True)

    def open(self) -> None:
        self.thread.start()

    def accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self.socket.accept()
            except OSError as error:
                if self.closing.is_set() or error.errno in (errno.EBADF, errno.EINVAL):
                    return
                self.closing.wait(FAREWELL)  # there are no descriptors left, perhaps
                continue
            self.admit(connection)

    def admit(self, connection: socket.socket) -> None:
        """Serve it on a thread of its own, or close it if there can be no more."""
        if len(self.connections) >= CROWD:
            connection.close()
            return
        made = Connection(self, connection)
        try:
            made.start()
        except RuntimeError:  # no thread to be had
            made.leave()

    def close(self) -> None:
        self.closing.set()
        with suppress(OSError):
            if identity(self.path) == self.identity:
                os.unlink(self.path)
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        if self.thread.ident is not None:
            self.thread.join()
        self.socket.close()
        self.end_connections()


def identity(path: str) -> tuple[int, int]:
    """Which file has this name."""
    status = os.stat(path, follow_symlinks=False)
    return status.st_dev, status.st_ino


class Connection(threading.Thread):
    """One console that is attached, from its hello to its exit status."""

    def __init__(self, entrance: Entrance, connection: socket.socket) -> None:
        super().__init__(name="pyos console", daemon=True)
        self.entrance = entrance
        self.consoles = entrance.consoles
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, IN_BETWEEN)
        self.socket = connection
        self.channel = Channel(connection)
        self.served: Served | None = None
        entrance.connections.add(self)

    def end(self) -> None:
        """The system ends. From any thread."""
        if self.served is not None:
            self.served.end()

    def run(self) -> None:
        try:
            with suppress(OSError):  # it has gone away
                self.talk()
        finally:
            self.leave()

    def leave(self) -> None:
        """There is nothing more to say."""
        self.entrance.connections.discard(self)
        self.channel.close()
        self.socket.close()

    def talk(self) -> None:
        """Serve it, or say why not."""
        try:
            hello, rest = self.hello()
            if len(self.entrance.connections) > MOST:
                raise Garbage(f"there are {MOST} consoles already")
            status = self.serve(hello, rest)
        except Garbage as error:
            self.channel.send(Kind.MESSAGE, f"{error}\n".encode())
            status = REFUSED
        self.channel.send(Kind.STATUS, bytes([status & 0xFF]))

    def hello(self) -> tuple[Hello, list[Frame]]:
        """Wait for the hello, but not for long; and what has come right behind it. Raises
        `Garbage`.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            frames = self.channel.receive()
            if frames is None:
                raise ConnectionResetError
            if frames:
                self.socket.settimeout(None)
                return Hello.of(frames[0]), frames[1:]

    def serve(self, hello: Hello, frames: list[Frame]) -> int:
        """Be a console, or run commands; the exit status."""
        read_only = hello.read_only or self.entrance.read_only
        if not hello.terminal:
            from .batch import Batch

            batch = self.served = Batch(self.consoles, self.channel, read_only)
            return batch.run(frames)
        from .console import Console
        from .remote import RemoteTerminal

        terminal = RemoteTerminal(self.channel, hello, self.consoles.turns, frames)
        history = default_file() if self.entrance.history and not read_only else None
        console = Console(self.consoles, terminal, history=history, read_only=read_only)
        self.served = console
        status = console.run([])
        if console.error is not None:
            raise Garbage(f"the console has failed: {in_words(console.error)}")
        if not console.gone:
            terminal.stdout.write(self.last_words())
            terminal.stdout.flush()
        return status

    def last_words(self) -> str:
        """What is said below the last prompt."""
        if not (self.consoles.ending.is_set() or self.entrance.closing.is_set()):
            return GOES_ON
        return HAS_ENDED if self.consoles.owned else NO_MORE
