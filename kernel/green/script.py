"""The way in for a script."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from ..fibers import fiber


def green_script(file: str, *arguments: str) -> Generator[Any, Any, Any]:
    """What a task is made of whose program is an ordinary script that may block, unchanged:
    `NewTask(green_script("server.py", "8000"))`.

    Its `sys.argv` has the arguments. It ends when the script and its threads have ended, with the
    status that it gave to `sys.exit`, if any. Raises `OSError` or `SyntaxError` for what is no
    script.
    """
    from .program import GreenProgram  # which needs greenlet, and much else

    path = Path(file).resolve()
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    steps: Any = fiber(GreenProgram(path, list(arguments)).run, code)
    steps.__qualname__ = path.name
    made: Generator[Any, Any, Any] = steps
    return made
