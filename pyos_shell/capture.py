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
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .output import Output

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2

#: Bytes that are taken out of the pipe at a time.
HELPING: Final = 65_536

#: Seconds that the last words of children are waited for, where one still lives.
PATIENCE: Final = 0.1


class Capture:
    """In its `with` block whoever writes to the descriptors of stdout and stderr writes to
    `output`, and whoever reads from stdin is at its end; `sys.stdin` and `sys.stdout` are still
    the terminal.
    """

    def __init__(self, output: Output) -> None:
        self.output = output
        self.former = sys.stdin, sys.stdout
        #: The terminal's own descriptors, by what they were.
        self.kept: dict[int, int] = {}

    def __enter__(self) -> Capture:
        if os.name == "posix":
            self.redirect()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.kept:
            return
        with suppress(OSError):  # the terminal may be gone
            sys.stdout.flush()
        sys.stdin, sys.stdout = self.former
        self.give_back()
        for own in self.kept.values():
            os.close(own)

    def redirect(self) -> None:
        """Take the terminal away, and have the usual descriptors lead to nothing and to a pipe."""
        reader, writer = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for fd, new in ((STDIN, nothing), (STDOUT, writer), (STDERR, writer)):
            if os.isatty(fd):  # a user may have sent stderr to a file
                self.kept[fd] = os.dup(fd)
                os.dup2(new, fd)
        os.close(nothing)
        os.close(writer)
        keyboard, screen = self.former
        sys.stdin = os.fdopen(self.kept[STDIN], encoding=keyboard.encoding, closefd=False)
        sys.stdout = os.fdopen(
            self.kept[STDOUT], "w", encoding=screen.encoding, errors="replace", closefd=False
        )
        self.reading = threading.Thread(
            target=self.pass_on, args=(reader,), name="pyos children", daemon=True
        )
        self.reading.start()

    def pass_on(self, reader: int) -> None:
        """Give `output` what comes through the pipe, until nobody has its other end any more."""
        try:
            while data := os.read(reader, HELPING):
                self.output.write_bytes(data)
        finally:
            os.close(reader)

    def give_back(self) -> None:
        """The usual descriptors are the terminal again; wait for what has been written before."""
        for fd, own in self.kept.items():
            os.dup2(own, fd)
        if self.kept:
            self.reading.join(PATIENCE)
