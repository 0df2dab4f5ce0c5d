"""Programs of asyncio's, which `spawn --asyncio` starts: how they are named, and what their tasks
are made of.
"""

from __future__ import annotations

from collections.abc import Sequence

from kernel import NoGreenlets, hosted
from kernel.task import Target

from .line import Word
from .mistake import Mistake, excerpt
from .program import Program, built_in_names, split
from .system import Failure


def check_name(word: Word) -> None:
    """Raise `Mistake` for what is named in another way than such a program."""
    if word.text in built_in_names() or not split(word.text)[1]:
        example = word.text if word.text.endswith(".py") else "module"
        message = f"--asyncio takes a function in a module or file, such as {excerpt(example)}:main"
        raise Mistake(message, word.start, word.end)


def host_target(program: Program, word: Word, arguments: Sequence[Word]) -> Target:
    """What a task is made of for such a program. Raises `Mistake`."""
    function = program.function
    if isinstance(function, type) or not callable(function):
        kind = "a class" if isinstance(function, type) else "no function"
        message = f"{excerpt(program.name)} is {kind}: name an async def, or what calls asyncio.run"
        raise Mistake(message, word.start, word.end)
    end = arguments[-1].end if arguments else word.end
    values, options = program.signature.bind(arguments, end)
    try:
        return hosted(function, *values, **options)
    except NoGreenlets as error:
        raise Failure(str(error)) from None
    except TypeError as error:
        raise Mistake(str(error), word.start, word.end) from None
