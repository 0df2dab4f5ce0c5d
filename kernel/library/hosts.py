"""Hosts by their names, looked up on a worker thread, so that nobody else has to wait."""

from __future__ import annotations

import socket
from collections.abc import Generator
from socket import gaierror
from types import coroutine
from typing import Any

from ..syscalls.addresses import host_family, numeric
from ..syscalls.sockets import Connect
from ..syscalls.threads import RunInThread
from ..systemcall import brief


@coroutine
def resolve(host: str, port: int) -> Generator[Any, Any, Any]:
    """The addresses of a host that has a name, for `Connect`, `SendTo` and the like: pairs of host
    and port, all numbers, the best one first. An address that is a number already is its own.

    Raises `OSError` when there is no such host, or nobody can be asked.
    """
    if not isinstance(host, str):
        raise TypeError(f"a host is a name or a numeric address, not {brief(host)}")
    try:
        host_family(host)
    except ValueError:
        return (yield RunInThread(look_up, host, port))
    return [numeric((host, port))]


def look_up(host: str, port: int) -> list[Any]:
    """On a worker: ask the system."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # no name can be like that
        raise gaierror(socket.EAI_NONAME, f"there is no such host: {host}") from None
    except gaierror as error:
        raise gaierror(error.errno, f"{error.strerror}: {host}") from None
    return [without_zone(address) for *_, address in found]


def without_zone(address: Any) -> Any:
    """An address as calls take it: the zone of an IPv6 address is told by a number in it."""
    host, *rest = address
    return (host.partition("%")[0], *rest)


@coroutine
def connect(host: str, port: int) -> Generator[Any, Any, Any]:
    """A new socket that is connected to a host by its name: to the first of its addresses where
    somebody listens. Raises the `OSError` of the last of them.
    """
    failure: OSError | None = None
    for address in (yield resolve(host, port)):
        try:
            return (yield Connect(address))
        except OSError as error:
            failure = error
    assert failure is not None
    raise failure
