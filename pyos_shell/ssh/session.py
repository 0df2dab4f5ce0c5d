"""A session of SSH. To the system it is a client like that of `pyos attach`: over a pair of sockets
it says what comes in the channel, and what is answered there goes into the channel.

On a terminal that is a console. `ssh HOST COMMANDS`, and lines that are piped in, run without one.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final, cast

import asyncssh
from prompt_toolkit.utils import is_dumb_terminal

from ..server import Connection, Entrance
from ..wire import Channel, Frame, Garbage, Hello, Kind, packed, packed_size
from .inputs import Command, Cooked, Input, Keys, Lines

#: The exit status when the system has said none.
GONE: Final = 1

#: Characters of a terminal's name that count.
LONGEST_NAME: Final = 64

#: The bits of a colour, where they are not 8: by the beginning of the terminal's name.
COLORS: Final = {"linux": 4, "ansi": 4, "vt": 1}

#: Why nothing is taken off the wire at the moment.
FULL: Final = "the channel is full"
SLOW: Final = "the connection is slow"


class Session(asyncssh.SSHServerSession[bytes]):
    """A console or commands, in a channel of SSH; one `among` others of its connection."""

    def __init__(self, entrance: Entrance, among: set[Session]) -> None:
        self.entrance = entrance
        ours, self.theirs = socket.socketpair()
        self.among = among
        among.add(self)
        self.wire = Wire(self, ours)
        #: Whether there is a terminal, and what it is like.
        self.hello = Hello()
        self.input: Input = Lines(self)
        #: Why nothing is taken off the wire.
        self.reasons: set[str] = set()
        self.begun = False

    # -- what is asked for

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self.channel = chan
        chan.set_write_buffer_limits(0)

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        connection = cast(asyncssh.SSHServerConnection, self.channel.get_connection())
        if connection.get_key_option("restrict") and not connection.get_key_option("pty"):
            return False
        columns, rows, *_ = term_size
        self.hello = Hello(
            terminal=True,
            term=term_type[:LONGEST_NAME],
            columns=columns or self.hello.columns,
            rows=rows or self.hello.rows,
            colors=colors(term_type),
        )
        return True

    def shell_requested(self) -> bool:
        """A console; without a terminal, commands line by line."""
        if self.hello.terminal:
            self.input = Cooked(self) if is_dumb_terminal(self.hello.term) else Keys(self)
        return True

    def exec_requested(self, command: str) -> bool:
        self.input = Command(self, command)
        return True

    def session_started(self) -> None:
        """It has been granted: have the system serve us."""
        self.begun = True
        hello = Hello() if isinstance(self.input, Lines) else self.hello
        self.say(Kind.HELLO, hello.frame().data)
        Connection(self.entrance, self.theirs).start()
        if isinstance(self.input, Command):
            self.input.run()

    # -- what comes in

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.input.feed(data)

    def eof_received(self) -> bool:
        self.input.end()
        return True  # there is still something to be answered

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if isinstance(self.input, Keys | Cooked):
            size = packed_size(width or self.hello.columns, height or self.hello.rows)
            self.say(Kind.SIZE, size)

    def signal_received(self, signal: str) -> None:
        if signal == "INT":
            self.input.interrupt()

    def break_received(self, msec: int) -> bool:
        self.input.interrupt()
        return True

    def say(self, kind: Kind, data: bytes = b"") -> None:
        """Say this to the system."""
        if not self.wire.transport.is_closing():
            self.wire.transport.write(packed(kind, data))

    # -- what goes out

    def hear(self, frame: Frame) -> None:
        """The system says something."""
        if frame.kind is Kind.STATUS:
            self.leave(frame.data[0])
        else:
            self.write(frame.data, message=frame.kind is Kind.MESSAGE)

    def write(self, data: bytes, message: bool = False) -> None:
        """Write this, with ends of lines as a terminal wants them."""
        if self.channel.is_closing():
            return
        if self.hello.terminal:
            self.channel.write(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        elif message:
            self.channel.write_stderr(data)
        else:
            self.channel.write(data)

    def repeat(self, text: str) -> None:
        """Show what has been typed, on the terminal."""
        if not self.channel.is_closing():
            self.channel.write(text.encode())

    def pause_writing(self) -> None:
        self.wait(FULL)

    def resume_writing(self) -> None:
        self.go_on(FULL)

    def wait(self, reason: str) -> None:
        """Take nothing off the wire for this reason, so that who writes to it has to wait."""
        self.reasons.add(reason)
        self.wire.transport.pause_reading()

    def go_on(self, reason: str) -> None:
        """This is no longer a reason to wait."""
        self.reasons.discard(reason)
        if not self.reasons:
            self.wire.transport.resume_reading()

    # -- the end

    def leave(self, status: int, why: str = "") -> None:
        """End the channel with this exit status, once all has been written, and say why."""
        if why:
            self.write(f"{why}\n".encode(), message=True)
        if not self.channel.is_closing():
            self.channel.exit(status)
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more is said to the system: a console ends, and commands are given up."""
        self.among.discard(self)
        self.wire.transport.abort()
        if not self.begun:
            self.theirs.close()


class Wire(asyncio.Protocol):
    """Our end of the pair of sockets, where the system is heard."""

    def __init__(self, session: Session, connection: socket.socket) -> None:
        self.session = session
        self.frames = Channel(connection)

    async def connect(self) -> None:
        """Begin to hear."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, sock=self.frames.connection)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.frames.received += data
        try:
            for frame in self.frames.frames():
                self.session.hear(frame)
        except Garbage:
            self.transport.abort()

    def pause_writing(self) -> None:
        self.session.channel.pause_reading()

    def resume_writing(self) -> None:
        if not self.session.channel.is_closing():
            self.session.channel.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self.session.begun:
            self.session.leave(GONE)


def colors(term: str) -> int:
    """The bits of a colour that the terminal of this name shows."""
    if term.endswith("-direct"):
        return 24
    return next((bits for name, bits in COLORS.items() if term.startswith(name)), 8)
