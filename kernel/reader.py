"""Reading in lines and in exact lengths.

    reader = Reader(client)
    line = yield reader.read_line()
    body = yield reader.read_exactly(100)

What has come and has not been asked for yet waits in the reader's `buffer`. A read that ends early,
killed or timed out, leaves there what it has received: the next one goes on with it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from functools import partial
from types import coroutine
from typing import Any, Final, cast

from .checks import check_count
from .errors import IncompleteRead, LineTooLong, TooMuchData
from .syscalls.pipes import Pipe, PipeRead
from .syscalls.sockets import Recv
from .syscalls.streams import Read
from .systemcall import brief

#: A line is no longer, unless told otherwise.
LIMIT: Final = 64 * 1024

#: So much is asked of the source in one go.
PORTION: Final = 64 * 1024


class Reader:
    """Reads a stream of bytes through a buffer, for one task at a time.

    `source` is a socket, a `Pipe`, a pipe of the system that is open as a file, or an object whose
    `recv(size)` gives something to yield, a call or a subroutine, that answers at most `size`
    bytes, and b"" at the end. Nothing more is received than a read needs, and at most 64 KiB that
    happen to come with it.
    """

    __slots__ = ("buffer", "receive", "source")

    def __init__(self, source: Any) -> None:
        self.source = source
        self.receive = receiving(source)
        #: What has come, and waits to be read.
        self.buffer = bytearray()

    @coroutine
    def read(self, size: int = PORTION) -> Generator[Any, Any, bytes]:
        """What there is, at most `size` bytes; waits only if there is nothing. b"" at the end."""
        check_count(size, 1, "a read takes 1 byte or more")
        if not self.buffer:
            yield from self.more()
        return self.take(size)

    @coroutine
    def read_exactly(self, count: int) -> Generator[Any, Any, bytes]:
        """The next `count` bytes. Raises `IncompleteRead` if the stream ends before."""
        check_count(count, 0, "0 bytes or more can be read")
        while len(self.buffer) < count:
            if not (yield from self.more()):
                raise IncompleteRead(self.take(count), count)
        return self.take(count)

    @coroutine
    def read_until(self, separator: bytes, limit: int = LIMIT) -> Generator[Any, Any, bytes]:
        """All that comes up to `separator`, and with it.

        Raises `LineTooLong` if that is more than `limit` bytes: they stay in the buffer; and
        `IncompleteRead` if the stream ends before.
        """
        check_separator(separator)
        check_count(limit, 1, "a limit is 1 byte or more")
        searched = 0
        while (place := self.buffer.find(separator, searched, limit)) < 0:
            if len(self.buffer) >= limit:
                raise LineTooLong(limit)
            searched = max(0, len(self.buffer) - len(separator) + 1)
            if not (yield from self.more()):
                raise IncompleteRead(self.take(limit))
        return self.take(place + len(separator))

    @coroutine
    def read_line(self, limit: int = LIMIT) -> Generator[Any, Any, bytes]:
        r"""The next line, with the `\n` at its end; only the last may have none. b"" at the end.

        Raises `LineTooLong` for one of more than `limit` bytes: it stays in the buffer.
        """
        try:
            return (yield from self.read_until(b"\n", limit))
        except IncompleteRead as rest:
            return rest.partial

    @coroutine
    def read_all(self, limit: int) -> Generator[Any, Any, bytes]:
        """All that comes until the end. Raises `TooMuchData` if that is more than `limit` bytes:
        they stay in the buffer.
        """
        check_count(limit, 0, "a limit is 0 bytes or more")
        while len(self.buffer) <= limit:
            if not (yield from self.more()):
                return self.take(limit)
        raise TooMuchData(limit)

    def more(self) -> Generator[Any, Any, bool]:
        """Receive something into the buffer; False at the end of the stream."""
        data = yield self.receive(PORTION)
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        """The first `count` bytes of the buffer, or all there are, out of it."""
        with memoryview(self.buffer) as buffer:
            data = bytes(buffer[:count])
        del self.buffer[:count]
        return data

    def __aiter__(self) -> Reader:
        return self

    async def __anext__(self) -> bytes:
        line = await self.read_line()
        if not line:
            raise StopAsyncIteration
        return line


def receiving(source: Any) -> Callable[[int], Any]:
    """How to receive from `source`. Raises `TypeError` for what nothing can be received from."""
    if isinstance(source, socket.socket):
        return partial(Recv, source)
    if isinstance(source, Pipe):
        return partial(PipeRead, source)
    receive = getattr(source, "recv", None)
    if callable(receive):
        return cast("Callable[[int], Any]", receive)
    if hasattr(source, "fileno"):
        return partial(Read, source)
    raise TypeError(f"a reader reads a socket, a pipe, or what has recv, not {brief(source)}")


def check_separator(separator: Any) -> None:
    if not isinstance(separator, (bytes, bytearray)):
        raise TypeError(f"a separator is made of bytes, not {brief(separator)}")
    if not separator:
        raise ValueError("a separator has one byte at least")
