"""TLS, the encryption below `https`: by Python's `ssl`, over the kernel's own calls.

    connection = yield start_tls(socket, context, server_hostname="localhost")
    yield connection.send(b"hello")
    answer = yield connection.recv(100)
    yield connection.close()

`ssl` works in memory here: what it wants to be sent goes out by `Send`, and what it waits for comes
in by `Recv`. So a trace shows both, encrypted, and nobody ever blocks.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator
from contextlib import suppress
from socket import socket as Socket
from types import coroutine
from typing import TYPE_CHECKING, Any, Final

from ..errors import OwnerDied
from ..syscalls.locks import Abandon, Acquire, Mutex, Release
from ..syscalls.scopes import OpenScope
from ..syscalls.sockets import PORTION, Recv, Send, check_size, size_of
from ..systemcall import brief

if TYPE_CHECKING:
    import ssl  # takes a while: so it is imported where it is used, as most programs do without

#: So much is received in one go; a record of TLS has 16 KiB at most.
RECEIVED: Final = 64 * 1024

#: Seconds that a close waits for the peer.
LINGER: Final = 2.0


@coroutine
def start_tls(
    socket: Socket,
    context: ssl.SSLContext,
    server_side: bool = False,
    server_hostname: str | None = None,
) -> Generator[Any, Any, TlsConnection]:
    """Agrees with the peer of a connected socket on keys (the handshake); answers the encrypted
    `TlsConnection`. From now on the socket itself is not to be read or written.

    `context` says which certificates are shown and trusted, and `server_hostname` is whom a client
    wants to talk to. Raises `ssl.SSLError` where the two do not agree, its subclass
    `ssl.SSLCertVerificationError` for a certificate that is not trusted, and `OSError`s.
    """
    connection = TlsConnection(socket, context, server_side, server_hostname)
    yield from connection.perform(connection.layer.do_handshake)
    yield from connection.flush()
    return connection


class TlsConnection:
    """An encrypted connection, which `start_tls` makes. One task may send while another receives.

    `layer` is the `ssl.SSLObject`, which knows the peer's certificate, the version, and so on.
    """

    def __init__(
        self, socket: Socket, context: ssl.SSLContext, server_side: bool, name: str | None
    ) -> None:
        import ssl

        for thing, wanted in ((socket, Socket), (context, ssl.SSLContext)):
            if not isinstance(thing, wanted):
                raise TypeError(f"TLS takes a socket and an SSLContext, not {brief(thing)}")
        self.socket = socket
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.layer = context.wrap_bio(self.incoming, self.outgoing, server_side, name)
        self.reading, self.writing = Mutex("TLS reading"), Mutex("TLS writing")
        #: How often something has come in; and how many tasks are sending what is to go out.
        self.news = self.sending = 0
        #: Whether a send ended early, perhaps in the middle of a record.
        self.cut = False
        #: What had been received when we said goodbye.
        self.last = bytearray()

    @coroutine
    def recv(self, size: int) -> Generator[Any, Any, bytes]:
        """Waits for data; answers at most `size` bytes, b"" when the peer has said that it sends no
        more.

        Raises `ssl.SSLEOFError` if the connection ends without that, as then something may be
        missing. Who is killed meanwhile has lost nothing.
        """
        import ssl

        check_size(size, "recv")
        if self.last:
            data = bytes(self.last[:size])
            del self.last[:size]
            return data
        try:
            return bytes((yield from self.perform(self.layer.read, min(size, RECEIVED))))
        except ssl.SSLZeroReturnError:
            return b""

    @coroutine
    def send(self, data: Any) -> Generator[Any, Any, Any]:
        """Sends all of `data`, and waits while the peer does not read; answers how many bytes.

        After a send that was ended early, by a kill or a timeout, the peer could not understand
        another one: it raises `BrokenPipeError`.
        """
        size_of(data)
        return (yield holding(self.writing, self.send_all(data)))

    def send_all(self, data: Any) -> Generator[Any, Any, int]:
        """In portions, so that not all of it is in memory encrypted."""
        sent = 0
        while sent < size_of(data):
            portion = bytes(memoryview(data).cast("B")[sent : sent + PORTION])
            sent += yield from self.perform(self.layer.write, portion)
            yield from self.flush()
        return sent

    @coroutine
    def send_eof(self) -> Generator[Any, Any, None]:
        """Says that nothing more will be sent (`close_notify`). One may still receive."""
        yield holding(self.writing, self.say_goodbye())

    def say_goodbye(self) -> Generator[Any, Any, None]:
        import ssl

        with suppress(ssl.SSLError):
            while data := self.layer.read(RECEIVED):  # with any of it left, `unwrap` would fail
                self.last += data
        with suppress(ssl.SSLError):  # it has written, and wants to read the peer's goodbye, too
            self.layer.unwrap()
        yield from self.flush()

    @coroutine
    def close(self) -> Generator[Any, Any, None]:
        """Says that nothing more will be sent, and closes the socket, as soon as the peer has said
        so, too; after 2 seconds in any case. What comes meanwhile is dropped.

        For a socket that is closed with something unread in it takes back what is still under way;
        and the peer may have sent what only `ssl` knows of.
        """
        with self.socket, suppress(OSError), (yield OpenScope(LINGER)):
            yield self.send_eof()
            while (yield self.recv(RECEIVED)):
                pass

    async def __aenter__(self) -> TlsConnection:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if kind is GeneratorExit:  # by force: there is no time for a goodbye
            self.socket.close()
        else:
            await self.close()

    def __repr__(self) -> str:
        return f"<TlsConnection {self.socket.fileno()} {self.layer.version()}>"

    # -- between `ssl` and the socket

    def perform(self, work: Callable[..., Any], *arguments: Any) -> Generator[Any, Any, Any]:
        """Have `ssl` do something; receive for it what it wants to receive."""
        import ssl

        while True:
            news = self.news
            try:
                return work(*arguments)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                with suppress(OSError):  # tell the peer what is wrong, if `ssl` has a word for it
                    yield from self.flush()
                raise
            if not self.sending and not self.cut:  # else it goes out with what is being sent
                yield from self.flush()
            yield holding(self.reading, self.receive(news))

    def receive(self, news: int) -> Generator[Any, Any, None]:
        """Receive something, unless another task has since there were so many `news`."""
        if self.news == news:
            data = yield Recv(self.socket, RECEIVED)
            self.news += 1
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()

    def flush(self) -> Generator[Any, Any, None]:
        """Send what is to go out, and what others put there meanwhile."""
        while self.outgoing.pending:
            if self.cut:
                raise BrokenPipeError(errno.EPIPE, "an earlier send has been cut short")
            self.sending += 1
            try:
                yield Send(self.socket, self.outgoing.read())
            except BaseException:
                self.cut = True
                raise
            finally:
                self.sending -= 1


@coroutine
def holding(mutex: Mutex, work: Any) -> Generator[Any, Any, Any]:
    """Do `work` while nobody else has the mutex."""
    try:
        yield Acquire(mutex)
    except OwnerDied:
        yield Abandon(mutex)
        raise
    try:
        answer = yield work
    except GeneratorExit:  # ended by force: the mutex learns of it by itself
        raise
    except BaseException:
        yield Release(mutex)
        raise
    yield Release(mutex)
    return answer
