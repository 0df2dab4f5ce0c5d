"""A user's mistake at the prompt: what is wrong, where, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NARROWEST = 20  # columns; a picture is never cut to less
LONGEST_EXCERPT = 40  # characters of the user's text repeated in a message
SHOWN_AS_THEY_ARE = "\u200d\u3000"  # the joiner within an emoji, the blank of Chinese typing


class Mistake(Exception):
    """The user typed what cannot be done; nothing was started.

    `message` is one printable line. `start` and `end` are the place in the source, or None if
    it concerns no place; where they are equal, something is missing there. `usage`, if any, is
    a line such as `usage: kill TID…`.
    """

    def __init__(
        self,
        message: str,
        start: int | None = None,
        end: int | None = None,
        usage: str | None = None,
    ) -> None:
        self.message = visible(message)
        super().__init__(self.message)
        self.start = start
        self.end = start if end is None else end
        self.usage = usage

    def picture(self, source: str, width: int = 80) -> list[str]:
        """The lines to print: the line of `source` and `^^^^` below the place, message, usage.

        A source line wider than `width` columns is cut around the place.
        """
        lines = [self.message]
        if self.start is not None and self.end is not None:
            lines = [*underlined(source, self.start, self.end, max(width, NARROWEST)), *lines]
        if self.usage is not None:
            lines.append(visible(self.usage))
        return lines


class Missing(Mistake):
    """What the line says is not complete. To somebody who is still typing, that is no news."""


def underlined(source: str, start: int, end: int, width: int) -> list[str]:
    """The line of `source` in which the place starts, and the underline, `width` columns wide."""
    first = source.rfind("\n", 0, start) + 1
    line = source[first:].partition("\n")[0]
    start = min(start - first, len(line))
    end = max(start + 1, min(end - first, len(line)))
    fits = columns(visible(line)) < width
    line += " "  # the end of the line is a place, too, and has its column
    low, high = (0, len(line)) if fits else window(line, start, end, width - len("……"))
    left, right = "…" * (low > 0), "…" * (high < len(line))
    before = left + visible(line[low:start])
    place = columns(before + visible(line[start : min(end, high)])) - columns(before)
    text = left + visible(line[low:high]) + right
    return [text.rstrip(), " " * columns(before) + "^" * max(1, place)]


def window(line: str, start: int, end: int, room: int) -> tuple[int, int]:
    """The slice of `line` that fits into `room` columns: the place first, then both its sides."""
    low = high = start
    while low > 0 or high < len(line):
        rightwards = low == 0 or (high < len(line) and high - end < start - low)
        room -= max(1, columns(visible(line[high if rightwards else low - 1])))
        if room < 0:
            break
        low, high = (low, high + 1) if rightwards else (low - 1, high)
    return low, high


def visible(text: str) -> str:
    r"""`text` so that it can be seen and does nothing to the terminal: ESC is shown as `\x1b`.

    A tab is four blanks: what counts here is that a place stays aligned, not where a stop is.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in SHOWN_AS_THEY_ARE else escaped(char) for char in text
    )


def escaped(char: str) -> str:
    """What stands for a character that cannot be printed."""
    return "    " if char == "\t" else ascii(char)[1:-1]


def columns(text: str) -> int:
    """How many columns of a terminal the printable `text` takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # slow to import, and most lines are ASCII

    return wcswidth(text)


def excerpt(text: str) -> str:
    """`text` as a message repeats it: cut if it is long."""
    return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """The end of a message: `; did you mean stack?`, or nothing if no candidate is close."""
    meant = closest(word, candidates)
    return "" if meant is None else f"; did you mean {meant}?"


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` probably means, whatever its case, or None.

    That is the shortest one it begins; else the first that is fewest edits away: two at most,
    and fewer if the word is short, for any word of two letters is near any other.
    """
    names = {name.casefold(): name for name in candidates}
    word = word.casefold()
    begun = [folded for folded in names if word and folded.startswith(word)]
    if begun:
        return names[min(begun, key=len)]
    for edits in range(1, min(2, (len(word) - 1) // 2) + 1):
        for folded, name in names.items():
            if comparable(edits, word, folded) and within(edits, word, folded):
                return name
    return None


def comparable(edits: int, word: str, other: str) -> bool:
    """Whether `within` is worth its time: an edit changes one length and at most two letters."""
    return (
        abs(len(word) - len(other)) <= edits
        and len(set(word).symmetric_difference(other)) <= 2 * edits
    )


def within(edits: int, word: str, other: str) -> bool:
    """Whether so many edits lead from `word` to `other`.

    An edit is a letter too many, missing or wrong, or two neighbours swapped (the distance of
    Damerau and Levenshtein, with swapped letters not edited again).
    """
    if word == other or not edits:
        return word == other
    same = 0
    while word[same : same + 1] == other[same : same + 1]:
        same += 1
    word, other = word[same:], other[same:]
    return (
        within(edits - 1, word[1:], other[1:])
        or within(edits - 1, word[1:], other)
        or within(edits - 1, word, other[1:])
        or (word[:2] == other[1::-1] and within(edits - 1, word[2:], other[2:]))
    )
