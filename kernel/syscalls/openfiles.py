"""The files that the kernel watches, and those that a task has in its hands."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..callstack import shown_frames
from ..children import Guardian
from ..files import File, FileCall, Waiters, is_open
from ..frames import locals_of
from ..record import record
from ..systemcall import SystemCall, safe, system_call
from .addresses import connection
from .listing import check_first

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller

#: So many who wait for one file are named.
NAMED: Final = 20

KINDS: Final = (
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISBLK, "device"),
)
PROTOCOLS: Final = {"SOCK_STREAM": "tcp", "SOCK_DGRAM": "udp"}


@record
class FileInfo:
    """An open file: its descriptor, its kind in a word (`tcp`, `udp`, `unix`, `pipe`, `terminal`,
    `process`, …), its address, here and there. The first tids of those who wait to read or write it
    (0 for a request from outside), and for how many seconds without a break somebody has.
    """

    fd: int
    kind: str
    address: str
    readers: tuple[int, ...] = ()
    writers: tuple[int, ...] = ()
    seconds: float | None = None


@record
class FileList:
    """The first files by descriptor, and how many there are in all; which poller watches them."""

    files: list[FileInfo]
    total: int
    poller: str


@system_call
class ListFiles(SystemCall):
    """Answers a `FileList` of the files that the kernel watches; or, for the task `tid`, of those
    that it waits for or has in a local variable. All, or the `first` so many.

    Raises `NoSuchTask`, `ValueError` for a `first` that is no number of files.
    """

    first: int | None = None
    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_first(self.first)
        if self.tid is None:
            files = {file.fd: file.source() for file in kernel.files.files.values() if known(file)}
        else:
            files = files_of(kernel.find(self.tid))
        rows = [file_info(kernel, fd, files[fd]) for fd in sorted(files)[: self.first]]
        return FileList(rows, len(files), kernel.poller.name)


def known(file: File) -> bool:
    """Whether the file is there: the table forgets one only when another has its number."""
    return bool(file.wanted or (file.watched and is_open(file.source(), file.fd)))


def files_of(task: Task) -> dict[int, Any]:
    """The open files that a task waits for or has in a local variable, by descriptor."""
    things: list[Any] = []
    for frame in shown_frames(task)[0]:
        things += files_in(locals_of(frame))
    if task.queue is not None and isinstance(task.call, FileCall):
        things.append(task.call.source)
    numbers = ((number(thing), thing) for thing in things)
    return {fd: thing for fd, thing in numbers if fd >= 0}


def files_in(values: Mapping[str, Any]) -> list[Any]:
    """Those of the variables that are open files. None of their own code is run by that."""
    return [
        value
        for value in values.values()
        if any("fileno" in vars(base) for base in type(value).__mro__)
    ]


def number(thing: Any) -> int:
    """The descriptor of a file, given by itself or by its number; -1 if it has none."""
    try:
        fd = thing if isinstance(thing, int) else thing.fileno()
    except BaseException:  # its own code may raise anything
        return -1
    return fd if type(fd) is int else -1


def file_info(kernel: Scheduler, fd: int, source: Any) -> FileInfo:
    """What is known of the open file of this number, which is `source` to who uses it."""
    file = kernel.files.files.get(fd)
    what = safe(kind_of, source, fd), safe(address_of, source)
    if file is None:
        return FileInfo(fd, *what)
    begun = [queue.since for queue in (file.readers, file.writers) if queue]
    seconds = kernel.clock.now() - min(begun) if begun else None
    return FileInfo(fd, *what, waiting(file.readers), waiting(file.writers), seconds)


def waiting(queue: Waiters) -> tuple[int, ...]:
    """The tids of the first who wait."""
    return tuple(caller.tid for caller, _ in zip(queue, range(NAMED), strict=False))


def kind_of(source: Any, fd: int) -> str:
    """The kind of a file in a word."""
    if isinstance(source, Guardian):
        return "process"
    if isinstance(source, socket.socket):
        family = source.family.name.removeprefix("AF_").lower()
        return PROTOCOLS.get(source.type.name, family) if family.startswith("inet") else family
    mode = os.fstat(fd).st_mode
    if stat.S_ISCHR(mode):
        return "terminal" if os.isatty(fd) else "device"
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "other")


def address_of(source: Any) -> str:
    """Where a socket is and where it leads; the number of a process; the name of a file."""
    if isinstance(source, Guardian):
        return str(source.child.popen.pid)
    if isinstance(source, socket.socket):
        return connection(source)
    name = getattr(source, "name", "")
    return name if isinstance(name, str) else ""
