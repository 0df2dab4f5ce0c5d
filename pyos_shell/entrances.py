"""Where further consoles may come in, as the command line has it: `--listen PATH`, `--ssh PORT`."""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .system import Failure

if TYPE_CHECKING:
    from .server import Entrance

#: This machine only.
LOOPBACK: Final = "127.0.0.1"

LARGEST_PORT: Final = 65_535

#: `2222`, `example.org:2222`, `[::1]:2222`.
ADDRESS = re.compile(r"(?:(?:\[([^]\s]+)\]|([^]:\s[]+)):)?([0-9]{1,5})", re.ASCII)


def entrances_for(options: argparse.Namespace) -> list[Entrance]:
    """The entrances that are asked for. Raises `Failure` if one of them cannot be."""
    if options.read_only and options.listen is None and options.ssh is None:
        raise Failure("--read-only says what consoles may do that --listen or --ssh serves")
    if options.ssh_keys is not None and options.ssh is None:
        raise Failure("--ssh-keys says whose keys may join by --ssh PORT")
    entrances: list[Entrance] = []
    with ExitStack() as stack:
        for wanted, make in ((options.listen, at_path), (options.ssh, over_ssh)):
            if wanted is not None:
                entrances.append(make(options))
                stack.callback(entrances[-1].close)
        stack.pop_all()
    return entrances


def at_path(options: argparse.Namespace) -> Entrance:
    """A Unix socket, which `pyos attach` joins."""
    from .server import Listener

    return Listener(options.listen, options.read_only, options.history)


def over_ssh(options: argparse.Namespace) -> Entrance:
    """A port, which `ssh` joins. Raises `Failure` also where what it needs is not installed."""
    host, port = address(options.ssh)
    try:
        from .ssh.listener import SshListener
    except ModuleNotFoundError as error:
        if error.name != "asyncssh":
            raise
        raise Failure("--ssh needs asyncssh: pip install 'pyos-shell[ssh]'") from None
    keys = options.ssh_keys or Path.home() / ".ssh" / "authorized_keys"
    return SshListener(host, port, Path(keys), options.read_only, options.history)


def address(text: str) -> tuple[str, int]:
    """The host and the port that `text` names. Raises `Failure`."""
    match = ADDRESS.fullmatch(text)
    if match is None or int(match[3]) > LARGEST_PORT:
        raise Failure(f"--ssh takes a port, such as 2222, or a host and a port: {LOOPBACK}:2222")
    return match[1] or match[2] or LOOPBACK, int(match[3])
