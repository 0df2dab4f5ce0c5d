"""`io`, whose `open` gives files that suspend the task only where they are pipes or terminals.

A file on disk is read and written as ever: no system tells when that is ready.
"""

from __future__ import annotations

import io
import os
import select
import stat
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from .module import changed
from .waiting import in_task, wait_for

if TYPE_CHECKING:
    from .program import GreenProgram

#: A pipe that can be written to has room for so many bytes at least.
PIECE: Final = getattr(select, "PIPE_BUF", 512)


class GreenFile(io.FileIO):
    """A pipe or terminal."""

    def readinto(self, buffer: Any, /) -> int | None:
        wait_to_read(self.fileno())
        return super().readinto(buffer)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        wait_to_read(self.fileno())
        return super().read(size)

    def readall(self) -> bytes:
        parts = iter(lambda: self.read(io.DEFAULT_BUFFER_SIZE), b"")
        return b"".join(parts)

    def write(self, data: Any, /) -> int:
        return wait_to_write(self.fileno(), memoryview(data).cast("B"), super().write)  # type: ignore[no-any-return]


def wait_to_read(fd: int) -> None:
    """Suspend the task until there is something to read."""
    if in_task() and is_stream(fd) and os.get_blocking(fd):
        wait_for(fd, False)


def wait_to_write(fd: int, data: Any, write: Any) -> Any:
    """Write as much as there is room for, once there is any."""
    if in_task() and is_stream(fd) and os.get_blocking(fd):
        wait_for(fd, True)
        data = data[:PIECE]
    return write(data)


def is_stream(fd: int) -> bool:
    """Whether a descriptor is of something that may have to be waited for."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False  # the error will be told where it is used
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def green_open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """As `open`. Of a descriptor that may have to be waited for, a file that does so."""
    if type(file) is not int or os.name != "posix" or not is_stream(file) or "+" in mode:
        return io.open(  # noqa: UP020
            file, mode, buffering, encoding, errors, newline, closefd, opener
        )
    raw = GreenFile(file, mode.replace("t", "").replace("b", ""), closefd)
    if buffering == 0:
        if "b" not in mode:
            raise ValueError("can't have unbuffered text I/O")
        return raw
    if buffering == 1 and "b" in mode:
        warnings.warn("line buffering is not supported in binary mode", RuntimeWarning, 2)
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffer = io.BufferedReader(raw, size) if "r" in mode else io.BufferedWriter(raw, size)
    if "b" in mode:
        return buffer
    line_buffering = buffering == 1
    return io.TextIOWrapper(buffer, encoding, errors, newline, line_buffering)


def make(program: GreenProgram) -> ModuleType:
    return changed(io, open=green_open)
