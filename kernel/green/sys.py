"""`sys` as a green program sees it: its own modules, arguments and path, and a stdin that suspends
the task only.
"""

from __future__ import annotations

import io
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..fibers import call
from ..syscalls.lines import TakeLine

if TYPE_CHECKING:
    from .program import GreenProgram

#: Looked up in the real module as long as the program has put nothing in their places.
LATE = ("stdout", "stderr", "__stdout__", "__stderr__")


class Sys(ModuleType):
    """The module."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


class Stdin(io.TextIOBase):
    """The lines that a person types for the task, or that come through its pipe."""

    encoding = "utf-8"
    errors = "strict"
    name = "<stdin>"
    mode = "r"

    def __init__(self) -> None:
        super().__init__()
        #: What is left of a line.
        self.rest = ""

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        line = self.rest
        if not line:
            try:
                line = call(TakeLine()) + "\n"
            except EOFError:
                return ""
        end = len(line) if size is None or size < 0 else size
        self.rest = line[end:]
        return line[:end]

    def read(self, size: int | None = -1, /) -> str:
        if size is None or size < 0:
            return "".join(iter(self.readline, ""))
        parts, left = [], size
        while left and (part := self.readline(left)):
            parts.append(part)
            left -= len(part)
        return "".join(parts)

    @property
    def buffer(self) -> StdinBytes:
        return StdinBytes(self)


class StdinBytes(io.RawIOBase):
    """`sys.stdin.buffer`."""

    def __init__(self, text: Stdin) -> None:
        super().__init__()
        self.text = text
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self.rest or self.text.readline().encode("utf-8", "surrogateescape")
        count = min(len(buffer), len(data))
        buffer[:count], self.rest = data[:count], data[count:]
        return count


def make(program: GreenProgram) -> ModuleType:
    module = Sys("sys", sys.__doc__)
    vars(module).update({name: each for name, each in vars(sys).items() if name not in LATE})
    vars(module).update(
        modules=program.modules,
        argv=program.argv,
        path=program.path,
        stdin=program.stdin,
        __stdin__=program.stdin,
    )
    return module
