"""What the toolbar tells about the command at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .command import aliases, commands, known_as
from .line import given
from .parameter import Parameter
from .reading import STATEMENT, Place, Reader, place
from .signature import Signature, UsagePart

if TYPE_CHECKING:
    from .live import Live


class Hint(NamedTuple):
    """A usage: the names at its beginning, its parts, the one that is typed now, and a line about
    that, or about all.
    """

    names: str
    parts: list[UsagePart]
    current: Parameter | None
    about: str


def hint(before: str, live: Live | None = None) -> Hint | None:
    """What there is to know at the end of the text `before` the cursor; None if nothing is."""
    here = None if given(before) else place(before, live)
    if here is None:
        return None
    if here.reader.signatures[-1] is STATEMENT:
        return of_name(here)
    signature = here.reader.signatures[-1]
    current = current_parameter(here)
    about = current.help if current is not None else ""
    return Hint(names(here.reader), signature.parts, current, about or signature.summary)


def of_name(here: Place) -> Hint | None:
    """While the name of a command is typed: its usage, as soon as no other can be meant."""
    typed = here.word.text
    fitting = [name for name in (*commands(), *aliases()) if name.startswith(typed)]
    name = typed if typed in fitting else fitting[0] if len(fitting) == 1 else ""
    found = known_as(name)
    if found is None or len(here.reader.walk.places) == 1:  # behind a command that there is not
        return None
    signature: Signature = found.signature
    return Hint(name, signature.parts, None, signature.summary)


def names(reader: Reader) -> str:
    """The names of the command and, behind it, of the program."""
    return " ".join(each.name for each in reader.signatures if each.name)


def current_parameter(here: Place) -> Parameter | None:
    """The parameter that is typed at the cursor: the option that begins so, or whose value is due,
    or else the argument.
    """
    walk, word = here.reader.walk, here.word.text
    if walk.option is None and word.startswith("-"):
        spelling, equals, _ = word.partition("=")
        fitting = [
            each
            for spelled, each in walk.options().items()
            if spelled == spelling or (not equals and spelled.startswith(spelling))
        ]
        return fitting[0] if fitting else None
    return walk.expected()
