"""The call that sends a file from the disk, without its data ever coming into Python."""

from __future__ import annotations

import errno
import os
import stat
from socket import socket as Socket
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_count
from ..errors import FileClosed
from ..files import File, FileCall, descriptor_of
from ..poller import WRITE
from ..systemcall import brief, system_call
from .addresses import connection
from .sockets import PORTION, send_some

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: The system's own way, where it has one.
SENDFILE: Final = getattr(os, "sendfile", None)

#: What it says of a file, or of a socket, that it cannot do this with.
NOT_SO: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTSOCK}


@system_call
class SendFile(FileCall):
    """Sends `count` bytes of `file` from `offset` on, or all up to its end, and waits while the
    peer does not read; answers how many bytes. They are fewer only if the file ends before.

    `file` is a file on disk, open for reading, or its descriptor. It is read in the kernel's own
    thread, 256 KiB at a time: from a slow disk all wait. Raises `FileClosed`, also for the file,
    and `OSError`s of both; `ValueError` and `TypeError` for wrong arguments.
    """

    socket: Socket
    file: Any
    offset: int = 0
    count: int | None = None

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        to = kernel.files.socket(self.socket)
        check_count(self.offset, 0, "a file is sent from byte 0 on, or later")
        if self.count is not None:
            check_count(self.count, 0, "0 or more bytes of a file can be sent")
        check_file(self.file)
        rest = SendingFile(self.socket, self.file, self.offset, self.count, 0)
        if to.writable and to.writers.first is None:
            return rest.go_on(kernel, caller, to)
        return kernel.files.wait(to, WRITE, caller, rest)


@system_call
class SendingFile(FileCall):
    """What is left of a `SendFile`: `sent` bytes are on their way."""

    socket: Socket
    file: Any
    offset: int
    count: int | None
    sent: int

    woken_by = "whoever is at the other end"

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        left = PORTION if self.count is None else min(PORTION, self.count - self.sent)
        try:
            more = send_portion(self.socket, self.file, self.offset + self.sent, left)
        except (BlockingIOError, InterruptedError):
            return kernel.files.wait(file, WRITE, caller, self)
        sent = self.sent + more
        if more == 0 or sent == self.count:
            file.writable = True
            return sent
        call = SendingFile(self.socket, self.file, self.offset, self.count, sent)
        return kernel.files.wait(file, WRITE, caller, call)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write {connection(self.socket).replace('←', '→') or 'closed'}"

    def __repr__(self) -> str:
        return repr(SendFile(self.socket, self.file, self.offset, self.count))


def send_portion(sock: Socket, file: Any, offset: int, count: int) -> int:
    """Hand the system so many bytes of `file`; gives how many it took, 0 at the end of the file.

    Raises `BlockingIOError` while the peer does not read.
    """
    fd = descriptor_of(file)
    if SENDFILE is not None and count:
        sock.setblocking(False)  # as a duplicate of it may have been made to block
        try:
            return int(SENDFILE(sock.fileno(), fd, offset, count))
        except OSError as error:
            if error.errno not in NOT_SO:
                raise
    data = read_at(fd, offset, count)
    sent = send_some(sock, data, 0)
    if data and not sent:
        raise BlockingIOError
    return sent


def read_at(fd: int, offset: int, count: int) -> bytes:
    """At most `count` bytes of a file from `offset` on. Where the system cannot read at a place,
    the file's own position moves.
    """
    if hasattr(os, "pread"):
        return os.pread(fd, count, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, count)


def check_file(file: Any) -> None:
    """Raise `TypeError` for what is no file on disk, as to read it could take for ever."""
    fd = descriptor_of(file)
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        raise FileClosed(fd) from None
    if not stat.S_ISREG(mode):
        raise TypeError(f"a file on disk is wanted here, not {brief(file)}")
