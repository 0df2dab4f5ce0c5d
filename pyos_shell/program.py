"""What `spawn` can start, and how its name is read.

A program is a typed function whose docstring is its help: a generator function, an `async def`, or
a plain one, which makes its calls by `call(…)`. It is named by
 - the name of a built-in program: `echo_server`;
 - that of a file in the current folder, without its `.py`, if it has a program of the same name;
 - a function in a file: `path/to/file.py:function`;
 - a function in a package: `package.module:function`;
 - or a file alone, a script that makes a `Scheduler` of its own: `server.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from itertools import islice
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, Final

from . import programs
from .candidates import Candidate, files
from .line import Word, quote
from .local import LocalProgram, find_local, function_name, local_programs
from .mistake import Mistake, did_you_mean, excerpt
from .outline import Outline, outline
from .signature import Signature

if TYPE_CHECKING:
    from .live import Live

#: Functions that are named where it is not clear which is meant, at most.
SHOWN: Final = 3

#: Files that are looked through for the one that was meant.
MOST: Final = 1_000


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


@cache
def built_in(name: str) -> Program:
    """The built-in program of this name."""
    module = import_module(f"{programs.__name__}.{name}")
    return Program(name, getattr(module, name))


@cache
def built_in_names() -> list[str]:
    """The names of all built-in programs."""
    return sorted(module.name for module in iter_modules(programs.__path__))


def is_program(text: str) -> bool:
    """Whether `spawn` would know it: a built-in program, or a file of Python."""
    return text in built_in_names() or ".py" in text or find_local(text) is not None


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
    local = find_local(word.text)
    if local is not None:
        return refer_to(local, word)
    meant = did_you_mean(word.text, built_in_names()) or "; type programs for all of them"
    raise Mistake(f"no program '{excerpt(word.text)}'{meant}", word.start, word.end)


def refer_to(local: LocalProgram, word: Word) -> Reference:
    """The program in the current folder. Raises `Mistake` at the word if it is not clear which
    function that is.
    """
    known = outline(local.file)
    if local.function is None and known is not None and known.functions:
        names = " or ".join(f"{local.file}:{name}" for name in list(known.functions)[:SHOWN])
        message = f"{local.file} has several functions, none of its name; name one: {names}"
        raise Mistake(message, word.start, word.end)
    name = "" if known is not None else function_name(local.file.stem)
    function = local.function.name if local.function is not None else name
    return Reference(word.text, existing(str(local.file), word), "", function)


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
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each in islice(entries, MOST) if each.name.endswith(".py")]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


class ProgramName(Word):
    """The word that names a program."""

    metavar: ClassVar[str] = "PROGRAM"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The built-in programs, files of Python, and behind the colon of one its functions."""
        place, function = split(begun)
        if function is not None:
            yield from functions(place)
            return
        for name in built_in_names():
            yield Candidate(name, built_in(name).signature.summary)
        for local in local_programs():
            if local.function is not None and local.name not in built_in_names():
                yield Candidate(local.name, local.function.summary, str(local.file))
        for each in files(begun, is_python):
            if begun or not each.text.endswith("/"):
                yield each

    @classmethod
    def candidates_with(
        cls, options: Collection[str], begun: str, live: Live | None
    ) -> Iterable[Candidate]:
        """The same behind options of the command's: a green script is a file, and a program of
        asyncio's a function, in a file or a module.
        """
        place, function = split(begun)
        if "asyncio" in options and function is not None:
            return functions(place)
        if "asyncio" in options or "green" in options:
            return files(begun, is_python)
        return cls.candidates(begun, live)

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        """Raise `Mistake` if there is no such program, as far as that is known before it runs."""
        if word.text in built_in_names():
            return
        reference = refer(word)
        known = outline_at(reference)
        if known is not None and known.whole and reference.function not in known.functions:
            raise no_function(word, reference, list(known.functions))

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        return "typed.program" if is_program(word.text) or ":" in word.text else ""


class ProgramWords(Word):
    """The words behind the name of a program: its arguments."""

    metavar: ClassVar[str] = "ARGUMENTS"

    @classmethod
    def signature(cls, name: Word, live: Live | None) -> Signature | None:
        """What takes them; None if that is not known before the program's file has run."""
        if name.text in built_in_names():
            return built_in(name.text).signature
        local = find_local(name.text)
        if local is not None:
            return local.function.signature if local.function is not None else None
        place, function = split(name.text)
        if function is None:
            return None
        known = outline_of_place(place)
        found = known.functions.get(function) if known is not None else None
        return found.signature if found is not None else None


def is_python(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".py")


def functions(place: str) -> Iterator[Candidate]:
    """The functions of a file or a module, of which any may be a program."""
    known = outline_of_place(place)
    for each in known.functions.values() if known is not None else ():
        yield Candidate(f"{place}:{each.name}", each.summary)


def outline_of_place(place: str) -> Outline | None:
    """The functions of a file, or of a module, which is not imported for that."""
    if place.endswith(".py"):
        return outline(Path(os.path.expanduser(place)))
    file = module_file(place)
    return outline(file) if file is not None else None


def module_file(name: str) -> Path | None:
    """The file of a module that can be imported from the current folder, if it is in Python."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for folder in ("", *sys.path):
        module = Path(folder, *parts)
        for file in (module / "__init__.py", module.with_suffix(".py")):
            if os.path.isfile(file):  # which is false for what no file can be called
                return file
    return None


def outline_at(reference: Reference) -> Outline | None:
    """The functions of the file where it is, if it is in one and can be looked into."""
    if reference.file is None or not reference.function:
        return None
    return outline(reference.file)


def no_function(word: Word, reference: Reference, names: list[str]) -> Mistake:
    """What is said where the file or package has no function of this name."""
    place = word.text.rpartition(":")[0]
    meant = did_you_mean(reference.function, names)
    message = f"there is no function {reference.function} in {excerpt(place)}{meant}"
    return Mistake(message, word.start, word.end)
