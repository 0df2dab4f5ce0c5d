"""The files that programs are in, and the code that is made of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Any

from .line import Word
from .loader import LoadingFailed, imported_anew
from .mistake import Mistake
from .program import built_in, built_in_names, refer


def file_of(word: Word) -> Path:
    """The file that a program is in. Raises `Mistake` at the word."""
    if word.text in built_in_names():
        return Path(built_in(word.text).function.__code__.co_filename)
    reference = refer(word)
    if reference.file is not None:
        return reference.file
    try:
        with imported_anew(Path.cwd()):
            spec = find_spec(reference.module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise Mistake(f"there is no module {reference.module}", word.start, word.end)
    return Path(spec.origin)


def compiled(file: Path, word: Word) -> set[CodeType]:
    """The code of all functions in the file, as it is on disk now."""
    try:
        code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise Mistake(message, word.start, word.end) from None
    except (SyntaxError, ValueError) as error:
        raise LoadingFailed(error) from None
    return set(nested(code))


def nested(code: CodeType) -> list[CodeType]:
    """A code, and all that is made in it."""
    inner: list[Any] = [part for part in code.co_consts if isinstance(part, CodeType)]
    return [code, *(each for part in inner for each in nested(part))]
