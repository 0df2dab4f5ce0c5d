"""What is wrong with a line, told without running it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .command import known_as
from .line import Word, given
from .mistake import Missing, Mistake
from .reading import STATEMENT, Part, Reader, read
from .statement import Statement, parse

if TYPE_CHECKING:
    from .live import Live
    from .parameter import Parameter
    from .signature import Signature


def check(line: str, live: Live | None = None) -> Mistake | None:
    """The first mistake in a line, as far as it can be told before it runs; None if there is none.

    With the `live` system, the number of a task that has never been is one as well.
    """
    return None if given(line) else next(mistakes(line, live, None), None)


def check_typed(line: str, cursor: int, live: Live | None = None) -> Mistake | None:
    """What is wrong with a line that is being typed: nothing that the cursor touches, for more may
    come there, and nothing that is only missing yet.
    """
    if given(line):
        return None
    for mistake in mistakes(line, live, cursor):
        unfinished = isinstance(mistake, Missing) and not line[mistake.end :].strip(" \t")
        if not (unfinished or touches(cursor, mistake)):
            return mistake
    return None


def mistakes(line: str, live: Live | None, cursor: int | None) -> Iterator[Mistake]:
    """What is wrong with how the line is put together, and if nothing is, the first mistake of each
    of its parts.
    """
    try:
        statements = parse(line)
    except Mistake as mistake:
        if cursor is None or not isinstance(mistake, Missing):
            yield mistake
        statements = []
    reading = read(line)
    for part in reading.parts[:-1] if reading.trouble is not None else reading.parts:
        found = mistake_in(part, live, cursor) if part.words else None
        if found is not None:
            yield found
        if live is not None:
            live = live.later()
    for statement in statements:
        yield from forbidden_pipe(statement, live)


def forbidden_pipe(statement: Statement, live: Live | None) -> Iterator[Mistake]:
    """What is wrong with a pipe behind a command that has none."""
    name = statement.words[0].text
    command = known_as(name)
    if command is not None and (live is None or name not in live.aliases):
        try:
            command.forbid_pipe(statement)
        except Mistake as mistake:
            yield mistake


def touches(cursor: int, place: Word | Mistake) -> bool:
    """Whether the cursor is in it, or at its end."""
    return place.start is not None and place.start <= cursor <= (place.end or place.start)


def mistake_in(part: Part, live: Live | None, cursor: int | None) -> Mistake | None:
    """The first mistake of a part. A word that the cursor touches is not judged by its value, nor
    one with a variable, which has none yet.
    """
    reader = Reader(part.signature, live)
    signature: Signature | None = None
    try:
        for word in part.words:
            signature = reader.signatures[-1]
            role = reader.take(word)
            if role.trouble is not None:
                raise role.trouble
            unknown = word.variables or (cursor is not None and touches(cursor, word))
            if role.parameter is None or role.value is None or unknown:
                continue
            role.parameter.value(role.value)
            signature = None  # it fits; what is said from here on has nothing to do with the usage
            check_value(role.parameter, role.value, live)
        signature = reader.signatures[-1]
        reader.finish(part.words[-1].end)
    except Mistake as mistake:
        if signature is not None and signature not in (STATEMENT, part.signature):
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
