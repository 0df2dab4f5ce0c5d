"""What a function takes, and the words of a line turned into just that.

Commands and programs are typed functions. A positional parameter is an argument, given by its
place; a keyword-only one is an option, `--name VALUE` or `--name=VALUE`; a keyword-only `bool`
is a flag, `--name` without a value, or `--no-name` if it is true by default. An underscore of
the name is a dash on the line; a last one, as in `from_`, is only there for Python.

    def echo_server(port: int = 45000, *, host: str = "127.0.0.1", verbose: bool = False)

    echo_server [PORT=45000] [--host=127.0.0.1] [--verbose]

In this line of usage `[ ]` may be left out, `…` may be repeated, `|` is a choice, and what
follows `=` is what is taken when nothing is given. An option that is a choice of names can be given
by a dash and the name alone: `-INT` for `--signal INT`.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .conversion import UNCONVERTIBLE
from .mistake import Mistake
from .parameter import REQUIRED, Kind, Parameter, described
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .line import Word

HELP: Final = re.compile(r"^\s*(\w+): +(\S.*)$", re.MULTILINE)
MEANING: Final = re.compile(r"^ +(\w+(?:, \w+)*)  +(\S[^:\n]*)", re.MULTILINE)


class UsagePart(NamedTuple):
    """A part of a usage, `[--name NAME]`, and the parameters that it stands for."""

    text: str
    parameters: tuple[Parameter, ...]


class Signature(NamedTuple):
    """What a function takes from a line, and what its usage says of that."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    interspersed: bool  # options may follow the first argument
    reserved: frozenset[str]  # names that `**kwargs` must not be given

    @classmethod
    def of(
        cls,
        function: Callable[..., object],
        skip: int = 0,
        name: str | None = None,
        interspersed: bool = True,
    ) -> Signature:
        """The signature of `function` without its first `skip` parameters, which others fill.

        With `*args: Word` the arguments are passed raw, for somebody else to bind; options after
        the first argument are then theirs, as they are plain arguments if not `interspersed`.
        A line `port: where to listen` of the docstring is the help of the parameter `port`, an
        indented line `KILL  ends it at once` tells what the choice `KILL` means.
        """
        taken = list(inspect.signature(function).parameters.values())
        doc = inspect.getdoc(function) or ""
        namespace = getattr(inspect.unwrap(function), "__globals__", {})
        help_of, meanings = dict(HELP.findall(doc)), meanings_in(doc)
        parameters = tuple(described(each, namespace, help_of, meanings) for each in taken[skip:])
        raw = any(each.kind is Kind.ARGUMENTS and each.is_raw for each in parameters)
        return cls(
            name=getattr(function, "__name__", "") if name is None else name,
            doc=doc,
            parameters=parameters,
            interspersed=interspersed and not raw,
            reserved=frozenset(each.name for each in taken),
        )

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def usage(self) -> str:
        """How to type it: `kill TID…`, `spawn [--name NAME] PROGRAM [ARGUMENTS…]`."""
        return " ".join([self.name, *(part.text for part in self.parts)])

    @property
    def outline(self) -> str:
        """The same without the options: `spawn PROGRAM [ARGUMENTS…]`."""
        return " ".join([self.name, *(part.text for part in self._places)])

    @property
    def parts(self) -> list[UsagePart]:
        """The usage behind the name: options last, unless what follows an argument is another's."""
        named = [each for each in self.parameters if each.named and each is not JSON]
        options = [UsagePart(each.usage, (each,)) for each in named]
        return [*self._places, *options] if self.interspersed else [*options, *self._places]

    @property
    def _places(self) -> list[UsagePart]:
        """The arguments in the usage, where `TID [TID…]`, one or more, is `TID…`."""
        parts: list[UsagePart] = []
        for each in self.parameters:
            if each.named:
                continue
            if parts and each.usage == f"[{parts[-1].text}…]":
                parts[-1] = UsagePart(f"{parts[-1].text}…", (*parts[-1].parameters, each))
            else:
                parts.append(UsagePart(each.usage, (each,)))
        return parts

    def walk(self) -> Walk:
        """A walk through words that are given to it."""
        return Walk(self.parameters, self.interspersed, self.reserved)

    def bind(
        self, words: Sequence[Word], end: int | None = None
    ) -> tuple[list[Any], dict[str, Any]]:
        """The arguments and keyword arguments that `words` (without the name) stand for.

        What is left out is left to the function's own defaults. Raises `Mistake`, with the usage,
        at the word that does not fit, or `Missing` at `end`, the end of the line.
        """
        if end is None and words:
            end = words[-1].end
        try:
            return self._bound(words, end)
        except Mistake as mistake:
            mistake.usage = mistake.usage or f"usage: {self.usage}"
            raise

    def has_flag(self, flag: Parameter, words: Sequence[Word]) -> bool:
        """Whether the flag is among `words`, which need not fit otherwise."""
        walk = self.walk()
        return any(role.parameter is flag and role.value is None for role in map(walk.take, words))

    def _bound(self, words: Sequence[Word], end: int | None) -> tuple[list[Any], dict[str, Any]]:
        walk = self.walk()
        arguments: list[Any] = []
        options: dict[str, Any] = {}
        for role in map(walk.take, words):
            if role.trouble is not None:
                raise role.trouble
            parameter = role.parameter
            if role.value is not None and parameter is not None:
                value = parameter.value(role.value)
                if parameter.named:
                    options[parameter.name] = value
                else:
                    arguments.append(value)
            elif parameter is not None and parameter.kind is Kind.FLAG:
                options[parameter.name] = role.word.text == parameter.label
        walk.finish(end)
        for parameter in self.parameters:
            if parameter.kind is Kind.FLAG and parameter.default is REQUIRED:
                options.setdefault(parameter.name, False)
        return arguments, options


def meanings_in(doc: str) -> dict[str, str]:
    """What the choices mean of which a docstring tells, one or several on an indented line."""
    return {
        name: text.rstrip(",.; ")
        for names, text in MEANING.findall(doc)
        for name in names.split(", ")
    }


#: Every command takes it, so no line of usage names it.
JSON: Final = Parameter(
    name="json",
    kind=Kind.FLAG,
    type=bool,
    default=False,
    metavar="JSON",
    help="answer in JSON, on one line",
    conversion=UNCONVERTIBLE,
)
