"""`_socket`: sockets whose calls suspend the task only. `socket` is made of it in Python."""

from __future__ import annotations

import _socket
import errno
import os
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from ..fibers import call
from ..syscalls.threads import RunInThread
from .module import changed
from .waiting import count_call, in_task, wait_for

if TYPE_CHECKING:
    from .program import GreenProgram

#: What `connect` says of a connection that is under way.
UNDER_WAY = {errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK}


#: The flag of a call that is not to wait; none where the system has no such flag.
DONT_WAIT = getattr(_socket, "MSG_DONTWAIT", 0)


class Defaults:
    """The timeout of new sockets."""

    timeout: float | None = None

    def get(self) -> float | None:
        return self.timeout

    def set(self, value: float | None, /) -> None:
        probe = _socket.socket()
        try:
            probe.settimeout(value)  # refuses what is none
        finally:
            probe.close()
        self.timeout = None if value is None else float(value)


class GreenSocket(_socket.socket):
    """A socket that never blocks the thread: the system's is non-blocking, whatever it seems."""

    __slots__ = ("_seconds",)
    _seconds: float | None
    #: What the sockets of the program begin with.
    _defaults: ClassVar[Defaults]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        non_blocking = super().gettimeout() == 0  # by its type, as it was asked for
        self._seconds = 0.0 if non_blocking else self._defaults.timeout
        super().setblocking(False)

    def settimeout(self, value: float | None, /) -> None:
        _socket.socket.settimeout(self, value)  # which refuses what is none
        super().setblocking(False)
        self._seconds = None if value is None else float(value)

    def gettimeout(self) -> float | None:
        return self._seconds

    timeout = property(gettimeout)

    def setblocking(self, flag: Any, /) -> None:
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        return self._seconds != 0

    # -- what waits; the number is the place of the flags among the arguments

    def _accept(self) -> tuple[int, Any]:
        return self.attempt(False, None, super()._accept)  # type: ignore[misc,no-any-return]

    def recv(self, *args: Any) -> bytes:
        return self.attempt(False, 1, super().recv, *args)  # type: ignore[no-any-return]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        return self.attempt(False, 2, super().recv_into, buffer, nbytes, flags)  # type: ignore[no-any-return]

    def recvfrom(self, *args: Any) -> Any:
        return self.attempt(False, 1, super().recvfrom, *args)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> Any:
        return self.attempt(False, 2, super().recvfrom_into, buffer, nbytes, flags)

    def recvmsg(self, *args: Any) -> Any:
        return self.attempt(False, 2, super().recvmsg, *args)

    def recvmsg_into(self, *args: Any) -> Any:
        return self.attempt(False, 2, super().recvmsg_into, *args)

    def send(self, *args: Any) -> int:
        return self.attempt(True, 1, super().send, *args)  # type: ignore[no-any-return]

    def sendto(self, *args: Any) -> int:
        place = 1 if len(args) > 2 else None
        return self.attempt(True, place, super().sendto, *args)  # type: ignore[no-any-return]

    def sendmsg(self, *args: Any) -> int:
        return self.attempt(True, 2, super().sendmsg, *args)  # type: ignore[no-any-return]

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        end, rest = self.end(), memoryview(data).cast("B")
        while rest:
            rest = rest[self.attempt_until(end, True, super().send, rest, flags) :]

    def connect(self, address: Any, /) -> None:
        trouble = GreenSocket.connect_ex(self, address)  # not that of a class in between
        if trouble == errno.EWOULDBLOCK and self._seconds:
            raise TimeoutError("timed out")
        if trouble:
            raise OSError(trouble, os.strerror(trouble))

    def connect_ex(self, address: Any, /) -> int:
        if isinstance(address, tuple) and address and needs_look_up(address[0]):
            address = self.looked_up(address)
        trouble = super().connect_ex(address)
        if trouble not in UNDER_WAY or self._seconds == 0:
            return trouble
        if not wait_for(self, True, self._seconds):
            return errno.EWOULDBLOCK
        return self.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)

    def looked_up(self, address: tuple[Any, ...]) -> tuple[Any, ...]:
        """The address with the number of its host: a name server is asked on a thread."""
        found = getaddrinfo(address[0], address[1], self.family, self.type, self.proto)
        return (found[0][4][0], *address[1:])

    def attempt(
        self, write: bool, flags: int | None, function: Callable[..., Any], *args: Any
    ) -> Any:
        """What the function gives, as soon as it need not wait."""
        if flags is not None and len(args) > flags and args[flags] & DONT_WAIT:
            return function(*args)
        return self.attempt_until(self.end(), write, function, *args)

    def end(self) -> float | None:
        """When what begins now has taken too long."""
        return time.monotonic() + self._seconds if self._seconds else None

    def attempt_until(
        self, end: float | None, write: bool, function: Callable[..., Any], *args: Any
    ) -> Any:
        count_call()
        while True:
            try:
                return function(*args)
            except BlockingIOError:
                if self._seconds == 0:
                    raise
            left = None if end is None else end - time.monotonic()
            if (left is not None and left <= 0) or not wait_for(self, write, left):
                raise TimeoutError("timed out")


def needs_look_up(host: Any) -> bool:
    """Whether a name server could be asked."""
    return isinstance(host, str) and not host.replace(".", "").isdigit() and ":" not in host


def in_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that may block, called on a worker thread."""

    def called(*args: Any, **kwargs: Any) -> Any:
        if not in_task():
            return function(*args, **kwargs)
        return call(RunInThread(partial(function, *args, **kwargs)))

    called.__name__ = called.__qualname__ = function.__name__
    called.__doc__ = function.__doc__
    return called


getaddrinfo = in_thread(_socket.getaddrinfo)

#: These ask a name server.
ASKING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


def make(program: GreenProgram) -> ModuleType:
    defaults = Defaults()
    kind = type("socket", (GreenSocket,), {"__slots__": (), "_defaults": defaults})
    asking: dict[str, Any] = {name: in_thread(getattr(_socket, name)) for name in ASKING}
    return changed(
        _socket,
        socket=kind,
        SocketType=kind,
        setdefaulttimeout=defaults.set,
        getdefaulttimeout=defaults.get,
        **asking,
    )
