"""How a word of the line becomes a value of one type."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

LONGEST_NUMBER: Final = 1_000  # digits; Python can neither read nor print one of 4,301


class Conversion(NamedTuple):
    """How a text becomes a value of one type: `parse` answers it or raises `ValueError`."""

    parse: Callable[[str], object]
    expected: str = ""  # "a whole number"; if empty, the text of the ValueError says it all
    choices: tuple[str, ...] = ()


def conversion(of_type: Any) -> Conversion | None:
    """How a word becomes an `of_type`, or None if it cannot.

    A class of one's own has a classmethod `parse`, whose `ValueError` says what is wrong.
    """
    if get_origin(of_type) is Literal:
        return one_of({str(value): value for value in get_args(of_type)})
    if not isinstance(of_type, type):
        return None
    if callable(parse := getattr(of_type, "parse", None)):
        return Conversion(parse)
    if issubclass(of_type, Enum):
        return member_of(of_type)
    return Conversion(of_type, "a path") if is_path(of_type) else CONVERSIONS.get(of_type)


def member_of(of_type: type[Enum]) -> Conversion:
    """One of the members of an enumeration, by its name or by what else the class takes for it."""
    members = of_type.__members__.items()
    names = one_of({spelling(name, member.value): member for name, member in members})

    def parse(text: str) -> object:
        try:
            return names.parse(text)
        except ValueError:
            return of_type(text)

    return names._replace(parse=parse)


def is_path(of_type: type) -> bool:
    """Whether it is a class of `pathlib`, which is imported only if some path is meant."""
    if not issubclass(of_type, os.PathLike):
        return False
    from pathlib import PurePath

    return issubclass(of_type, PurePath)


def spelling(name: str, value: object) -> str:
    """How a member of an `Enum` is typed; one that is nothing but its name, as it is."""
    return name if value == name else name.lower().replace("_", "-")


def one_of(values: Mapping[str, object]) -> Conversion:
    """A choice of these names; neither case nor `_` for `-` matters."""
    folded = {fold(name): value for name, value in values.items()} | dict(values)

    def parse(text: str) -> object:
        name = text if text in folded else fold(text)
        if name not in folded:
            raise ValueError(text)
        return folded[name]

    expected = " or ".join(", ".join(values).rsplit(", ", 1))
    return Conversion(parse, expected, tuple(values))


def fold(name: str) -> str:
    """`name` in the one form that all its spellings have."""
    return name.casefold().replace("_", "-")


def whole_number(text: str) -> int:
    """The number, decimal or as `0x1f`. Raises `ValueError`, also if Python could not print it."""
    if len(text) > LONGEST_NUMBER:
        raise ValueError(text)
    try:
        return int(text, 0)
    except ValueError:
        return int(text)  # 007, which is no number where 0x7 is one


def refuse(text: str) -> object:
    """Raise `ValueError`, whatever the text is."""
    raise ValueError(text)


#: For the types of which nothing on a line is a value.
UNCONVERTIBLE: Final = Conversion(refuse, "what nobody can type on a line")
ANSWERS: Final = dict.fromkeys(("yes", "true", "on", "1"), True) | dict.fromkeys(
    ("no", "false", "off", "0"), False
)
CONVERSIONS: Final[Mapping[object, Conversion]] = {
    str: Conversion(str, "text"),
    object: Conversion(str, "text"),
    Any: Conversion(str, "text"),
    int: Conversion(whole_number, "a whole number"),
    float: Conversion(float, "a number"),
    bool: Conversion(one_of(ANSWERS).parse, "yes or no"),
    bytes: Conversion(str.encode, "text"),
}
