"""`builtins` of a green program: `__import__`, on which all rests, and what reads and prints."""

from __future__ import annotations

import builtins
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from .io import green_open
from .module import changed

if TYPE_CHECKING:
    from .program import GreenProgram


def leave(code: Any = None) -> NoReturn:
    """End the program, as `exit()` does."""
    raise SystemExit(code)


def make(program: GreenProgram) -> ModuleType:
    def printed(*values: Any, file: Any = None, **options: Any) -> None:
        """As `print`, to the program's own `sys.stdout`."""
        stream = program.sys.stdout if file is None else file
        if stream is not None:
            builtins.print(*values, file=stream, **options)

    def asked(prompt: object = "", /) -> str:
        """As `input`, from the program's own `sys.stdin`."""
        printed(prompt, end="", flush=True)
        line: str = program.sys.stdin.readline()
        if not line:
            raise EOFError("EOF when reading a line")
        return line.removesuffix("\n")

    printed.__name__ = printed.__qualname__ = "print"
    asked.__name__ = asked.__qualname__ = "input"
    return changed(
        builtins,
        __import__=program.importer.import_name,
        print=printed,
        input=asked,
        open=green_open,
        exit=leave,
        quit=leave,
    )
