"""How the toolbar below the prompt is shown: what is typed, and how the system is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..mistake import Mistake, columns, visible
from .layout import Fragments, cut, plain, shortened

if TYPE_CHECKING:
    from ..hint import Hint
    from ..status import Status

#: What stands between two parts of a line.
GAP: Final = "  "

#: The parts of the status that a narrow screen can do without, the first first: the memory, those
#: that are blocked, the turns, those that are stopped, those that are ready, the dropped lines.
LEAST_FIRST: Final = ("memory", "blocked", "turns", "stopped", "ready", "dropped")

UNITS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def status_line(status: Status, width: int) -> Fragments:
    """How the system is doing, in one line."""
    parts = status_parts(status)
    for least in LEAST_FIRST:
        if columns(GAP.join(parts.values())) + len(GAP) > width:
            parts.pop(least, None)
    pace = parts.pop("pace", "")
    told = [("toolbar.pace", pace), ("", GAP)] if pace else []
    return cut([("", " "), *told, ("", GAP.join(parts.values()))], width)


def status_parts(status: Status) -> dict[str, str]:
    """What there is to tell, in this order."""
    parts = {}
    if status.paused:
        parts["pace"] = "paused" if status.rate is None else f"slow {status.rate:g}"
    number = f"{status.tasks:,}" if status.tasks else "no"
    parts["tasks"] = f"{number} task{'s' * (status.tasks != 1)}"
    for state, among in (
        ("ready", status.ready),
        ("blocked", status.blocked),
        ("stopped", status.stopped),
    ):
        if among:
            parts[state] = f"{among:,} {state}"
    if status.turns:
        parts["turns"] = f"≈{short(status.turns)} turns/s"
    if status.dropped:
        parts["dropped"] = f"{short(status.dropped)} lines dropped"
    if status.memory is not None:
        parts["memory"] = f"{status.memory / 1e6:.0f} MB"
    return parts


def short(number: float) -> str:
    """A number in three digits at most: `7`, `950`, `1.2k`, `37k`, `1.2M`."""
    for size, unit in UNITS:
        if number >= size * 0.9995:
            scaled = number / size
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:.0f}{unit}"
    return f"{number:.0f}"


def hint_line(hint: Hint, width: int) -> Fragments:
    """The usage with the current part marked, and the line about it, as far as there is room. On a
    screen that is too narrow the parts before the current one make room for it.
    """
    usage: Fragments = [("toolbar.name", f" {visible(hint.names)}")]
    for part in hint.parts:
        current = hint.current in part.parameters
        usage.append(("toolbar.current" if current else "", f" {visible(part.text)}"))
    while len(usage) > 2 and columns(plain(usage)) > width and usage[1][0] != "toolbar.current":
        del usage[1]
    room = width - columns(plain(usage)) - len(GAP)
    if hint.about and room >= len(hint.about) // 2:
        usage.append(("", GAP + shortened(visible(hint.about), room)))
    return cut(usage, width)


def mistake_line(mistake: Mistake, width: int) -> Fragments:
    """What is wrong with the line that is typed."""
    return cut([("toolbar.error", f" {mistake.message} ")], width)
