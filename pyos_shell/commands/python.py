"""Commands about the Python of tasks: evaluate an expression among them, and load code anew."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Any

from kernel import Evaluate, KernelError, ListCode
from kernel.task import in_words

from ..answers import Notice, Value
from ..command import command
from ..line import Word, parse
from ..loader import Loading, LoadingFailed, imported_anew
from ..mistake import Mistake
from ..program import built_in, built_in_names, refer
from ..system import Failure, System
from ..tid import Tid
from .tasks import patience

QUOTES = ("'", '"')


@command()
def py(system: System, expression: Word, *expression_: Word, task: Tid | None = None) -> Value:
    """Evaluate an expression of Python inside the kernel.

    It sees `kernel`, and `tasks`, the living ones by tid. No task runs
    meanwhile. What is `;`, `#`, `>` or `|` to the console needs quotes around
    the whole: `py '3 > 2'`. It is given up where it takes too long.

    task: also see the variables of this task's innermost frame, and `task`
    """
    source, start = written(system.line, (expression, *expression_))
    try:
        compile(source, "<py>", "eval")
    except SyntaxError as error:
        place = start + (error.offset or 1) - 1
        end = start + (error.end_offset or 0) - 1
        message = f"no expression of Python: {error.msg}"
        raise Mistake(message, min(place, len(system.line)), max(place + 1, end)) from None
    except Exception as error:
        raise Failure(in_words(error)) from None
    try:
        return Value(system.ask(Evaluate(source, task)))
    except KernelError as error:
        raise Failure(str(error)) from None


def written(line: str, words: tuple[Word, ...]) -> tuple[str, int]:
    """The words as they were typed, and where they begin in the line. Quotes around the whole are
    the line's, all others are the expression's own.
    """
    start, end = words[0].start, words[-1].end
    source = line[start:end]
    texts = [word.text for word in words]
    if [word.text for statement in parse(source) for word in statement] != texts:
        return " ".join(texts), start  # they were not typed, but put in for what was
    if len(words) == 1 and source[:1] in QUOTES and source == source[0] + texts[0] + source[0]:
        return texts[0], start + 1
    return source, start


@command()
def reload(system: System, program: Word) -> Notice:
    """Load a program anew from its file.

    The next `spawn` runs it as it is on disk now; tasks that are in it go on
    with the code that they began with, and it is said which those are. (The
    file of `path/to/file.py:function`, and the modules beside it, are loaded
    anew by each `spawn` anyway.)
    """
    file = file_of(program)
    fresh = compiled(file, program)
    if program.text in built_in_names():
        module = importlib.import_module(built_in(program.text).function.__module__)
        with patience(program):
            Loading(program.text, lambda: importlib.reload(module)).result(system)
    former = [
        tid for tid, codes in system.ask(ListCode(str(file))).items() if not fresh.issuperset(codes)
    ]
    said = f"the next spawn of {program.text} runs the code of now"
    if former:
        numbers = ", ".join(map(str, former))
        said += f"; in former code: task{'s' * (len(former) > 1)} {numbers}"
    return Notice(said)


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
