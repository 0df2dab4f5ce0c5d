"""The words of a line, one after the other: what each is to a function, and what may come next.

This is all the grammar that arguments have. Whoever runs a line goes through it this way, and so
does whoever only looks at it while it is typed.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from .line import Word
from .mistake import Missing, Mistake, did_you_mean, excerpt
from .parameter import Kind, Parameter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

OPTION: Final = re.compile(r"-(?!\.?\d).", re.DOTALL)  # so -5 and -.5 are arguments, as is -


class Role(NamedTuple):
    """What a word is: an option of `parameter`'s, its `value`, or both; or else the `trouble` is
    why it is neither. The `--` that ends the options is nothing of all this.
    """

    word: Word
    parameter: Parameter | None = None
    value: Word | None = None
    trouble: Mistake | None = None


class Walk:
    """Takes the words that are given to a function."""

    def __init__(
        self,
        parameters: Sequence[Parameter],
        interspersed: bool = True,
        reserved: Collection[str] = (),
    ) -> None:
        self.parameters = parameters
        self.interspersed = interspersed
        self.reserved = reserved
        #: The parameters that words of this place, and the next ones, are for.
        self.places = deque(each for each in parameters if not each.named)
        #: The options that have been given, and the last one as long as its value has not come.
        self.given: set[str] = set()
        self.option: Role | None = None
        #: Whether what looks like an option is an argument.
        self.options_over = False

    def expected(self) -> Parameter | None:
        """What the next word gives a value, if it is no option."""
        if self.option is not None:
            return self.option.parameter
        return self.places[0] if self.places else None

    def take(self, word: Word) -> Role:
        """What the next word is."""
        option, self.option = self.option, None
        if option is None and not self.options_over and (chosen := self.choice(word)) is not None:
            return self.take_choice(word, chosen)
        looks_like_option = not self.options_over and OPTION.match(word.text)
        if option is not None and not looks_like_option:
            return Role(word, option.parameter, word)
        if option is not None:
            return Role(word, trouble=takes_a_value(option, Mistake))
        if looks_like_option and word.text == "--":
            self.options_over = True
            return Role(word)
        return self.take_option(word) if looks_like_option else self.take_argument(word)

    def take_option(self, word: Word) -> Role:
        """`--name`, `--no-name`, or `--name=VALUE`."""
        spelling, equals, _ = word.text.partition("=")
        parameter = self.named(spelling)
        if parameter is None:
            return self.trouble(word, self.unknown(spelling))
        if parameter.name in self.given:
            return self.trouble(word, f"{excerpt(spelling)} is given twice")
        if parameter.kind is Kind.FLAG and equals:
            return self.trouble(word, f"{spelling} takes no value")
        self.given.add(parameter.name)
        role = Role(word, parameter, after_equals(word) if equals else None)
        if parameter.kind is Kind.OPTION and not equals:
            self.option = role
        return role

    def choice(self, word: Word) -> Parameter | None:
        """The option that takes a choice, if the word is one behind a dash: `-INT`."""
        if word.text.startswith("-"):
            for each in self.parameters:
                if each.kind is Kind.OPTION and each.conversion.choices:
                    with suppress(ValueError):
                        each.conversion.parse(word.text[1:])
                        return each
        return None

    def take_choice(self, word: Word, parameter: Parameter) -> Role:
        """`-INT`, which is short for `--signal INT`."""
        if parameter.name in self.given:
            return self.trouble(word, f"{parameter.label} is given twice")
        self.given.add(parameter.name)
        return Role(word, parameter, word._replace(text=word.text[1:]))

    def take_argument(self, word: Word) -> Role:
        """A word whose place counts."""
        self.options_over = self.options_over or not self.interspersed
        if not self.places:
            return self.trouble(word, f"'{excerpt(word.text)}' is one too many")
        parameter = self.places[0]
        if parameter.kind is Kind.ARGUMENT:
            self.places.popleft()
        return Role(word, parameter, word)

    def finish(self, end: int | None) -> None:
        """There are no more words. Raises `Missing` if there had to be more."""
        if self.option is not None:
            raise takes_a_value(self.option, Missing)
        options = [each for each in self.parameters if each.named]
        for parameter in (*self.places, *options):
            if parameter.required and parameter.name not in self.given:
                raise Missing(f"{parameter.label} is missing", end)

    def options(self) -> dict[str, Parameter]:
        """The options that may still be given, as they are spelled."""
        if self.options_over:
            return {}
        free = [each for each in self.parameters if each.name not in self.given]
        return {spelling: each for each in free for spelling in each.spellings}

    def named(self, spelling: str) -> Parameter | None:
        """The parameter that the option sets, if there is one."""
        for each in self.parameters:
            if spelling in each.spellings:
                return each
        name = spelling[2:].replace("-", "_") if spelling.startswith("--") else ""
        for each in self.parameters:
            if each.kind is Kind.OPTIONS and name and name not in self.reserved:
                return each._replace(name=name, kind=Kind.OPTION, metavar=name.upper())
        return None

    def unknown(self, spelling: str) -> str:
        """Why there is no such option."""
        for each in self.parameters:
            if each.kind is Kind.ARGUMENT and f"--{each.name.replace('_', '-')}" == spelling:
                return f"no option {spelling}; {each.label} is given without a name"
        spellings = [each for parameter in self.parameters for each in parameter.spellings]
        meant = did_you_mean("--" + spelling.lstrip("-"), spellings)
        return f"no option {excerpt(spelling)}{meant}"

    @staticmethod
    def trouble(word: Word, message: str) -> Role:
        return Role(word, trouble=Mistake(message, word.start, word.end))


def takes_a_value(option: Role, kind: type[Mistake]) -> Mistake:
    """What is said of an option without its value."""
    word = option.word
    return kind(f"{excerpt(word.text)} takes a value", word.start, word.end)


def after_equals(option: Word) -> Word:
    """The value in `--name=VALUE`, with its place, or that of it all if parts are quoted."""
    _, _, value = option.text.partition("=")
    quoted = option.end - option.start != len(option.text)
    return Word(value, option.start if quoted else option.end - len(value), option.end)
