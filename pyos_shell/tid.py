"""The type of a task's number at the prompt."""

from __future__ import annotations

from typing import ClassVar, Self


class Tid(int):
    """The number of a task, as `tasks` shows it."""

    metavar: ClassVar[str] = "TID"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no number of a task."""
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text)):
            shown = text if len(text) <= 40 else text[:39] + "…"
            raise ValueError(f"TID takes the number of a task, as `tasks` shows it, not '{shown}'")
        return cls(text)
