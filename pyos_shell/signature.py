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
import os
import re
from collections import deque
from contextlib import suppress
from enum import Enum, auto
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from .conversion import UNCONVERTIBLE, Conversion, conversion
from .line import Word, quote
from .mistake import Mistake, did_you_mean, excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REQUIRED: Final = inspect.Parameter.empty
LONGEST_DEFAULT: Final = 16  # characters of a default shown in the usage
LONGEST_CHOICE: Final = 24  # characters of all choices together shown there
OPTION: Final = re.compile(r"-(?!\.?\d).", re.DOTALL)  # so -5 and -.5 are arguments, as is -
HELP: Final = re.compile(r"^\s*(\w+): +(\S.*)$", re.MULTILINE)


class Kind(Enum):
    """How a parameter is given on the line."""

    ARGUMENT = auto()  # by its place
    ARGUMENTS = auto()  # *args: all further ones
    OPTION = auto()  # --name VALUE
    FLAG = auto()  # --name
    OPTIONS = auto()  # **kwargs: options of any name


class Parameter(NamedTuple):
    """A parameter of a function as the line sees it."""

    name: str
    kind: Kind
    type: Any
    default: Any
    metavar: str
    help: str
    conversion: Conversion

    @property
    def required(self) -> bool:
        """Whether a line without it is a mistake."""
        return self.default is REQUIRED and self.kind in (Kind.ARGUMENT, Kind.OPTION)

    @property
    def named(self) -> bool:
        """Whether its name is on the line, rather than its place counting."""
        return self.kind in (Kind.OPTION, Kind.FLAG, Kind.OPTIONS)

    @property
    def label(self) -> str:
        """What messages call it: `PORT`, `--host`."""
        return "--" + self.name.rstrip("_").replace("_", "-") if self.named else self.metavar

    @property
    def spellings(self) -> tuple[str, ...]:
        """The options on the line that set it."""
        if self.kind is Kind.FLAG and self.default is True:
            return self.label, "--no-" + self.label.removeprefix("--")
        return (self.label,) if self.kind in (Kind.OPTION, Kind.FLAG) else ()

    @property
    def usage(self) -> str:
        """Its part in the usage line: `[PORT=45000]`, `--host HOST`, `[--all]`, `[TID…]`."""
        match self.kind:
            case Kind.FLAG:
                return f"[{self.spellings[-1]}]"
            case Kind.ARGUMENTS:
                return f"[{self.metavar}…]"
            case Kind.OPTIONS:
                return "[--NAME VALUE…]"
        choices = "|".join(self.conversion.choices)
        if not choices and (default := short(self.default)):
            return f"[{self.label}={default}]"
        value = choices if 0 < len(choices) <= LONGEST_CHOICE else self.metavar
        text = f"{self.label} {value}" if self.named else value
        return text if self.required else f"[{text}]"

    def value(self, word: Word) -> object:
        """What `word` means here. Raises `Mistake` at it if it is nothing of this type."""
        if self.type is Word:
            return word
        try:
            return self.conversion.parse(word.text)
        except ValueError as error:
            raise Mistake(self.refusal(word.text, error), word.start, word.end) from None

    def refusal(self, text: str, error: ValueError) -> str:
        """The message that `text` will not do."""
        expected, choices = self.conversion.expected, self.conversion.choices
        shown = f"'{excerpt(text)}'"
        if not expected:
            return str(error) or f"{self.label} cannot be {shown}"
        return f"{self.label} takes {expected}, not {shown}{did_you_mean(text, choices)}"


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
        A line `port: where to listen` of the docstring is the help of the parameter `port`.
        """
        taken = list(inspect.signature(function).parameters.values())
        doc = inspect.getdoc(function) or ""
        namespace = getattr(inspect.unwrap(function), "__globals__", {})
        help_of = dict(HELP.findall(doc))
        parameters = tuple(described(each, namespace, help_of) for each in taken[skip:])
        raw = any(each.kind is Kind.ARGUMENTS and each.type is Word for each in parameters)
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
        options = [each.usage for each in self.parameters if each.named]
        if self.interspersed:
            return " ".join([self.outline, *options])
        return " ".join([self.name, *options, *self._places])

    @property
    def outline(self) -> str:
        """The same without the options: `spawn PROGRAM [ARGUMENTS…]`."""
        return " ".join([self.name, *self._places])

    @property
    def _places(self) -> list[str]:
        """The arguments in the usage, where `TID [TID…]`, one or more, is `TID…`."""
        text = " ".join(each.usage for each in self.parameters if not each.named)
        return [re.sub(r"(?<!\S)(\S+) \[\1…\]", r"\1…", text)] if text else []

    def bind(
        self, words: Sequence[Word], end: int | None = None
    ) -> tuple[list[Any], dict[str, Any]]:
        """The arguments and keyword arguments that `words` (without the name) stand for.

        What is left out is left to the function's own defaults. Raises `Mistake`, with the usage,
        at the word that does not fit, or at `end`, the end of the line, if one is missing.
        """
        if end is None and words:
            end = words[-1].end
        try:
            arguments, options = self._split(words)
            return self._arguments(arguments, end), self._options(options, end)
        except Mistake as mistake:
            mistake.usage = mistake.usage or f"usage: {self.usage}"
            raise

    def _split(self, words: Sequence[Word]) -> tuple[list[Word], dict[str, Any]]:
        """The words that are arguments, and the values of the options."""
        arguments: list[Word] = []
        options: dict[str, Any] = {}
        pending = deque(words)
        while pending:
            word = pending.popleft()
            if word.text == "--":
                break
            if (choice := self._choice(word)) is not None:
                self._once(choice, word, options)
                options[choice.name] = choice.value(word._replace(text=word.text[1:]))
            elif OPTION.match(word.text):
                self._option(word, pending, options)
            else:
                arguments.append(word)
                if not self.interspersed:
                    break
        return [*arguments, *pending], options

    def _option(self, word: Word, pending: deque[Word], options: dict[str, Any]) -> None:
        """Add the option that `word` begins to `options`, with its value from `pending`."""
        spelling, given, _ = word.text.partition("=")
        parameter = self._named(spelling, word)
        self._once(parameter, word, options)
        if parameter.kind is Kind.FLAG:
            if given:
                raise Mistake(f"{spelling} takes no value", word.start, word.end)
            options[parameter.name] = spelling == parameter.label
        elif given:
            options[parameter.name] = parameter.value(after_equals(word))
        elif pending and not OPTION.match(pending[0].text):
            options[parameter.name] = parameter.value(pending.popleft())
        else:
            raise Mistake(f"{excerpt(spelling)} takes a value", word.start, word.end)

    def _once(self, parameter: Parameter, word: Word, options: dict[str, Any]) -> None:
        if parameter.name in options:
            spelling = excerpt(word.text.partition("=")[0])
            raise Mistake(f"{spelling} is given twice", word.start, word.end)

    def _choice(self, word: Word) -> Parameter | None:
        """The option that takes a choice, if the word is that behind a dash: `-INT`."""
        if word.text.startswith("-"):
            for each in self.parameters:
                if each.kind is Kind.OPTION and each.conversion.choices:
                    with suppress(ValueError):
                        each.conversion.parse(word.text[1:])
                        return each
        return None

    def _named(self, spelling: str, word: Word) -> Parameter:
        """The parameter that the option `spelling` sets. Raises `Mistake` at `word` if none."""
        spellings = {key: each for each in self.parameters for key in each.spellings}
        if spelling in spellings:
            return spellings[spelling]
        name = spelling[2:].replace("-", "_") if spelling.startswith("--") else ""
        for each in self.parameters:
            if each.name == name and each.kind is Kind.ARGUMENT:
                message = f"no option {spelling}; {each.label} is given without a name"
                raise Mistake(message, word.start, word.end)
            if each.kind is Kind.OPTIONS and name and name not in self.reserved:
                return each._replace(name=name, kind=Kind.OPTION, metavar=name.upper())
        meant = did_you_mean("--" + spelling.lstrip("-"), spellings)
        raise Mistake(f"no option {excerpt(spelling)}{meant}", word.start, word.end)

    def _arguments(self, words: Sequence[Word], end: int | None) -> list[Any]:
        """The values of the arguments, each word given to the parameter of its place."""
        values: list[Any] = []
        pending = deque(words)
        for parameter in self.parameters:
            if parameter.kind is Kind.ARGUMENTS:
                values += map(parameter.value, pending)
                pending.clear()
            elif parameter.kind is Kind.ARGUMENT and pending:
                values.append(parameter.value(pending.popleft()))
            elif parameter.kind is Kind.ARGUMENT and parameter.required:
                raise Mistake(f"{parameter.label} is missing", end)
        if pending:
            extra = pending[0]
            raise Mistake(f"'{excerpt(extra.text)}' is one too many", extra.start, extra.end)
        return values

    def _options(self, given: Mapping[str, Any], end: int | None) -> dict[str, Any]:
        """The keyword arguments: the options `given`, none missing; a flag is false if not."""
        options = dict(given)
        for parameter in self.parameters:
            if parameter.kind is Kind.FLAG and parameter.default is REQUIRED:
                options.setdefault(parameter.name, False)
            elif parameter.named and parameter.required and parameter.name not in options:
                raise Mistake(f"{parameter.label} is missing", end)
        return options


def described(
    parameter: inspect.Parameter, namespace: dict[str, Any], help_of: Mapping[str, str]
) -> Parameter:
    """What the line has to know of a parameter of a function."""
    of_type = type_of(parameter, namespace)
    kind = KINDS[parameter.kind]
    metavar = getattr(of_type, "metavar", None)
    return Parameter(
        name=parameter.name,
        kind=Kind.FLAG if kind is Kind.OPTION and of_type is bool else kind,
        type=of_type,
        default=parameter.default,
        metavar=metavar if isinstance(metavar, str) else parameter.name.rstrip("_").upper(),
        help=help_of.get(parameter.name, ""),
        conversion=conversion(of_type) or UNCONVERTIBLE,
    )


def type_of(parameter: inspect.Parameter, namespace: dict[str, Any]) -> Any:
    """The type of its values: the annotated one, else that of its default, else `str`."""
    annotation, default = parameter.annotation, parameter.default
    if annotation is not inspect.Parameter.empty:
        annotation = resolved(annotation, namespace)
    if annotation is not inspect.Parameter.empty:
        return without_none(annotation)
    known = default is not REQUIRED and conversion(type(default))
    return type(default) if known else str


def resolved(annotation: Any, namespace: dict[str, Any]) -> Any:
    """What `annotation` names; no annotation if nothing, as what is imported for mypy only."""
    annotated = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(annotated, namespace)["it"]
    except Exception:  # it may be any expression, and so fail in any way
        return inspect.Parameter.empty


def without_none(annotation: Any) -> Any:
    """The type that can be typed: `X` of `X | None`, the type that a `NewType` is made of."""
    annotation = getattr(annotation, "__supertype__", annotation)
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        return without_none(members[0]) if len(members) == 1 else annotation
    return annotation


def short(default: object) -> str:
    """`default` as it would be typed; nothing if that needs quotes or takes many characters."""
    text = str(default) if isinstance(default, str | int | float | os.PathLike) else ""
    return text if len(text) <= LONGEST_DEFAULT and quote(text) == text else ""


def after_equals(option: Word) -> Word:
    """The value in `--name=VALUE`, with its place, or that of it all if parts are quoted."""
    _, _, value = option.text.partition("=")
    quoted = option.end - option.start != len(option.text)
    return Word(value, option.start if quoted else option.end - len(value), option.end)


KINDS: Final = {
    inspect.Parameter.POSITIONAL_ONLY: Kind.ARGUMENT,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: Kind.ARGUMENT,
    inspect.Parameter.VAR_POSITIONAL: Kind.ARGUMENTS,
    inspect.Parameter.KEYWORD_ONLY: Kind.OPTION,
    inspect.Parameter.VAR_KEYWORD: Kind.OPTIONS,
}
