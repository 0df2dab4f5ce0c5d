"""Commands about the Python of tasks."""

from __future__ import annotations

import importlib

from kernel import Evaluate, KernelError, ListCode
from kernel.task import in_words

from ..answers import Notice, Value
from ..command import command
from ..line import Word, tokens
from ..loader import Loading
from ..mistake import Mistake
from ..program import ProgramName, built_in, built_in_names
from ..source import compiled, file_of
from ..system import Failure, System
from ..tid import Tid
from .tasks import patience

QUOTES = ("'", '"')


@command()
def py(system: System, expression: Word, *expression_: Word, task: Tid | None = None) -> Value:
    """Evaluate an expression of Python.

    That is done inside the kernel, where no task runs meanwhile. It sees
    `kernel`, and `tasks`, the living ones by tid. What is `;`, `#`, `>` or `|`
    to the console needs quotes around the whole: `py '3 > 2'`. It is given up
    where it takes too long.

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
    if [token.text for token in tokens(source)] != texts:
        return " ".join(texts), start  # they were not typed, but put in for what was
    if len(words) == 1 and source[:1] in QUOTES and source == source[0] + texts[0] + source[0]:
        return texts[0], start + 1
    return source, start


@command()
def reload(system: System, program: ProgramName) -> Notice:
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
