"""The colours of the line being typed, and the mark below what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.lexers import Lexer

from .line import Word, given
from .live import Live
from .mistake import Mistake
from .parameter import Parameter
from .reading import Reader, comments, read
from .walk import Role

NUMBERS = (int, float)


class Span(NamedTuple):
    """A part of a line, and the style of it."""

    start: int
    end: int
    style: str


class LineLexer(Lexer):
    """Colours what is typed by what it is."""

    def __init__(self, live: Live | None = None) -> None:
        self.live = live

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = split_lines(document.text, spans(document.text, self.live))
        return lambda number: lines[number] if number < len(lines) else []


def spans(source: str, live: Live | None = None) -> list[Span]:
    """The parts of `source` that have a style, in order."""
    if given(source):
        return []
    reading = read(source)
    found = [Span(each.start, each.end, "typed.operator") for each in reading.operators]
    found += [Span(start, end, "typed.comment") for start, end in comments(source, reading)]
    for signature, words in reading.parts:
        reader = Reader(signature, live)
        for word in words:
            found += role_spans(reader.take(word), source, live)
    return sorted(each for each in found if each.style and each.start < each.end)


def role_spans(role: Role, source: str, live: Live | None) -> Iterator[Span]:
    """An option and its value have their own styles, in `--name=VALUE` too."""
    word, value = role.word, role.value
    if role.parameter is None:
        return
    begins = word.start
    if value is None:
        begins = word.end
    elif value != word:
        begins = max(value.start, source.find("=", word.start) + 1)
    yield Span(word.start, begins, "typed.option")
    if value is not None:
        style = value_style(role.parameter, value, source[begins : begins + 1], live)
        yield Span(begins, value.end, style)


def value_style(parameter: Parameter, value: Word, first: str, live: Live | None) -> str:
    """The style of a value, whose `first` character may be a quote. A type of one's own has a
    classmethod `style(word, live)`.
    """
    own: Any = getattr(parameter.type, "style", None)
    if callable(own):
        return str(own(value, live))
    if first in ("'", '"'):
        return "typed.string"
    return "typed.number" if parameter.type in NUMBERS else ""


def split_lines(source: str, found: list[Span]) -> list[StyleAndTextTuples]:
    """The lines of `source` in fragments."""
    lines: list[StyleAndTextTuples] = [[]]
    ends = 0
    for start, end, style in [*found, Span(len(source), len(source), "")]:
        for part, name in ((source[ends:start], ""), (source[start:end], f"class:{style}")):
            first, *others = part.split("\n")
            lines[-1].append((name, first))
            lines += [[(name, other)] for other in others]
        ends = end
    return lines


class MistakeMarker(Processor):
    """Underlines the place of the mistake, if `mistake` tells of one."""

    def __init__(self, mistake: Callable[[], Mistake | None]) -> None:
        self.mistake = mistake

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        mistake, fragments = self.mistake(), transformation_input.fragments
        if mistake is None or mistake.start is None:
            return Transformation(fragments)
        lines = transformation_input.document.lines[: transformation_input.lineno]
        before = sum(len(line) + 1 for line in lines)
        first, end = mistake.start - before, (mistake.end or mistake.start) - before
        if first >= 0 and first == end:  # something is missing there
            end += 1
        marked = explode_text_fragments(fragments)
        for column in range(max(0, first), min(end, len(marked))):
            style, text, *_ = marked[column]
            marked[column] = (f"{style} class:typed.mistake", text)
        return Transformation(marked)
