"""What is wrong with a line, told without running it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .line import Word, given
from .mistake import Missing, Mistake
from .reading import Reader, Reading, read

if TYPE_CHECKING:
    from .live import Live
    from .parameter import Parameter
    from .signature import Signature


def check(line: str, live: Live | None = None) -> Mistake | None:
    """The first mistake in a line, as far as it can be told before it runs; None if there is none.

    With the `live` system, the number of a task that has never been is one as well.
    """
    if given(line):
        return None
    reading = read(line)
    return reading.unclosed or next(mistakes(reading, live, None), None)


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
        unfinished = last and (isinstance(mistake, Missing) or reading.unclosed is not None)
        if cursor is None or not (unfinished or touches(cursor, mistake)):
            yield mistake


def touches(cursor: int, place: Word | Mistake) -> bool:
    """Whether the cursor is in it, or at its end."""
    return place.start is not None and place.start <= cursor <= (place.end or place.start)


def mistake_in(words: list[Word], live: Live | None, cursor: int | None) -> Mistake | None:
    """The first mistake of a statement. What the cursor touches is not judged by its value."""
    reader = Reader()
    signature: Signature | None = None
    try:
        for word in words:
            signature = reader.signatures[-1]
            role = reader.take(word)
            if role.trouble is not None:
                raise role.trouble
            touched = cursor is not None and touches(cursor, word)
            if role.parameter is None or role.value is None or touched:
                continue
            role.parameter.value(role.value)
            signature = None  # it fits; what is said from here on has nothing to do with the usage
            check_value(role.parameter, role.value, live)
        signature = reader.signatures[-1]
        reader.finish(words[-1].end)
    except Mistake as mistake:
        if signature is not None and signature.name:
            mistake.usage = mistake.usage or f"usage: {signature.usage}"
        return mistake
    return None


def check_value(parameter: Parameter, value: Word, live: Live | None) -> None:
    """Raise `Mistake` if there is nothing that the value means. A type of which that can be told
    has a classmethod `check(word, live)`.
    """
    own: Any = getattr(parameter.type, "check", None)
    if callable(own):
        own(value, live)
