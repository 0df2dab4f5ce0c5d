"""Byte pipes: a stream of bytes from those who write to those who read.

A pipe keeps what was written as it is, piece by piece: bytes that are read as they were written are
never copied, and others once. While a reader waits the pipe is empty, and while a writer waits it
has no room for what comes next. Who has waited longest is served first, so the bytes of one write
are never mixed with another's.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_count, check_kind
from ..errors import PipeClosed
from ..named import Named
from ..strictqueue import StrictQueue
from ..systemcall import SystemCall, brief, system_call
from ..waitqueue import WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: Bytes that a pipe has room for, unless told otherwise.
CAPACITY: Final = 64 * 1024

#: Its ends.
ENDS: Final = ("read", "write")


class Pipe(Named):
    """A pipe with room for `capacity` bytes; `name` is what `tasks` calls it.

    Raises `ValueError` for a `capacity` that is no number of bytes.
    """

    __slots__ = ("capacity", "closed", "pieces", "readers", "size", "taken", "writers")

    def __init__(self, capacity: int = CAPACITY, name: str = "") -> None:
        super().__init__(name)
        check_count(capacity, 1, "a pipe has room for 1 byte at least")
        self.capacity = capacity
        #: The ends that are closed.
        self.closed: set[str] = set()
        self.pieces: deque[bytes | memoryview] = deque()
        #: How many bytes of the first piece have been read, and how many are left in all.
        self.taken = self.size = 0
        self.readers = WaitQueue()
        self.writers = Writers()

    def take(self, most: int) -> bytes:
        """Out of the pipe, what there is: `most` bytes at most."""
        parts = []
        while most and self.pieces:
            piece, begin = self.pieces[0], self.taken
            self.taken = end = min(len(piece), begin + most)
            if end == len(piece):
                self.pieces.popleft()
                self.taken = 0
            parts.append(part(piece, begin, end))
            self.size -= end - begin
            most -= end - begin
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def put(self, data: bytes, sent: int) -> int:
        """Take in `data` from byte `sent` on, as far as there is room, and serve those who read;
        gives how much of it is in then. Data that fits into the pipe is taken in whole, or not yet.
        """
        while sent < len(data) and self.has_room(data):
            end = min(len(data), sent + self.capacity - self.size)
            self.pieces.append(part(data, sent, end))
            self.size += end - sent
            sent = end
            self.serve_readers()
        return sent

    def has_room(self, data: bytes) -> bool:
        """Whether `data` could be taken in now: in whole, or what is more than fits in parts."""
        room = self.capacity - self.size
        return room > 0 and (room >= len(data) or len(data) > self.capacity)

    def serve_readers(self) -> None:
        while self.size and self.readers.first is not None:
            reader = self.readers.first
            reader.answer(self.take(reader.call.size))

    def serve_writers(self) -> None:
        """There is more room: let those who wait put in what fits."""
        while (writer := self.writers.first) is not None:
            call = writer.call
            sent = self.put(call.data, call.sent)
            if sent < len(call.data):
                writer.call = call.after(sent)
                return
            writer.answer(sent)

    def check_open(self, end: str) -> None:
        if end in self.closed:
            raise PipeClosed(end)

    def close(self, end: str) -> None:
        """Let all go who wait, at this end and at the other."""
        self.closed.add(end)
        if end == "read":
            self.pieces.clear()
            self.taken = self.size = 0
        while (reader := self.readers.first) is not None:
            if end == "read":
                reader.fail(PipeClosed(end))
            else:
                reader.answer(b"")
        while (writer := self.writers.first) is not None:
            writer.fail(broken() if end == "read" else PipeClosed(end))


class Writers(StrictQueue):
    """Those who wait for room in a pipe."""

    __slots__ = ()

    def may_go_on(self, first: Caller) -> bool:
        pipe: Pipe = first.call.pipe
        return pipe.has_room(first.call.data)

    def pass_on(self, first: Caller) -> None:
        first.call.pipe.serve_writers()


@system_call
class PipeRead(SystemCall):
    """Waits for bytes in a pipe; answers what there is, at most `size`, and b"" once the write end
    is closed and nothing is left.

    Raises `PipeClosed` when the read end is closed, `ValueError` for a bad size.
    """

    pipe: Pipe
    size: int

    woken_by = "whoever writes to it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        pipe = self.pipe
        check_kind(pipe, Pipe, "a pipe")
        check_count(self.size, 1, "PipeRead takes at least 1 byte")
        pipe.check_open("read")
        if pipe.size:
            data = pipe.take(self.size)
            pipe.serve_writers()
            return data
        if "write" in pipe.closed:
            return b""
        return caller.sleep(pipe.readers, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"read {self.pipe}"


@system_call
class PipeWrite(SystemCall):
    """Writes all of `data` into a pipe, and waits while there is no room; answers how many bytes.

    The bytes of one write stay together. Up to the pipe's capacity they go in all at once; a larger
    write goes in piece by piece, as they are read. Raises `BrokenPipeError` when the read end is
    closed, `PipeClosed` when the write end is.
    """

    pipe: Pipe
    data: Any

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        pipe = self.pipe
        check_kind(pipe, Pipe, "a pipe")
        data = as_bytes(self.data)
        pipe.check_open("write")
        if "read" in pipe.closed:
            raise broken()
        sent = pipe.put(data, 0) if pipe.writers.first is None else 0
        if sent == len(data):
            return sent
        return caller.sleep(pipe.writers, PipeWriting(pipe, data, sent))


@system_call
class PipeWriting(SystemCall):
    """What is left of a `PipeWrite`: `sent` bytes are in the pipe, or have been read."""

    pipe: Pipe
    data: bytes
    sent: int

    woken_by = "whoever reads from it"

    def after(self, sent: int) -> PipeWriting:
        """What is left when so many bytes are in."""
        return self if sent == self.sent else PipeWriting(self.pipe, self.data, sent)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write {self.pipe}, {self.sent:,} of {len(self.data):,} bytes written"

    def __repr__(self) -> str:
        return repr(PipeWrite(self.pipe, self.data))


@system_call
class ClosePipe(SystemCall):
    """Closes an end of a pipe, "read" or "write", for all. Answers None, a second time too.

    Once the write end is closed, who reads gets what is left and then b""; once the read end is,
    what is left is dropped, and who writes gets `BrokenPipeError`. Who waits at the end that is
    closed gets `PipeClosed`. Raises `ValueError` for any other end.
    """

    pipe: Pipe
    end: str

    gives_back = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        pipe = self.pipe
        check_kind(pipe, Pipe, "a pipe")
        if self.end not in ENDS:
            raise ValueError(f'an end of a pipe is "read" or "write", not {brief(self.end)}')
        pipe.close(self.end)
        return None


def as_bytes(data: Any) -> bytes:
    """The bytes of `data`; a copy, where they may change. Raises `TypeError` for what has none."""
    if type(data) is bytes:
        return data
    try:
        return memoryview(data).tobytes()
    except TypeError:
        raise TypeError(f"PipeWrite takes bytes, not {brief(data)}") from None


def part(piece: bytes | memoryview, begin: int, end: int) -> bytes | memoryview:
    """A part of a piece, without a copy."""
    return piece if end - begin == len(piece) else memoryview(piece)[begin:end]


def broken() -> BrokenPipeError:
    return BrokenPipeError(errno.EPIPE, "nobody reads from the pipe any more")
