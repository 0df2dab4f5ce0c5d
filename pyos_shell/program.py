"""What `spawn` can start, and how its name is read.

A program is a typed generator function or `async def` whose docstring is its help. It is named by
 - the name of a built-in program: `echo_server`;
 - a function in a file: `path/to/file.py:function`;
 - a function in a package: `package.module:function`;
 - or a file alone, a script that makes a `Scheduler` of its own: `server.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from . import programs
from .line import Word, quote
from .mistake import Mistake, did_you_mean, excerpt
from .signature import Signature


@dataclass
class Program:
    """A function that makes a task, under the name that was typed."""

    name: str
    function: Callable[..., Any]

    @cached_property
    def signature(self) -> Signature:
        return Signature.of(self.function, name=self.name)


@dataclass(frozen=True)
class Reference:
    """Where a program is: a `function` in a `file` or in a `module`; no function for a script."""

    text: str
    file: Path | None
    module: str
    function: str


def built_in(name: str) -> Program:
    """The built-in program of this name."""
    module = import_module(f"{programs.__name__}.{name}")
    return Program(name, getattr(module, name))


def built_in_names() -> list[str]:
    """The names of all built-in programs."""
    return sorted(module.name for module in iter_modules(programs.__path__))


def refer(word: Word) -> Reference:
    """What a word that names no built-in program refers to. Raises `Mistake` at the word."""
    place, colon, function = word.text.rpartition(":")
    if not colon or not function.isidentifier():
        place, function = word.text, ""
    if place.endswith(".py") or (set("/\\") & set(place) and function):
        return Reference(word.text, existing(place, word), "", function)
    if function and all(part.isidentifier() for part in place.split(".")):
        return Reference(word.text, None, place, function)
    meant = did_you_mean(word.text, built_in_names()) or "; type programs for all of them"
    raise Mistake(f"no program '{excerpt(word.text)}'{meant}", word.start, word.end)


def existing(place: str, word: Word) -> Path:
    """The file at `place`. Raises `Mistake` at the word if there is none that can be read."""
    path = Path(place).expanduser()
    try:
        if path.is_file():
            return path.resolve()
        trouble = "is a directory" if path.is_dir() else "does not exist"
    except (OSError, ValueError) as error:
        trouble = f"cannot be read: {error}"
    raise Mistake(f"the file {quote(excerpt(place))} {trouble}", word.start, word.end)
