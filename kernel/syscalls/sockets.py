"""Calls that read and write sockets, in the kernel.

A socket that is given to one of these never blocks any more. Each call first tries what can be
done at once, and sleeps only for the rest. No error of one connection concerns any other task.
"""

from __future__ import annotations

import contextlib
import errno
import operator
import os
import socket
from socket import socket as Socket
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_count
from ..files import File, FileCall
from ..poller import READ, SHORTAGE, WRITE
from ..systemcall import SystemCall, system_call
from ..trace import AcceptFailed
from .addresses import connection, family_of, in_words, numeric

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: So much is handed to the system in one go, so that a large `Send` does not hold up the others.
PORTION: Final = 256 * 1024

#: A read of so much empties most sockets.
LARGE: Final = 64 * 1024

#: The family of Unix sockets, where there are any.
UNIX: Final = getattr(socket, "AF_UNIX", None)

#: A read or write does not block, even if somebody has put the descriptor into blocking mode
#: through a duplicate, which Python's socket object does not learn.
DONTWAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)

#: A connection that is under way.
UNDER_WAY: Final = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EINTR}


@system_call
class Listen(SystemCall):
    """Answers a new listening socket on `address`: (host, port), or the path of a Unix socket.

    Port 0 takes any free one. Raises `OSError` when the port is in use or the address is not of
    this machine, `ValueError` and `TypeError` for what is no address.
    """

    address: Any
    backlog: int = 1024

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        family = family_of(self.address)
        check_count(self.backlog, 0, "a backlog is 0 connections or more")
        with closing_on_error(socket.socket(family, socket.SOCK_STREAM)) as sock:
            sock.setblocking(False)
            if family != UNIX and reuses_safely():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bind(sock, self.address)
            sock.listen(self.backlog)
            return sock


@system_call
class Connect(SystemCall):
    """Answers a new socket that is connected to `address`: (host, port), or a Unix socket's path.

    Raises `OSError` when nobody listens there, `ValueError` and `TypeError` for no address.
    """

    address: Any

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        family = family_of(self.address)
        with closing_on_error(Attempt(family, socket.SOCK_STREAM)) as sock:
            sock.setblocking(False)
            code = sock.connect_ex(numeric(self.address))
            if code in UNDER_WAY and family != UNIX:
                call = Connecting(sock, self.address)
                return kernel.files.wait(kernel.files.of(sock), WRITE, caller, call)
            return connected(sock, code, self.address)


@system_call
class Connecting(FileCall):
    """What is left of a `Connect`."""

    socket: Socket
    address: Any

    acts_first = True
    woken_by = "whoever is at the other end"

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0 and not has_peer(self.socket):
            return kernel.files.wait(file, WRITE, caller, self)
        with closing_on_error(self.socket) as sock:
            return connected(sock, code, self.address)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"connect {in_words(self.address)}"

    def __repr__(self) -> str:
        return repr(Connect(self.address))


@system_call
class Accept(FileCall):
    """Waits for a connection on a listening socket; answers the pair (client, address).

    When the system is out of descriptors it is reported once, and tried again every 0.1 s.
    Raises `FileClosed`, and `OSError` for a socket that does not listen.
    """

    socket: Socket

    woken_by = "whoever connects"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        file = kernel.files.socket(self.socket)
        if not listens(self.socket):
            raise OSError(errno.EINVAL, "the socket does not listen")
        if file.readable and file.readers.first is None:
            return self.go_on(kernel, caller, file)
        return kernel.files.wait(file, READ, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        while True:
            self.socket.setblocking(False)  # as a duplicate of it may have been made to block
            try:
                client, address = self.socket.accept()
            except (BlockingIOError, InterruptedError):
                return kernel.files.wait(file, READ, caller, self)
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in SHORTAGE:
                    raise
                return self.back_off(kernel, caller, file, error)
            file.readable, file.starved = True, False
            client.setblocking(False)
            no_delay(client)
            return client, address

    def back_off(self, kernel: Scheduler, caller: Caller, file: File, error: OSError) -> object:
        """Leave the listener alone for a while."""
        if not file.starved:
            file.starved = True
            kernel.trace.report(AcceptFailed(caller.tid, file.fd, error))
        kernel.files.pause(file)
        return caller.sleep(file.readers, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"accept {connection(self.socket) or 'closed'}"


@system_call
class Recv(FileCall):
    """Waits for data on a socket; answers at most `size` bytes, b"" when the peer has closed.

    Raises `FileClosed`, `ConnectionResetError` and other `OSError`s, `ValueError` for a bad size.
    """

    socket: Socket
    size: int

    woken_by = "whoever is at the other end"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        file = kernel.files.socket(self.socket)
        if type(self.size) is not int or self.size < 1:
            check_size(self.size, "Recv")
        if file.readable and file.readers.first is None:
            return self.go_on(kernel, caller, file)
        return kernel.files.wait(file, READ, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        sock, size = self.socket, self.size
        if sock.timeout != 0:
            sock.setblocking(False)
        try:
            data = sock.recv(size, DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return kernel.files.wait(file, READ, caller, self)
        # A full buffer: there is more, most likely, unless it was a large one, which most often
        # takes all there is; and to try in vain is dear. Nothing: it will stay so.
        file.readable = not data or len(data) == size < LARGE
        return data

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"read {connection(self.socket) or 'closed'}"


@system_call
class Send(FileCall):
    """Sends all of `data`, and waits while the peer does not read; answers how many bytes.

    Raises `FileClosed`, `ConnectionResetError`, `BrokenPipeError` and other `OSError`s.
    """

    socket: Socket
    data: Any

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        sock, data = self.socket, self.data
        file = kernel.files.socket(sock)
        size = size_of(data)
        sent = 0
        if file.writable and file.writers.first is None:
            sent = send_some(sock, data, 0)
            if sent == size:
                return sent
        return kernel.files.wait(file, WRITE, caller, Sending(sock, data, sent))


@system_call
class Sending(FileCall):
    """What is left of a `Send`: `sent` bytes are on their way."""

    socket: Socket
    data: Any
    sent: int

    acts_first = True
    woken_by = "whoever is at the other end"

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        more = send_some(self.socket, self.data, self.sent)
        sent = self.sent + more
        if sent >= size_of(self.data):
            file.writable = True
            return sent
        call = Sending(self.socket, self.data, sent) if more else self
        return kernel.files.wait(file, WRITE, caller, call)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write {connection(self.socket).replace('←', '→') or 'closed'}"

    def __repr__(self) -> str:
        return repr(Send(self.socket, self.data))


def size_of(data: Any) -> int:
    """How many bytes there are to be sent. Raises `TypeError` for what is not bytes in a row."""
    return len(data if type(data) is bytes else memoryview(data).cast("B"))


def send_some(sock: Socket, data: Any, sent: int) -> int:
    """Hand the system what is left of `data`, as much of it as it takes in one go; gives how many
    bytes, which is 0 while the peer does not read.

    No view of `data` outlives this, not even in the traceback of an error: its owner may want to
    resize it.
    """
    if sock.timeout != 0:
        sock.setblocking(False)
    rest = data
    if type(data) is not bytes or sent or len(data) > PORTION:
        rest = memoryview(data).cast("B")[sent:]
        if sock.type == socket.SOCK_STREAM:  # a datagram goes out in one piece
            rest = rest[:PORTION]
    try:
        return sock.send(rest, DONTWAIT)
    except (BlockingIOError, InterruptedError):
        return 0
    finally:
        del rest


def check_size(size: Any, call: str) -> None:
    """Raise `TypeError` or `ValueError` for what is no number of bytes that `call` can take."""
    if operator.index(size) < 1:
        raise ValueError(f"{call} takes at least 1 byte, not {size}")


class Attempt(Socket):
    """A socket whose connection is being made. It closes with whoever waits for it."""

    __slots__ = ()

    def __del__(self) -> None:
        self.close()


class closing_on_error:
    """Gives a socket to a `with` block, and closes it if the block raises."""

    def __init__(self, sock: Socket) -> None:
        self.sock = sock

    def __enter__(self) -> Socket:
        return self.sock

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None:
            self.sock.close()


def bind(sock: Socket, address: Any) -> None:
    """Bind, and say in the error which address it was."""
    try:
        sock.bind(numeric(address))
    except OSError as error:
        raise plain(error, address) from None


def connected(attempt: Socket, code: int, address: Any) -> Socket:
    """A connection has come to an end of its making: an ordinary socket, or the error."""
    if code:
        raise plain(OSError(code, os.strerror(code)), address)
    no_delay(attempt)
    family, kind, protocol = attempt.family, attempt.type, attempt.proto
    sock = socket.socket(family, kind, protocol, attempt.detach())
    sock.setblocking(False)
    return sock


def plain(error: OSError, address: Any) -> OSError:
    """An error of `bind` or `connect` as it is told to a person."""
    words = {
        errno.EADDRINUSE: "the port is in use",
        errno.EADDRNOTAVAIL: "the address is not of this machine",
        errno.EACCES: "this port may be used by the administrator only",
        errno.ECONNREFUSED: "nobody listens there",
    }
    if isinstance(address, (str, bytes)):
        words = {
            errno.EADDRINUSE: "there is a file of this name already",
            errno.EAGAIN: "too many wait to be accepted there",
            errno.ECONNREFUSED: "nobody listens there",
        }
    reason = words.get(error.errno or 0) or error.strerror or str(error)
    return type(error)(error.errno, f"{reason}: {in_words(address)}")


def listens(sock: Socket) -> bool:
    """Whether connections can be accepted; yes where the system cannot say."""
    try:
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except (AttributeError, OSError):
        return True


def has_peer(sock: Socket) -> bool:
    """Whether it is connected."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def no_delay(sock: Socket) -> None:
    """Small messages go out at once."""
    if sock.family != UNIX:
        with contextlib.suppress(OSError):  # some systems refuse it once the peer has left
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reuses_safely() -> bool:
    """Whether SO_REUSEADDR means no more than not to wait for old connections' ends.

    On Windows it would let two programs listen on one port.
    """
    return os.name == "posix"
