"""What `spawn` can start, and how its name is read.

A program is a typed generator function or `async def` whose docstring is its help. It is named by
 - the name of a built-in program: `echo_server`;
 - a function in a file: `path/to/file.py:function`;
 - a function in a package: `package.module:function`;
 - or a file alone, a script that makes a `Scheduler` of its own: `server.py`.
"""

from __future__ import annotations

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
    """What was found under the name that was typed: as a rule, a function that makes a task."""

    name: str
    function: Any

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


def is_program(text: str) -> bool:
    """Whether `spawn` would know it: a built-in program, or a file of Python."""
    return text in built_in_names() or ".py" in text


def refer(word: Word) -> Reference:
    """What a word that names no built-in program refers to. Raises `Mistake` at the word."""
    place, function = split(word.text)
    if place.endswith(".py") or set("/\\") & set(place):
        if function is not None and not function.isidentifier():
            message = f"'{excerpt(function)}' is no name of a function"
            raise Mistake(message, word.end - len(function), word.end)
        return Reference(word.text, existing(place, word), "", function or "")
    if function and all(part.isidentifier() for part in [function, *place.split(".")]):
        return Reference(word.text, None, place, function)
    meant = did_you_mean(word.text, built_in_names()) or "; type programs for all of them"
    raise Mistake(f"no program '{excerpt(word.text)}'{meant}", word.start, word.end)


def split(text: str) -> tuple[str, str | None]:
    """The place and the function of `place:function`; what follows a drive's colon is none."""
    place, colon, function = text.rpartition(":")
    if not colon or set("/\\") & set(function):
        return text, None
    return place, function


def existing(place: str, word: Word) -> Path:
    """The file at `place`. Raises `Mistake` at the word if there is none that can be read."""
    try:
        path = Path(place).expanduser()
        if path.is_file():
            return path.resolve()
        if path.is_dir():
            trouble = "is a directory"
        else:
            trouble = "is no file" if path.exists() else "does not exist" + neighbour(path)
    except OSError as error:
        trouble = f"cannot be read: {error.strerror}"
    except (ValueError, RuntimeError) as error:  # a character that no path has; no such user
        trouble = f"cannot be read: {error}"
    raise Mistake(f"the file {quote(excerpt(place))} {trouble}", word.start, word.end)


def neighbour(path: Path) -> str:
    """The end of a message: which file in the folder of `path` was meant, probably."""
    return did_you_mean(path.name, [each.name for each in path.parent.glob("*.py")])
