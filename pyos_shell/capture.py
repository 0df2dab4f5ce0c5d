"""Keeps for the console what is its own: the terminal.

`print` in a task goes to `Output`, but a child process knows nothing of that: it writes to the
descriptors that it is given, into the middle of the line being typed, and reads the keys away. So
the console takes the terminal to descriptors of its own, and puts a pipe and an empty file in its
place.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .output import Output

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2

#: Bytes that are taken out of the pipe at a time.
HELPING: Final = 65_536


@contextmanager
def captured(output: Output) -> Iterator[None]:
    """In this block whoever writes to the descriptors of stdout and stderr writes to `output`, and
    whoever reads from stdin is at its end; `sys.stdin` and `sys.stdout` are still the terminal.
    """
    if os.name != "posix":
        yield
        return
    former = sys.stdin, sys.stdout
    kept = [os.dup(fd) for fd in (STDIN, STDOUT, STDERR)]
    sys.stdin = os.fdopen(kept[STDIN], "r", closefd=False, encoding=sys.stdin.encoding)
    sys.stdout = os.fdopen(
        kept[STDOUT], "w", closefd=False, encoding=sys.stdout.encoding, errors="replace"
    )
    redirect(output)
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal may be gone
            sys.stdout.flush()
        sys.stdin, sys.stdout = former
        for fd, own in zip((STDIN, STDOUT, STDERR), kept, strict=True):
            os.dup2(own, fd)
            os.close(own)


def redirect(output: Output) -> None:
    """Have the usual descriptors lead to nothing, and to a pipe that is read for `output`."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    reader, writer = os.pipe()
    for fd, new in ((STDIN, nothing), (STDOUT, writer), (STDERR, writer)):
        if os.isatty(fd):  # a user may have sent stderr to a file
            os.dup2(new, fd)
    os.close(nothing)
    os.close(writer)
    name = "pyos children's output"
    threading.Thread(target=pass_on, args=(reader, output), name=name, daemon=True).start()


def pass_on(reader: int, output: Output) -> None:
    """Give `output` what comes through the pipe, until nobody has its other end any more."""
    try:
        while data := os.read(reader, HELPING):
            output.write_bytes(data)
    finally:
        os.close(reader)
