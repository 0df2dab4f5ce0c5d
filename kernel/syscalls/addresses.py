"""Socket addresses, in words and from a person's words."""

from __future__ import annotations

import socket
from typing import Any


def in_words(address: Any) -> str:
    """`127.0.0.1:45000`, `[::1]:45000`, or the path of a Unix socket."""
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    if isinstance(address, bytes):
        address = address.decode(errors="replace")
    return str(address) or "unnamed"


def connection(sock: Any) -> str:
    """`here ← there` of a connected socket, `here` of another; empty for what is no open socket."""
    if not isinstance(sock, socket.socket):
        return ""
    try:
        here = in_words(sock.getsockname())
    except OSError:
        return ""
    try:
        return f"{here} ← {in_words(sock.getpeername())}"
    except OSError:
        return here


def family_of(address: Any) -> socket.AddressFamily:
    """Which kind of socket goes with `address`: a pair of host and port, or a path.

    Raises `TypeError` or `ValueError`, in words, for what is no address. Host names other than
    `localhost` are refused: to look one up would make everybody wait.
    """
    if isinstance(address, (str, bytes)):
        if not hasattr(socket, "AF_UNIX"):
            raise ValueError("this system has no Unix sockets: give an address (host, port)")
        return socket.AF_UNIX
    if not (isinstance(address, tuple) and len(address) in (2, 4)):
        raise TypeError(f"an address is a pair (host, port), not {address!r}")
    host, port = address[:2]
    if not (isinstance(port, int) and 0 <= port <= 65535):
        raise ValueError(f"a port is a number from 0 to 65535, not {port!r}")
    return host_family(host)


def host_family(host: Any) -> socket.AddressFamily:
    """Which kind of socket goes with a host. Raises `ValueError` for a name."""
    if host in ("", "localhost"):
        return socket.AF_INET
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, TypeError):
            continue
        return family
    raise ValueError(f"a host is a numeric address such as 127.0.0.1, or localhost, not {host!r}")


def numeric(address: Any) -> Any:
    """`address` with `localhost` as its number, so that no name is looked up."""
    if isinstance(address, tuple) and address[0] == "localhost":
        return ("127.0.0.1", *address[1:])
    return address
