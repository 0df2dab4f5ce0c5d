"""The keys that SSH needs: those that may join, and the one that the system is known by.

`authorized_keys` is read as sshd does, but for one thing: a line with an option whose meaning is
not known here lets nobody in, since it may be a restriction. Certificates are not taken either.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import asyncssh

from ..history import NO_WAITING
from ..system import Failure

#: Bytes of a file of keys that are read, at most.
LARGEST: Final = 1024 * 1024

#: The permission of others to write, and any permission of others.
WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
ANY: Final = stat.S_IRWXG | stat.S_IRWXO

#: What a kind of key begins with, as no option does.
KINDS: Final = ("ssh-", "ecdsa-", "sk-")

#: An option at the beginning of a line, and those that asyncssh or we see to, or that forbid what
#: is not offered here anyway.
OPTION = re.compile(r'([^\s,="]+)(?:="(?:\\.|[^"\\])*")?(?:,|(?=\s))')
KNOWN: Final = {
    *("command", "environment", "from", "no-pty", "permitlisten", "permitopen", "pty", "restrict"),
    *("X11-forwarding", "agent-forwarding", "port-forwarding", "user-rc", "x11-forwarding"),
    *("no-X11-forwarding", "no-agent-forwarding", "no-port-forwarding", "no-touch-required"),
    *("no-user-rc", "no-x11-forwarding"),
}


def authorized_keys(file: Path) -> asyncssh.SSHAuthorizedKeys:
    """The keys in the file that may join. Raises `Failure` if there is none, or if others could
    have put one there.
    """
    try:
        text = read(file, WRITE)
    except FileNotFoundError:
        why = f"there is no file {file}; put public keys into it"
    except PermissionError as error:
        why = f"{file}: {error.strerror or error}"
    except OSError as error:
        why = f"{file} cannot be read: {error.strerror or error}"
    else:
        lines = [line for line in text.splitlines() if is_usable(line)]
        if lines:
            return asyncssh.import_authorized_keys("\n".join(lines))
        why = f"there is no key in {file}; put public keys into it"
    raise Failure(f"nobody may join by SSH: {why}, or name another file: --ssh-keys FILE")


def is_usable(line: str) -> bool:
    """Whether the line holds a key, and no option that is not known."""
    try:
        asyncssh.import_authorized_keys(line)
    except ValueError:
        return False
    return KNOWN.issuperset(options(line.strip()))


def options(line: str) -> list[str]:
    """The names of the options in a line of `authorized_keys`."""
    names: list[str] = []
    position = 0
    if not line.startswith(KINDS):
        while match := OPTION.match(line, position):
            names.append(match[1])
            position = match.end()
        if not line[position : position + 1].isspace():
            names.append(line[position:])  # what is no option is none that is known
    return names


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The key of this system, which is kept in the folder, and made at first. Raises `Failure`."""
    file = folder / "ssh_host_key"
    try:
        if not file.exists():
            make_key(file)
        return asyncssh.import_private_key(read(file, ANY))
    except OSError as error:
        raise Failure(f"cannot keep the host key {file}: {error.strerror or error}") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise Failure(f"{file} is no host key; remove it, and another is made") from None


def make_key(file: Path) -> None:
    """Make a key, in one step: another process finds the whole of it, or nothing. If that has made
    one meanwhile, it is that one. Raises `OSError`.
    """
    key = asyncssh.generate_private_key("ssh-ed25519", comment="PyOS")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd, new = tempfile.mkstemp(dir=file.parent)  # which nobody else may read
    try:
        with open(fd, "wb") as out:
            out.write(key.export_private_key())
        place(new, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)


def place(new: str, file: Path) -> None:
    """Give the new file its name, unless there is one by now."""
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    except OSError:  # not every disk has a second name for a file
        os.replace(new, file)


def read(file: Path, forbidden: int) -> str:
    """The text of a file of keys. Raises `OSError`, also if it is somebody else's, or if others
    have one of the permissions that are `forbidden`.
    """
    fd = os.open(file, os.O_RDONLY | NO_WAITING)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if os.name == "posix":
            check(file, status, forbidden)
        with open(fd, "rb", closefd=False) as opened:
            return opened.read(LARGEST).decode("utf-8", "replace")
    finally:
        os.close(fd)


def check(file: Path, status: os.stat_result, forbidden: int) -> None:
    """Raise `PermissionError` if others could have written to the file, or may read what they must
    not.
    """
    folder = os.stat(file.parent)
    if status.st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "it belongs to another user")
    if status.st_mode & forbidden:
        remedy = "chmod go-w" if forbidden == WRITE else "chmod go="
        raise PermissionError(errno.EPERM, f"others have permissions: {remedy} {file}")
    if folder.st_mode & WRITE and not folder.st_mode & stat.S_ISVTX:
        raise PermissionError(errno.EPERM, f"others may replace it: chmod go-w {file.parent}")
