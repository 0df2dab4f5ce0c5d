"""Where the source of a program is, found without running any of it."""

from __future__ import annotations

import ast
import inspect
import tokenize
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path
from sys import path as search_path
from typing import Final

from kernel import FrameInfo

from . import programs
from .answers import Source
from .line import Word
from .mistake import Mistake, did_you_mean, excerpt
from .program import Reference, built_in_names, refer
from .system import Failure

#: Bytes of a file that is shown, at most.
LARGEST: Final = 1_000_000

#: What the code of a whole file is called.
MODULE: Final = "<module>"


def of_program(word: Word) -> Source:
    """The source of the program that `word` names: of a built-in one or a script the whole file, or
    else the function. Raises `Mistake` at the word, `Failure` for what cannot be read.
    """
    if word.text in built_in_names():
        file = Path(programs.__path__[0]) / f"{word.text}.py"
        return Source(str(file), 1, lines_of(file))
    reference = refer(word)
    file = reference.file or file_of(reference, word)
    lines = lines_of(file)
    if not reference.function:
        return Source(str(file), 1, lines)
    first, last = place_of(reference.function, lines, file, word)
    return Source(str(file), first, lines[first - 1 : last])


def whole(found: Source) -> Source:
    """All of the file that something was found in."""
    return Source(found.file, 1, lines_of(Path(found.file)))


def of_task(frames: Sequence[FrameInfo], whole: bool) -> Source:
    """The function with which a task begins, or the `whole` file, with the lines marked at which
    the task stands there; of a script always all. Raises `Failure`.
    """
    outermost = frames[0]
    lines = lines_of(Path(outermost.file))
    first, last = 1, len(lines)
    if not whole and outermost.function != MODULE:
        first = max(1, outermost.first)
        with suppress(tokenize.TokenError, SyntaxError, IndexError):
            last = first - 1 + len(inspect.getblock([f"{line}\n" for line in lines[first - 1 :]]))
    standing = {frame.line for frame in frames if frame.file == outermost.file}
    marked = tuple(sorted(line for line in standing if first <= line <= last))
    elsewhere = len(standing) - len(marked)
    hint = "it stands in other functions of this file, too: add --all" if elsewhere else ""
    return Source(outermost.file, first, lines[first - 1 : last], marked, hint)


def lines_of(file: Path) -> list[str]:
    """The lines of a file as Python reads it. Raises `Failure`, also for one that is too large to
    have been written by anybody.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise Failure(f"{file} has more than {LARGEST:,} bytes, and is not shown")
        with tokenize.open(file) as stream:
            return [line.removesuffix("\n") for line in stream]  # a form feed ends none
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError):
        raise Failure(f"{file} cannot be read: it is no text") from None


def place_of(function: str, lines: list[str], file: Path, word: Word) -> tuple[int, int]:
    """The first and the last line of a function of a file."""
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Failure(f"{file} is no program: {error}") from None
    found = {
        node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if function not in found:
        meant = did_you_mean(function, found)
        message = f"there is no function {excerpt(function)} in {file.name}{meant}"
        raise Mistake(message, word.start, word.end)
    node = found[function]
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return first, node.end_lineno or first


def file_of(reference: Reference, word: Word) -> Path:
    """The file of a module, as it would be found from the current folder."""
    folders: list[str] | None = [str(Path.cwd()), *search_path]
    origin = None
    for part in reference.module.split("."):
        spec = PathFinder.find_spec(part, folders)
        if spec is None:
            raise Mistake(f"there is no module {excerpt(reference.module)}", word.start, word.end)
        origin = spec.origin
        folders = list(spec.submodule_search_locations or ())
    if origin is None or not origin.endswith(".py"):
        raise Failure(f"the module {reference.module} is not written in Python")
    return Path(origin)
