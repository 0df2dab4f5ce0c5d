"""Files of commands: for `pyos FILE`, `source`, `play`, and when a prompt begins."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

#: A file of commands has so many characters at most.
LONGEST: Final = 1_000_000


class NotCommands(Exception):
    """A file that has no commands for us; the message is one line for the user."""


def read(file: str) -> str:
    """The text of a file of commands. Raises `NotCommands`."""
    if file.endswith(".py"):
        raise NotCommands(f"{file} is a program: run it with pyos -c 'spawn {file}; wait'")
    try:
        with Path(file).expanduser().open(encoding="utf-8-sig") as opened:
            text = opened.read(LONGEST + 1)
    except OSError as error:
        raise NotCommands(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotCommands(f"cannot read {file}: it is not UTF-8 text") from None
    except (ValueError, RuntimeError) as error:  # a character that no path has; no such user
        raise NotCommands(f"cannot read {file}: {error}") from None
    if len(text) > LONGEST:
        raise NotCommands(f"cannot read {file}: it has more than {LONGEST:,} characters")
    return text


def read_regular(file: str) -> str:
    """The same, but of no pipe or device, which might keep us waiting for ever."""
    with suppress(OSError, ValueError, RuntimeError):  # `read` says what is wrong
        mode = Path(file).expanduser().stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise NotCommands(f"cannot read {file}: it is no regular file")
    return read(file)


def startup_file(environ: Mapping[str, str] = os.environ) -> str | None:
    """The file that a prompt begins with: the one that `PYOS_STARTUP` names, which may be none, or
    else `pyos/startup` in the user's folder of configurations, if there is one.
    """
    named = environ.get("PYOS_STARTUP")
    if named is not None:
        return named or None
    try:
        file = configuration_folder(environ) / "pyos" / "startup"
        return str(file) if file.is_file() else None
    except (OSError, RuntimeError):  # nobody's home
        return None


def configuration_folder(environ: Mapping[str, str]) -> Path:
    """Where programs keep what a user has set: as the XDG base directory specification says, and
    on Windows where `APPDATA` is.
    """
    if sys.platform == "win32" and environ.get("APPDATA"):
        return Path(environ["APPDATA"])
    chosen = Path(environ.get("XDG_CONFIG_HOME", ""))
    return chosen if chosen.is_absolute() else Path.home() / ".config"
