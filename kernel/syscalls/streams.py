"""Calls that read and write pipes, and whatever else the system reads and writes by `read` and
`write`, in the kernel.

A file that is given to one of these does not block any more, for nobody who shares it. On Windows,
where no poller can wait for a pipe, a worker thread reads and writes it; there a killed reader may
lose what it was about to get.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import FileClosed
from ..files import File, FileCall, descriptor_of
from ..poller import READ, WRITE
from ..systemcall import brief, system_call
from .sockets import PORTION, check_size, size_of
from .threads import RunInThread

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: Whether pipes can be waited for.
WAITABLE: Final = os.name == "posix"


@system_call
class Read(FileCall):
    """Waits for data on a pipe; answers at most `size` bytes, b"" when nobody has its other end
    open for writing any more.

    `file` is any object with `fileno`, or a descriptor's number. Raises `FileClosed` and other
    `OSError`s, `ValueError` for a bad size.
    """

    file: Any
    size: int

    woken_by = "whoever is at the other end"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_size(self.size, "Read")
        if not WAITABLE:
            return RunInThread(os.read, descriptor_of(self.file), self.size).run(kernel, caller)
        file = not_blocking(kernel, self.file)
        if file.readers.first is None:
            return self.go_on(kernel, caller, file)
        return kernel.files.wait(file, READ, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        not_blocking(kernel, self.file)  # as somebody else may have made it block
        try:
            return os.read(file.fd, self.size)
        except (BlockingIOError, InterruptedError):
            return kernel.files.wait(file, READ, caller, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"read file {brief(self.file)}"


@system_call
class Write(FileCall):
    """Writes all of `data` to a pipe, and waits while nobody reads; answers how many bytes.

    Raises `BrokenPipeError` when nobody has its other end open for reading, and otherwise as
    `Read`.
    """

    file: Any
    data: Any

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        size_of(self.data)
        if not WAITABLE:
            return RunInThread(write_all, descriptor_of(self.file), self.data).run(kernel, caller)
        file = not_blocking(kernel, self.file)
        rest = Writing(self.file, self.data, 0)
        if file.writers.first is None:
            return rest.go_on(kernel, caller, file)
        return kernel.files.wait(file, WRITE, caller, rest)


@system_call
class Writing(FileCall):
    """What is left of a `Write`: `written` bytes are in the pipe."""

    file: Any
    data: Any
    written: int

    woken_by = "whoever is at the other end"

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        not_blocking(kernel, self.file)
        size = size_of(self.data)
        written = self.written
        while written < size:
            more = write_some(file.fd, self.data, written)
            written += more
            if written < size:
                call = Writing(self.file, self.data, written) if more else self
                waits = kernel.files.wait(file, WRITE, caller, call)
                if waits is not None:  # else it is a file on disk, which is always ready
                    return waits
        return written

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write file {brief(self.file)}"

    def __repr__(self) -> str:
        return repr(Write(self.file, self.data))


def not_blocking(kernel: Scheduler, source: Any) -> File:
    """The file that `source` stands for, which does not block from now on. Raises `FileClosed`."""
    fd = descriptor_of(source)
    try:
        os.set_blocking(fd, False)
    except OSError:
        raise FileClosed(fd) from None
    return kernel.files.of(source)


def write_some(fd: int, data: Any, written: int) -> int:
    """Hand the system what is left of `data`, as much of it as it takes in one go; gives how many
    bytes, which is 0 while nobody reads.

    No view of `data` outlives this, not even in the traceback of an error.
    """
    rest = memoryview(data).cast("B")[written : written + PORTION]
    try:
        return os.write(fd, rest)
    except (BlockingIOError, InterruptedError):
        return 0
    finally:
        del rest


def write_all(fd: int, data: Any) -> int:
    """On a worker: write all of `data`, which may block."""
    written = 0
    while written < size_of(data):
        written += os.write(fd, memoryview(data).cast("B")[written:])
    return written
