"""What may be typed in the place of a word. It hangs on the type of the parameter, as the parsing
does in `conversion.py`: a choice offers what there is, a path the files, and a class of one's own
has a classmethod `candidates(begun, live)`, and where options change what it may be also a
`candidates_with(options, begun, live)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .conversion import is_path

if TYPE_CHECKING:
    from .live import Live
    from .parameter import Parameter

#: Entries of a folder that are looked at, at most.
MOST: Final = 1_000


class Candidate(NamedTuple):
    """A word that may be meant, with a line about it. What is typed is looked for in its label."""

    text: str
    about: str = ""
    more: str = ""  # behind the word in its label

    @property
    def label(self) -> str:
        """What the menu shows."""
        return f"{self.text}  {self.more}" if self.more else self.text


def candidates(
    parameter: Parameter, begun: str, live: Live | None, options: Collection[str] = ()
) -> Iterable[Candidate]:
    """What the parameter may get, where `begun` has been typed of it, behind these `options`."""
    narrowed: Any = getattr(parameter.type, "candidates_with", None)
    if options and callable(narrowed):
        few: Iterable[Candidate] = narrowed(options, begun, live)
        return few
    own: Any = getattr(parameter.type, "candidates", None)
    if callable(own):
        found: Iterable[Candidate] = own(begun, live)
        return found
    if parameter.conversion.choices:
        return choices(parameter)
    if parameter.type is bool:
        return map(Candidate, ("yes", "no"))
    if isinstance(parameter.type, type) and is_path(parameter.type):
        return files(begun)
    return ()


def choices(parameter: Parameter, dash: str = "") -> Iterator[Candidate]:
    """Those that it takes, each with what it means; behind a `dash`, where that is short for it."""
    for name in parameter.conversion.choices:
        about = parameter.meanings.get(name, f"{parameter.label} {name}" if dash else "")
        yield Candidate(dash + name, about)


def summary(documented: object) -> str:
    """The first sentence of its docstring."""
    return " ".join((documented.__doc__ or "").split()).partition(". ")[0].rstrip(".")


def files(
    begun: str, wanted: Callable[[os.DirEntry[str]], bool] = lambda entry: True
) -> Iterator[Candidate]:
    """The folders, and the files that are wanted, in the folder that has been typed so far."""
    folder = begun[: max(begun.rfind("/"), begun.rfind(os.sep)) + 1]
    hidden = begun[len(folder) :].startswith(".")
    for entry in entries(os.path.expanduser(folder) or "."):
        if entry.name.startswith(".") and not hidden:
            continue
        if is_folder(entry):
            yield Candidate(f"{folder}{entry.name}/", "folder")
        elif wanted(entry):
            yield Candidate(folder + entry.name)


def entries(folder: str) -> list[os.DirEntry[str]]:
    """What the folder has in it, by name; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(islice(found, MOST), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []


def is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
