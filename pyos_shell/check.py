"""What is wrong with a line, told without running it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .line import Word, given
from .mistake import Missing, Mistake
from .reading import Reader, Reading, read

if TYPE_CHECKING:
    from .live import Live


def check(line: str, live: Live | None = None) -> Mistake | None:
    """The first mistake in a line, as far as it can be told before it runs; None if there is none.

    With the `live` system, the number of a task that has never been is one as well.
    """
    if given(line):
        return None
    reading = read(line)
    return next(mistakes(reading, live, None), reading.unclosed)


def check_typed(line: str, cursor: int, live: Live | None = None) -> Mistake | None:
    """What is wrong with a line that is being typed: nothing that the cursor touches, for more may
    come there, and nothing that is only missing yet.
    """
    return None if given(line) else next(mistakes(read(line), live, cursor), None)


def mistakes(reading: Reading, live: Live | None, cursor: int | None) -> Iterator[Mistake]:
    """The first mistake of each statement; of none if the cursor is there."""
    for number, words in enumerate(reading.statements):
        # An earlier command may start the task that a later one is about.
        mistake = mistake_in(words, None if number else live, cursor) if words else None
        if mistake is None:
            continue
        last = number == len(reading.statements) - 1
        if cursor is None or not (touches(cursor, mistake) or (last and is_missing(mistake))):
            yield mistake


def is_missing(mistake: Mistake) -> bool:
    return isinstance(mistake, Missing)


def touches(cursor: int, place: Word | Mistake) -> bool:
    """Whether the cursor is in it, or at its end."""
    return place.start is not None and place.start <= cursor <= (place.end or place.start)


def mistake_in(words: list[Word], live: Live | None, cursor: int | None) -> Mistake | None:
    """The first mistake of a statement. What the cursor touches is not judged by its value."""
    reader = Reader()
    try:
        for word in words:
            signature = reader.signatures[-1]
            role = reader.take(word)
            if role.trouble is not None:
                raise role.trouble
            if cursor is None or not touches(cursor, word):
                judge(role.parameter, role.value, live)
        signature = reader.signatures[-1]
        reader.finish(words[-1].end)
    except Mistake as mistake:
        if signature.name:
            mistake.usage = mistake.usage or f"usage: {signature.usage}"
        return mistake
    return None


def judge(parameter: Any, value: Word | None, live: Live | None) -> None:
    """Raise `Mistake` if it is no value of the parameter. A type whose values can be wrong though
    they can be read has a classmethod `check(word, live)` for that.
    """
    if parameter is None or value is None:
        return
    parameter.value(value)
    check_value: Any = getattr(parameter.type, "check", None)
    if callable(check_value):
        check_value(value, live)
