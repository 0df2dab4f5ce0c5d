"""What calls check of their arguments, so that a wrong one is refused at its own `yield`."""

from __future__ import annotations

from math import inf
from typing import Any

from .systemcall import brief


def check_kind(thing: Any, kind: type, words: str) -> None:
    """Raise `TypeError` for what is not of the kind that is called so: "a channel"."""
    if not isinstance(thing, kind):
        raise wrong_kind(thing, words)


def wrong_kind(thing: Any, words: str) -> TypeError:
    return TypeError(f"{words} is wanted here, not {brief(thing)}")


def check_count(count: Any, least: int, rule: str) -> None:
    """Raise `ValueError` for what is no whole number of at least so many, with the rule."""
    if type(count) is not int or count < least:
        raise ValueError(f"{rule}, not {brief(count)}")


def check_seconds(
    seconds: Any, refusal: str = "cannot wait for {} seconds", least: float = 0.0
) -> None:
    """Raise `TypeError` for what is no number, `ValueError`, with the refusal, for no time."""
    try:
        if not least <= seconds < inf:
            raise ValueError(refusal.format(seconds))
    except TypeError:
        raise TypeError(f"seconds are a number, not {brief(seconds)}") from None
