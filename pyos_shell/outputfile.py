"""The file of `> FILE`."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from .line import quote
from .mistake import Mistake, excerpt
from .output import mended
from .statement import Redirection

#: To open what is no file, such as a pipe without a reader, might wait for ever; on Windows text
#: would be changed.
FLAGS: Final = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class OutputFile:
    """A file that is open for output. What was in it is lost only when `begin` is called, or
    something written: until then it may turn out that there is nothing to be written.
    """

    def __init__(self, redirection: Redirection) -> None:
        """Open it. Raises `Mistake` at its name if it cannot be written to."""
        word = redirection.file
        self.name = quote(excerpt(word.text))
        self.append = redirection.append
        try:
            path = Path(word.text).expanduser()
            self.fd = os.open(path, FLAGS | (os.O_APPEND if self.append else 0), 0o666)
        except (OSError, ValueError, RuntimeError) as error:
            raise Mistake(self.trouble(error), word.start, word.end) from None
        mode = os.fstat(self.fd).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
            self.close()
            raise Mistake(f"cannot write to {self.name}: it is no file", word.start, word.end)
        if os.name == "posix":
            os.set_blocking(self.fd, True)
        #: Whether what is in the file is still to be lost.
        self.full = stat.S_ISREG(mode) and not self.append

    def begin(self) -> None:
        """Empty it, unless what comes is to stand behind what there is. Raises `OSError`."""
        if self.full:
            os.truncate(self.fd, 0)
            self.full = False

    def write(self, tid: int, text: str) -> None:
        """Write all that a task prints, or a command answers, in UTF-8. Raises `OSError`."""
        self.begin()
        data = mended(text).encode("utf-8", "replace")
        while data:
            data = data[os.write(self.fd, data) :]

    def __enter__(self) -> OutputFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; whoever writes to it yet gets an error, and hits no other file."""
        fd, self.fd = self.fd, -1
        os.close(fd)

    def trouble(self, error: Exception) -> str:
        """Why it cannot be written to, in one line."""
        return f"cannot write to {self.name}: {getattr(error, 'strerror', None) or error}"
