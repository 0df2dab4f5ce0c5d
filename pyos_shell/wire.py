"""What a console that is attached and its system say to each other.

A frame is a byte that tells its kind, two bytes for its length, and as many bytes. So none has more
than 65,535, and whoever sends something else cannot have us wait for more than that.

The client says `HELLO` first, in JSON; then what is typed (`KEYS`) and each new size, or, where
nobody types, a `COMMAND` for each line, and `END`. A line that is longer than a portion comes in
several, of which the last is not a whole one. The system sends what is to be written, and at
last the exit status.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, fields
from enum import IntEnum
from typing import Final

from kernel.record import record

#: Of what is said here. Another one is refused.
VERSION: Final = 1

HEAD: Final = struct.Struct(">BH")

#: Bytes of a frame that we send, at most, and that are read at a time.
PORTION: Final = 16_384

#: Rows and columns, at most.
LARGEST: Final = 10_000


class Kind(IntEnum):
    """What a frame holds."""

    HELLO = 1
    KEYS = 2
    SIZE = 3
    COMMAND = 4
    END = 5
    SCREEN = 6
    MESSAGE = 7
    STATUS = 8


class Garbage(Exception):
    """What came is nothing that we speak."""


@record
class Frame:
    """One thing that is said."""

    kind: Kind
    data: bytes = b""


@record
class Hello:
    """Who attaches, and what to. Without a `terminal` commands come, line by line."""

    version: int = VERSION
    terminal: bool = False
    term: str = ""
    columns: int = 80
    rows: int = 24
    colors: int = 8
    no_color: bool = False
    read_only: bool = False

    def frame(self) -> Frame:
        return Frame(Kind.HELLO, json.dumps(asdict(self)).encode())

    @classmethod
    def of(cls, frame: Frame) -> Hello:
        """What the frame says. Raises `Garbage`, also for another version."""
        try:
            given = json.loads(frame.data) if frame.kind is Kind.HELLO else None
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            raise Garbage("this is not how a console says hello")
        if given.get("version") != VERSION:
            raise Garbage("that is another version of PyOS: attach with the one that listens")
        kinds = {field.name: type(field.default) for field in fields(cls)}
        for name, value in given.items():
            if type(value) is not kinds.get(name):
                raise Garbage("this is not how a console says hello")
        return cls(**given)


class Channel:
    """One end of a connection. Any thread may send, one at a time receives."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self.received = bytearray()

    def send(self, kind: Kind, data: bytes = b"") -> None:
        """Send this, in as many frames as it takes. Waits for who reads it; raises `OSError` if
        there is nobody any more.
        """
        with self.lock:
            self.connection.sendall(packed(kind, data))

    def receive(self) -> list[Frame] | None:
        """Wait for something, and answer the frames that are whole by now; None at the end.

        Raises `OSError`, and `Garbage` at what is no frame.
        """
        data = self.connection.recv(PORTION)
        if not data:
            return None
        self.received += data
        return list(self.frames())

    def frames(self) -> Iterator[Frame]:
        """Take out the frames that are whole."""
        while len(self.received) >= HEAD.size:
            kind, length = HEAD.unpack_from(self.received)
            if kind not in Kind.__members__.values():
                raise Garbage("this is not what a console says")
            if len(self.received) < HEAD.size + length:
                return
            data = bytes(self.received[HEAD.size : HEAD.size + length])
            del self.received[: HEAD.size + length]
            yield Frame(Kind(kind), data)

    def close(self) -> None:
        """Say no more. Whoever waits in it, on either side, finds its end."""
        with suppress(OSError):  # the other side has gone before
            self.connection.shutdown(socket.SHUT_RDWR)


def packed(kind: Kind, data: bytes = b"") -> bytes:
    """What says this, in as many frames as it takes."""
    end = len(data) + (kind is Kind.COMMAND)  # which ends with what is no whole portion
    starts = range(0, end, PORTION) or [0]
    portions = [data[start : start + PORTION] for start in starts]
    return b"".join(HEAD.pack(kind, len(portion)) + portion for portion in portions)


def packed_size(columns: int, rows: int) -> bytes:
    """A size, for a frame."""
    return struct.pack(">HH", min(columns, LARGEST), min(rows, LARGEST))


def size_of(frame: Frame) -> tuple[int, int]:
    """The columns and rows that a frame tells. Raises `Garbage`."""
    try:
        columns, rows = struct.unpack(">HH", frame.data)
    except struct.error:
        raise Garbage("this is no size") from None
    return bounded(columns), bounded(rows)


def bounded(number: int) -> int:
    """As many rows or columns as a terminal can have."""
    return min(max(number, 1), LARGEST)
