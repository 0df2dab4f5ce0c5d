"""`_ssl`: encrypted sockets that suspend the task only. `ssl` is made of it in Python."""

from __future__ import annotations

import _ssl
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .module import changed
from .waiting import count_call, wait_for

if TYPE_CHECKING:
    from .program import GreenProgram


class GreenSSLSocket:
    """What does the encryption of a socket, and waits for that where the system's would block."""

    def __init__(self, inner: Any, sock: Any) -> None:
        vars(self).update(_inner=inner, _sock=sock)

    def do_handshake(self) -> Any:
        return self._attempt(self._inner.do_handshake)

    def read(self, *args: Any) -> Any:
        return self._attempt(self._inner.read, *args)

    def write(self, data: Any, /) -> Any:
        return self._attempt(self._inner.write, data)

    def shutdown(self) -> Any:
        return self._attempt(self._inner.shutdown)

    def _attempt(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function gives, as soon as it need not wait."""
        seconds = self._sock.gettimeout()
        end = time.monotonic() + seconds if seconds else None
        count_call()
        while True:
            try:
                return function(*args)
            except (_ssl.SSLWantReadError, _ssl.SSLWantWriteError) as wanted:
                if seconds == 0:
                    raise
                write = isinstance(wanted, _ssl.SSLWantWriteError)
            left = None if end is None else end - time.monotonic()
            if (left is not None and left <= 0) or not wait_for(self._sock, write, left):
                raise TimeoutError("The operation timed out")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)


class GreenContext(_ssl._SSLContext):
    """A context whose sockets are such ones."""

    def _wrap_socket(self, sock: Any, *args: Any, **kwargs: Any) -> Any:
        return GreenSSLSocket(super()._wrap_socket(sock, *args, **kwargs), sock)  # type: ignore[misc]


def make(program: GreenProgram) -> ModuleType:
    return changed(_ssl, _SSLContext=GreenContext)
