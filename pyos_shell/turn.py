"""Consoles that are attached take turns.

A kernel has the interpreter switch threads every 50 µs, so that it is never waited for; but then
whoever wants to run looks for a chance as often. Fifty consoles that draw the same line at the same
moment would keep each other from it for half a minute. Who waits for a lock, however, costs
nothing: so one draws after the other. None has the turn while it waits for keys or its terminal.
"""

from __future__ import annotations

import selectors
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    """That of one console, on its thread; the `lock` is all consoles'."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.taken = False

    def take(self) -> None:
        """Wait for it."""
        self.lock.acquire()
        self.taken = True

    def give(self) -> None:
        """Let others have it; nothing happens if we do not."""
        if self.taken:
            self.taken = False
            self.lock.release()

    @contextmanager
    def given(self) -> Iterator[None]:
        """In the `with` block others may have it."""
        taken = self.taken
        self.give()
        try:
            yield
        finally:
            if taken:
                self.take()


class TurnSelector(selectors.DefaultSelector):
    """What an event loop waits in: it has the turn whenever it does not wait."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turn.give()
        try:
            return super().select(timeout)
        finally:
            self.turn.take()

    def close(self) -> None:
        self.turn.give()
        super().close()
