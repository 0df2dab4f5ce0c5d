"""A file of Python that is edited: read, and saved as it was, with its encoding and line ends."""

from __future__ import annotations

import inspect
import os
import tokenize
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from .local import function_name
from .mistake import excerpt
from .program import built_in, built_in_names

#: Bytes of a file that is edited here, at most.
LARGEST: Final = 1_000_000

#: What a new program begins as.
TEMPLATE: Final = '''\
"""What this file is about."""

from kernel import *


def {name}(times: int = 3):
    """Tell in a line what it does."""
    for number in range(times):
        print("{name}", number)
        yield Sleep(1)
'''

#: What tells one state of a file from another: its time, its size, and which file it is.
Stamp = tuple[int, int, int]


class NotEditable(Exception):
    """The file cannot be read here, or not saved; the message is one line for the user."""


@dataclass
class ProgramFile:
    """A file, and how its text is written there. `stamp` is the state of the file that is known of;
    None if there was none.
    """

    path: Path
    text: str
    encoding: str = "utf-8"
    newline: str = os.linesep
    stamp: Stamp | None = None

    @property
    def is_new(self) -> bool:
        return self.stamp is None

    def changed_meanwhile(self) -> bool:
        """Whether somebody else has written to the file, or removed it. That is known then, so the
        same change is told once.
        """
        known, self.stamp = self.stamp, stamp_of(self.path)
        return self.stamp != known

    def save(self, text: str) -> None:
        """Write this text. Raises `NotEditable`."""
        encoding = encoding_of(text.encode("utf-8", "surrogatepass"), self.path)
        if self.encoding == "utf-8-sig" and encoding == "utf-8":
            encoding = self.encoding
        try:
            data = text.replace("\n", self.newline).encode(encoding)
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            message = f"{encoding} has no {error.object[error.start]!r}, which is in line {line}"
            raise NotEditable(message) from None
        try:
            self.path.write_bytes(data)
        except OSError as error:
            raise NotEditable(f"cannot write {self.path}: {error.strerror}") from None
        self.text, self.encoding, self.stamp = text, encoding, stamp_of(self.path)


def open_program(name: str) -> ProgramFile:
    """The file of this name, to which `.py` may be missing. A new one has a small program in it, or
    a copy of the built-in one of this name. Raises `NotEditable`.
    """
    try:
        path = Path(name if name.endswith(".py") else f"{name}.py").expanduser()
        path.lstat()
        return read_program(path)
    except FileNotFoundError:
        return ProgramFile(path, beginning(path.stem))
    except OSError as error:
        raise NotEditable(f"cannot read {excerpt(name)}: {error.strerror}") from None
    except (ValueError, RuntimeError) as error:  # no name of a file; no such user
        raise NotEditable(f"cannot read {excerpt(name)}: {error}") from None


def beginning(name: str) -> str:
    """What a new file of this name has in it."""
    if name in built_in_names():
        return inspect.getsource(inspect.getmodule(built_in(name).function) or built_in)
    return TEMPLATE.format(name=function_name(name))


def read_program(path: Path) -> ProgramFile:
    """The file as it is on disk."""
    stamp = stamp_of(path)
    if not path.is_file():
        raise NotEditable(f"{path} is {'a directory' if path.is_dir() else 'no file'}")
    if stamp is not None and stamp[1] > LARGEST:
        raise NotEditable(f"{path} has {stamp[1]:,} bytes, too many for here: edit --external")
    data = path.read_bytes()
    encoding = encoding_of(data, path)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotEditable(f"{path} is no {encoding}, as line {line} shows") from None
    if "\0" in text:
        raise NotEditable(f"{path} is no text")
    crlf = text.count("\r\n")
    newline = "\r\n" if 2 * crlf > text.count("\n") else "\n"
    return ProgramFile(path, text.replace("\r\n", "\n"), encoding, newline, stamp)


def encoding_of(data: bytes, path: Path) -> str:
    """The encoding of a file of Python, as its first lines tell. Raises `NotEditable`."""
    try:
        return tokenize.detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError as error:
        unknown = str(error.msg).startswith("unknown encoding")
        raise NotEditable(f"{path}: {error.msg if unknown else 'it is no utf-8'}") from None


def stamp_of(path: Path) -> Stamp | None:
    """The state of the file; None if there is none, or none that can be seen."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
