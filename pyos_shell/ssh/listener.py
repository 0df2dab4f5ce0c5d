"""Serves consoles over SSH, on a port: to the user who runs the system, by his keys, and nothing
else. No password is asked for, and nothing is forwarded.

One thread speaks SSH, for all connections. Each console then has one of its own, as when it is
attached.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncssh

from kernel.task import in_words

from ..history import default_file
from ..server import FAREWELL, HAS_ENDED, MOST, Entrance
from ..system import Failure
from .keys import authorized_keys, host_key
from .session import SLOW, Session

#: Seconds in which somebody must have shown a key: it may have to be unlocked first.
LOGIN: Final = 60

#: Bytes that the system keeps of what is sent to a connection, about, and that may come unasked.
IN_BETWEEN: Final = 32_768
WINDOW: Final = 65_536

#: After so many seconds of silence the other machine is asked whether it is there, so often, at
#: such a distance, where the system offers that. (Its program is not: that may be stopped.)
SIGNS_OF_LIFE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class SshListener(Entrance):
    """Listens on a port of `host`, any free one for 0, for those who have one of the keys in the
    file `keys`. Raises `Failure` if it cannot.
    """

    def __init__(
        self,
        host: str,
        port: int,
        keys: Path,
        read_only: bool = False,
        history: bool = True,
    ) -> None:
        super().__init__(read_only, history)
        self.keys = keys
        authorized_keys(keys)
        self.trouble = ""
        self.host_key = host_key(default_file().parent)
        self.socket = bound(host, port)
        self.host, self.port = self.socket.getsockname()[:2]
        self.doors: set[Door] = set()
        self.finished = asyncio.Event()
        self.thread = threading.Thread(target=self.run, name="pyos ssh", daemon=True)

    def open(self) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.loop.set_exception_handler(self.fail)
        self.report(f"listening for SSH on {self.host} port {self.port}")
        self.report(f"the host key is {self.host_key.get_fingerprint()}")
        self.thread.start()

    def report(self, text: str) -> None:
        """Say something on the consoles."""
        self.consoles.output.report(0, text)

    def keys_now(self) -> asyncssh.SSHAuthorizedKeys | None:
        """The keys that may join, which come and go while we run. If the file has become one that
        lets nobody in, that is told, once.
        """
        try:
            keys, self.trouble = authorized_keys(self.keys), ""
        except Failure as error:
            if str(error) != self.trouble:
                self.trouble = str(error)
                self.report(self.trouble)
            return None
        return keys

    def fail(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something has gone wrong, and the rest goes on."""
        error = context.get("exception")
        self.report(f"SSH: {in_words(error) if error is not None else context['message']}")

    def run(self) -> None:
        """Serve, on a thread of its own."""
        silence()
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self.listen())

    async def listen(self) -> None:
        """Serve until `close`."""
        acceptor = await asyncssh.listen(
            sock=self.socket,
            server_factory=partial(Door, self),
            server_host_keys=[self.host_key],
            server_version="PyOS",
            password_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            x509_trusted_certs=None,
            agent_forwarding=False,
            x11_forwarding=False,
            compression_algs=None,
            login_timeout=LOGIN,
            line_editor=False,
            encoding=None,
            window=WINDOW,
        )
        await self.finished.wait()
        acceptor.close()
        await self.part()

    async def part(self) -> None:
        """Let clients leave by themselves, which they do when they have been told; the others are
        disconnected.
        """
        connections = [door.connection for door in self.doors]
        left = asyncio.gather(*(each.wait_closed() for each in connections))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(left), FAREWELL)
        for door in self.doors:
            door.connection.disconnect(asyncssh.DISC_BY_APPLICATION, HAS_ENDED.strip())
        await left

    def close(self) -> None:
        self.closing.set()
        if self.thread.ident is None:
            self.socket.close()
            return
        self.end_connections()
        with suppress(RuntimeError):  # its loop has failed, and told
            self.loop.call_soon_threadsafe(self.finished.set)
        self.thread.join(2 * FAREWELL)


class Door(asyncssh.SSHServer):
    """One connection, with any number of sessions."""

    def __init__(self, listener: SshListener) -> None:
        self.listener = listener
        self.sessions: set[Session] = set()
        self.slow = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Let it be one more, unless there are too many, known or not: those are turned away."""
        self.connection = conn
        if len(self.listener.doors) >= MOST:
            raise ConnectionRefusedError("there are too many connections")
        self.listener.doors.add(self)
        wire = conn.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, IN_BETWEEN)
        for name, value in SIGNS_OF_LIFE.items():
            if hasattr(socket, name):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        # asyncssh would go on, and keep whatever the other side does not take.
        conn.pause_writing = self.wait  # type: ignore[method-assign]
        conn.resume_writing = self.go_on  # type: ignore[method-assign]

    def connection_lost(self, exc: Exception | None) -> None:
        self.listener.doors.discard(self)

    def wait(self) -> None:
        """More has been sent than the other side takes."""
        self.slow = True
        for session in self.sessions:
            session.wait(SLOW)

    def go_on(self) -> None:
        """It has taken that."""
        self.slow = False
        for session in self.sessions:
            session.go_on(SLOW)

    # -- who may join

    def public_key_auth_supported(self) -> bool:
        return True

    def begin_auth(self, username: str) -> bool:
        """Have a key asked for; only the user who runs the system can have the right one."""
        keys = self.listener.keys_now() if username == own_name() else None
        self.connection.set_authorized_keys(keys)
        return True

    # -- what may be asked for

    async def session_requested(self) -> Session:
        """A session. Raises `ChannelOpenError` if there can be no more."""
        if self.listener.closing.is_set():
            raise refusal(HAS_ENDED.strip())
        if sum(len(door.sessions) for door in self.listener.doors) >= MOST:
            raise refusal(f"there are {MOST} consoles already")
        try:
            session = Session(self.listener, self.sessions)
        except OSError as error:
            raise refusal(error.strerror or str(error)) from None
        await session.wire.connect()
        if self not in self.listener.doors:
            session.close()
            raise refusal("the connection is lost")
        if self.slow:
            session.wait(SLOW)
        return session


def refusal(why: str) -> asyncssh.ChannelOpenError:
    """What is said to who cannot have a session."""
    return asyncssh.ChannelOpenError(asyncssh.OPEN_RESOURCE_SHORTAGE, why)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `Failure`."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(where[:2], family=family, backlog=MOST)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise Failure(f"cannot listen for SSH on {host} port {port}: {why}") from None


def own_name() -> str:
    """The name of the user who runs the system."""
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):
            return pwd.getpwuid(os.geteuid()).pw_name
    return getpass.getuser()


def silence() -> None:
    """What asyncssh logs is not for the terminal."""
    log = logging.getLogger("asyncssh")
    log.addHandler(logging.NullHandler())
    log.propagate = False
