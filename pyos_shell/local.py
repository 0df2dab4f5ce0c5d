"""Programs in the current folder, which go by the bare names of their files: `dance` is `dance.py`.

Its program is the function of the same name, or else the only one there is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from .candidates import entries
from .outline import Function, outline

#: Files that are looked into for a list of programs, at most.
MOST: Final = 100


class LocalProgram(NamedTuple):
    """A program in the current folder; `function` is None if it has several, or is not to be
    seen.
    """

    name: str
    file: Path
    function: Function | None


def find_local(name: str) -> LocalProgram | None:
    """The program of this name in the current folder, if there is one."""
    if not name or name.startswith((".", "-")) or set(name) & set("/\\:\0"):
        return None
    file = Path(f"{name}.py")
    try:
        return LocalProgram(name, file, main_function(file)) if file.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def main_function(file: Path) -> Function | None:
    """The function that the file's name means."""
    known = outline(file)
    if known is None:
        return None
    public = [each for each in known.functions if not each.startswith("_")]
    name = function_name(file.stem)
    if name not in known.functions and len(public) == 1:
        name = public[0]
    return known.functions.get(name)


def function_name(stem: str) -> str:
    """The name that a function can have, of a file of this name."""
    letters = "".join(letter if letter.isalnum() else "_" for letter in stem)
    return letters if letters.isidentifier() else f"_{letters}"


def local_programs() -> Iterator[LocalProgram]:
    """Those files of the current folder that have a program of their name."""
    files = [entry.name for entry in entries(os.curdir) if entry.name.endswith(".py")]
    for name in files[:MOST]:
        found = find_local(name.removesuffix(".py"))
        if found is not None and found.function is not None:
            yield found
