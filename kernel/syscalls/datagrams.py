"""Calls for datagrams: messages that come in one piece, or not at all.

UDP may lose them, double them, and change their order; Unix sockets do not.
"""

from __future__ import annotations

import errno
import socket
from socket import socket as Socket
from typing import TYPE_CHECKING, Any

from ..files import File, FileCall
from ..poller import READ, WRITE
from ..systemcall import SystemCall, system_call
from .addresses import connection, family_of, in_words, numeric
from .sockets import DONTWAIT, bind, check_size, closing_on_error, size_of

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class OpenDatagram(SystemCall):
    """Answers a new datagram socket on `address`: (host, port) for UDP, or a Unix socket's path.

    Port 0 takes any free one. Raises `OSError` when the port is in use or the address is not of
    this machine, `ValueError` and `TypeError` for what is no address.
    """

    address: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        with closing_on_error(socket.socket(family_of(self.address), socket.SOCK_DGRAM)) as sock:
            sock.setblocking(False)
            bind(sock, self.address)
            return sock


@system_call
class RecvFrom(FileCall):
    """Waits for a datagram; answers the pair (data, address). What is longer than `size` bytes is
    cut, and the rest of it is lost. An empty one is a datagram like any other.

    Raises `FileClosed` and other `OSError`s, `ValueError` for a bad size.
    """

    socket: Socket
    size: int

    woken_by = "whoever sends to it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        file = kernel.files.socket(self.socket)
        check_size(self.size, "RecvFrom")
        if file.readable and file.readers.first is None:
            return self.go_on(kernel, caller, file)
        return kernel.files.wait(file, READ, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        if self.socket.timeout != 0:
            self.socket.setblocking(False)
        try:
            message = self.socket.recvfrom(self.size, DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return kernel.files.wait(file, READ, caller, self)
        except ConnectionResetError:
            if self.socket.type != socket.SOCK_DGRAM:
                raise
            # On Windows: something that was sent from here earlier found nobody. That is no end.
            return kernel.files.wait(file, READ, caller, self)
        file.readable = False  # there may be another one: the poller knows
        return message

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"read {connection(self.socket) or 'closed'}"


@system_call
class SendTo(FileCall):
    """Sends `data` to `address` as one datagram, and waits while there is no room for it; answers
    how many bytes. Whether it arrives nobody tells.

    Raises `OSError` for one that is too long, `FileClosed`, and `ValueError` and `TypeError` for no
    address, or one of another family than the socket's.
    """

    socket: Socket
    data: Any
    address: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        file = kernel.files.socket(self.socket)
        size_of(self.data)
        if family_of(self.address) != self.socket.family:
            raise ValueError(f"the socket is of another family than {in_words(self.address)}")
        if file.writable and file.writers.first is None:
            return self.go_on(kernel, caller, file)
        return kernel.files.wait(file, WRITE, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        if self.socket.timeout != 0:
            self.socket.setblocking(False)
        try:
            sent = self.socket.sendto(self.data, DONTWAIT, numeric(self.address))
        except (BlockingIOError, InterruptedError):
            return kernel.files.wait(file, WRITE, caller, self)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            kernel.files.pause(file)  # no poller tells when there is room again
            return caller.sleep(file.writers, self)
        file.writable = True
        return sent

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write {connection(self.socket) or 'closed'} → {in_words(self.address)}"
