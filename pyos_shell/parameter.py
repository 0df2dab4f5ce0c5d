"""A parameter of a function as a line sees it: how it is given, and what it takes."""

from __future__ import annotations

import inspect
import os
from enum import Enum, auto
from types import MappingProxyType, NoneType, SimpleNamespace, UnionType
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

from kernel.systemcall import brief

from .conversion import UNCONVERTIBLE, Conversion, conversion
from .line import Word, quote
from .mistake import Mistake, did_you_mean, excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED: Final = inspect.Parameter.empty
LONGEST_DEFAULT: Final = 16  # characters of a default shown in the usage
LONGEST_CHOICE: Final = 24  # characters of all choices together shown there


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
    #: What its choices mean, as far as the docstring tells.
    meanings: Mapping[str, str] = MappingProxyType({})

    @property
    def required(self) -> bool:
        """Whether a line without it is a mistake."""
        return self.default is REQUIRED and self.kind in (Kind.ARGUMENT, Kind.OPTION)

    @property
    def named(self) -> bool:
        """Whether its name is on the line, rather than its place counting."""
        return self.kind in (Kind.OPTION, Kind.FLAG, Kind.OPTIONS)

    @property
    def is_raw(self) -> bool:
        """Whether its value is the word itself, with its place, for somebody else to read."""
        return isinstance(self.type, type) and issubclass(self.type, Word)

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
    def takes(self) -> str:
        """What can be given for it, in words; a class of one's own has them as `takes`."""
        if self.kind is Kind.FLAG:
            return "an option without a value"
        own = getattr(self.type, "takes", "")
        if isinstance(own, str) and own:
            return own
        if self.is_raw:
            return "a word"
        return ", ".join(self.conversion.choices) or self.conversion.expected

    @property
    def otherwise(self) -> str:
        """What is taken when nothing is given; nothing where that says nothing."""
        value = self.default
        if value is REQUIRED or value is None or value is False or value == "":
            return ""
        if isinstance(value, Enum):
            return value.name
        return str(value) if is_plain(value) else brief(value)

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
        if self.is_raw:
            return self.type(*word)
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


def described(
    parameter: inspect.Parameter,
    namespace: dict[str, Any],
    help_of: Mapping[str, str],
    meanings: Mapping[str, str],
) -> Parameter:
    """What the line has to know of a parameter of a function."""
    of_type = type_of(parameter, namespace)
    converted = conversion(of_type) or UNCONVERTIBLE
    kind = KINDS[parameter.kind]
    metavar = getattr(of_type, "metavar", None)
    return Parameter(
        name=parameter.name,
        kind=Kind.FLAG if kind is Kind.OPTION and of_type is bool else kind,
        type=of_type,
        default=parameter.default,
        metavar=metavar if isinstance(metavar, str) else parameter.name.rstrip("_").upper(),
        help=help_of.get(parameter.name, ""),
        conversion=converted,
        meanings={name: meanings[name] for name in converted.choices if name in meanings},
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
    text = str(default) if is_plain(default) else ""
    return text if len(text) <= LONGEST_DEFAULT and quote(text) == text else ""


def is_plain(value: object) -> bool:
    """Whether its text is what would be typed for it."""
    return isinstance(value, str | int | float | os.PathLike)


KINDS: Final = {
    inspect.Parameter.POSITIONAL_ONLY: Kind.ARGUMENT,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: Kind.ARGUMENT,
    inspect.Parameter.VAR_POSITIONAL: Kind.ARGUMENTS,
    inspect.Parameter.KEYWORD_ONLY: Kind.OPTION,
    inspect.Parameter.VAR_KEYWORD: Kind.OPTIONS,
}
