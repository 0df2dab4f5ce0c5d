"""Completion at the prompt: a thin adapter of prompt_toolkit over `reading` and `candidates`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, FuzzyCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import AnyFormattedText

from .candidates import Candidate, candidates, choices
from .line import given, quote
from .live import Live
from .mistake import visible
from .parameter import Kind
from .reading import Place, place
from .signature import JSON
from .walk import OPTION


class CommandCompleter(Completer):
    """Offers what may be typed at the cursor. What begins with the letters typed comes first; if
    nothing does, whatever has them in this order.
    """

    def __init__(self, live: Live | None = None) -> None:
        self.live = live

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        if self.live is not None:
            await self.live.refresh()
        for each in self.get_completions(document, complete_event):
            yield each

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        before = document.text_before_cursor
        here = None if given(document.text) else place(before, self.live)
        if here is None:
            return
        option, equals, begun = here.word.text.rpartition("=")
        if not option.startswith("-"):
            option, equals, begun = "", "", here.word.text
        offered = {each.label: each for each in offers(here, option, begun, self.live)}
        for label, display in matches(begun, list(offered)):
            each = offered[label]
            yield Completion(
                quote(option + equals + each.text),
                here.word.start - len(before),
                display=display,
                display_meta=visible(each.about),
            )


def offers(here: Place, option: str, begun: str, live: Live | None) -> Iterator[Candidate]:
    """What may stand at this place; behind `--name=`, what that option takes."""
    walk = here.reader.walk
    if option:
        parameter = walk.named(option)
        if parameter is not None:
            yield from candidates(parameter, begun, live)
        return
    expected = walk.expected()
    if expected is not None and not OPTION.match(begun):
        yield from candidates(expected, begun, live, walk.given)
    if walk.option is None:
        for spelling, each in walk.options().items():
            if begun or each is not JSON:  # every command takes that
                yield Candidate(spelling, each.help)
            if begun.startswith("-") and each.kind is Kind.OPTION:
                yield from choices(each, dash="-")


class Labels(Completer):
    """Offers all of them, whatever has been typed."""

    def __init__(self, labels: Iterable[str]) -> None:
        self.labels = labels

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        return (Completion(each, display=visible(each)) for each in self.labels)


def matches(begun: str, labels: list[str]) -> list[tuple[str, AnyFormattedText]]:
    """The labels that fit what has been typed, each as the menu shows it."""
    fuzzy = FuzzyCompleter(Labels(labels), pattern=r"^[\s\S]+")
    fitting = fuzzy.get_completions(Document(begun), EVENT)
    found: list[tuple[str, AnyFormattedText]] = [(each.text, each.display) for each in fitting]
    folded = begun.casefold()
    return [each for each in found if each[0].casefold().startswith(folded)] or found


EVENT = CompleteEvent(completion_requested=True)
