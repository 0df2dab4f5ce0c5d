"""What is told about the line being typed: worked out once for each state of it."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document

from .check import check_typed
from .hint import hint
from .live import Live
from .mistake import Mistake
from .render import Fragments
from .render.toolbar import hint_line, mistake_line, status_line
from .status import Status


class Advice:
    """Looks at a line and says what is wrong with it, or what may come next; and how the system is
    doing.
    """

    def __init__(
        self,
        document: Callable[[], Document],
        live: Live,
        status: Callable[[], Status],
        width: Callable[[], int],
    ) -> None:
        self.document = document
        self.live = live
        self.status = status
        self.width = width
        #: The states that were looked at last, and what came of it.
        self.judged: tuple[Document | None, Mistake | None] = None, None
        self.told: tuple[object, Fragments] = None, []
        self.drawn: tuple[object, Fragments] = None, []

    def mistake(self) -> Mistake | None:
        """What is wrong with the line."""
        document = self.document()
        if self.judged[0] != document:
            self.judged = document, check_typed(document.text, document.cursor_position, self.live)
        return self.judged[1]

    def about_line(self) -> Fragments:
        """The toolbar's first line, while something is typed: what is wrong, or what may come."""
        document, width = self.document(), self.width()
        if self.told[0] != (document, width):
            self.told = (document, width), self.advise(document, width)
        return self.told[1]

    def advise(self, document: Document, width: int) -> Fragments:
        mistake = self.mistake()
        if mistake is not None:
            return mistake_line(mistake, width)
        found = hint(document.text_before_cursor, self.live) if document.text else None
        return hint_line(found, width) if found is not None else []

    def about_system(self) -> Fragments:
        """The toolbar's second line."""
        state = self.status(), self.width()
        if self.drawn[0] != state:
            self.drawn = state, status_line(*state)
        return self.drawn[1]
