"""Completion at the prompt: a thin adapter of prompt_toolkit over the command table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from .command import ALIASES, COMMANDS
from .line import given
from .program import built_in, built_in_names
from .signature import Kind, Signature


class CommandCompleter(Completer):
    """Completes names of commands and programs, and their options."""

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        if given(document.text):
            return
        statement = document.text_before_cursor.rpartition(";")[2]
        *before, word = statement.split(" ")
        for text, about in candidates([each for each in before if each]):
            if text.casefold().startswith(word.casefold()):
                yield Completion(text, -len(word), display_meta=about)


def candidates(before: list[str]) -> Iterator[tuple[str, str]]:
    """What may stand after the words `before`, with a line about each."""
    if not before:
        yield from ((name, each.signature.summary) for name, each in COMMANDS.items())
        return
    name = ALIASES.get(before[0], before[0])
    if name == "help" and len(before) == 1:
        yield from candidates([])
    if name in ("spawn", "help") and len(before) == 1:
        yield from ((each, built_in(each).signature.summary) for each in built_in_names())
    elif name == "spawn" and before[1] in built_in_names():
        yield from options(built_in(before[1]).signature, before[-1])
    elif name in COMMANDS:
        yield from options(COMMANDS[name].signature, before[-1])


def options(signature: Signature, before: str) -> Iterator[tuple[str, str]]:
    """The options that may follow; after one that takes a choice, what it takes."""
    for parameter in signature.parameters:
        if before in parameter.spellings and parameter.kind is Kind.OPTION:
            yield from ((choice, "") for choice in parameter.conversion.choices)
            return
    for parameter in signature.parameters:
        yield from ((spelling, parameter.help) for spelling in parameter.spellings)
