"""The lines that have been typed, kept in a file that any number of consoles share.

The file is prompt_toolkit's: each line with a `+` before it, and a comment that says when. New ones
are written behind the others in one go. A file that has grown too large is written anew with its
last lines; whoever waited for its lock then finds another file in its place, and takes that.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from .line import given

if sys.platform != "win32":
    import fcntl

#: Lines that are kept, and the bytes of the file that are read, at most: its end.
LINES: Final = 10_000
BYTES: Final = 1024 * 1024

#: A file of more bytes than this is written anew.
LARGEST: Final = 2 * BYTES

#: A file of more bytes is more than any console has written.
STRANGE: Final = 4 * LARGEST

#: Lines that the editor is given in one go.
HELPING: Final = 500

#: The newest lines that a suggestion is looked for in: with each key, so it must be quick.
LOOKED_THROUGH: Final = 2_000

#: A pipe in the place of the file would have us wait for its other end.
NO_WAITING: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

#: How often another one's lock is looked at, and the seconds between two looks.
TRIES: Final = 20
MOMENT: Final = 0.005


def default_file() -> Path:
    """Where the system wants such a file to be."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "pyos" / "history"


class SharedHistory(History):
    """The history in `file`; in memory only, if that is None. What is wrong with the file is told
    to `warn`, once, and the history then lasts as long as the console.
    """

    def __init__(self, file: Path | None, warn: Callable[[str], None]) -> None:
        super().__init__()
        self.file = file
        self.tell = warn

    def warn(self, trouble: str) -> None:
        """Say what is wrong, and leave the file alone from now on."""
        file, self.file = self.file, None
        self.tell(f"the history {file} {trouble}")

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines, the newest first. An editor asks for all of them before each line that is
        typed, so between two helpings other things have their turn.
        """
        if not self._loaded:
            self._loaded_strings = list(self.load_history_strings())
            self._loaded = True
        for number, line in enumerate(self._loaded_strings[:], 1):
            yield line
            if number % HELPING == 0:
                await asyncio.sleep(0)

    def append_string(self, string: str) -> None:
        """Keep a line, unless it begins with a blank, or is for a task: it may be a secret."""
        if string[:1].isspace() or any(map(given, string.split("\n"))):
            return
        super().append_string(string)
        del self._loaded_strings[LINES:]

    def load_history_strings(self) -> Iterable[str]:
        """The lines in the file, the newest first."""
        if self.file is None:
            return []
        try:
            return list(reversed(self.read(self.file)))
        except FileNotFoundError:
            return []
        except OSError as error:
            self.warn(f"cannot be read: {error.strerror}")
            return []

    def read(self, file: Path) -> list[str]:
        """The lines in the file, the oldest first. One that has grown too large is made smaller."""
        with opened(file, os.O_RDONLY) as fd:
            size = os.fstat(fd).st_size
            data = end_of(fd, size)
        lines, whole = parsed(data, from_start=size <= BYTES)
        if size > STRANGE:
            self.tell(f"the history {file} has {size / 1e6:.0f} MB: only its end is read")
        elif not whole:
            self.tell(f"the history {file} is damaged: what is no line of it is left out")
        if size > LARGEST:
            with suppress(OSError):
                shorten(file, lines)
        return lines

    def store_string(self, string: str) -> None:
        """Write a line behind the others."""
        if self.file is None:
            return
        text = entry(string, time.strftime("%Y-%m-%d %H:%M:%S"))
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with opened(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as fd:
                os.write(fd, text.encode("utf-8", "replace"))
        except OSError as error:
            self.warn(f"cannot be written: {error.strerror}")


def entry(line: str, comment: str) -> str:
    """A line as it stands in the file; one that was pasted may have several rows."""
    return f"\n# {comment}\n" + "".join(f"+{row}\n" for row in line.split("\n"))


@contextmanager
def opened(file: Path, flags: int) -> Iterator[int]:
    """The file, which nobody else has meanwhile. Raises `OSError`, for what is no file as well."""
    while True:
        fd = os.open(file, flags | NO_WAITING, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            lock(fd)
            if same(fd, file):
                yield fd
                return
        finally:
            os.close(fd)


def lock(fd: int) -> None:
    """Wait until nobody else has the file, where the system offers that, and not for long. Raises
    `OSError` where somebody keeps it.
    """
    if sys.platform != "win32":
        for _ in range(TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(MOMENT)
        raise OSError(errno.EBUSY, "somebody else keeps it locked")


def same(fd: int, file: Path) -> bool:
    """Whether the open file still is the one of this name."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(file))
    except FileNotFoundError:
        return False


def end_of(fd: int, size: int) -> bytes:
    """The last bytes of the file."""
    os.lseek(fd, max(0, size - BYTES), os.SEEK_SET)
    data = bytearray()
    while part := os.read(fd, BYTES):
        data += part
    return bytes(data)


def parsed(data: bytes, from_start: bool) -> tuple[list[str], bool]:
    """The lines in the bytes, and whether there is nothing else."""
    lines: list[str] = []
    parts: list[str] = []
    whole = True
    rows = data.decode("utf-8", "replace").split("\n")
    for row in rows if from_start else rows[rows.index("") if "" in rows else 1 :]:
        if row.startswith("+"):
            parts.append(row[1:])
            continue
        whole = whole and (not row or row.startswith("#"))
        if parts:
            lines.append("\n".join(parts))
            parts = []
    if parts:
        lines.append("\n".join(parts))
    return lines[-LINES:], whole


def shorten(file: Path, lines: list[str]) -> None:
    """Write the file anew with these lines."""
    text = "".join(entry(each, "kept") for each in lines)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with opened(file, os.O_RDONLY) as fd:
        if os.fstat(fd).st_size <= LARGEST:
            return  # another console has done it meanwhile
        try:
            written = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(written, "w", encoding="utf-8", errors="replace", newline="") as out:
                out.write(text)
            os.replace(new, file)
        finally:
            new.unlink(missing_ok=True)


class SuggestLines(AutoSuggest):
    """Suggests the newest line that begins with what has been typed."""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        text = document.text
        if not text.strip():
            return None
        for line in buffer.history.get_strings()[: -LOOKED_THROUGH - 1 : -1]:
            if line.startswith(text) and "\n" not in line:
                return Suggestion(line[len(text) :])
        return None
