"""How it is shown why a task does not go on: in a sentence, and as a chain."""

from __future__ import annotations

from kernel import Cause, Explanation

from ..answers import Why
from ..mistake import visible
from .dispatch import shown
from .layout import Fragments, cut, wrapped

#: A chain of one is all told by the sentence.
SHORTEST = 2


@shown.register
def _(answer: Why, width: int | None = None) -> list[Fragments]:
    style = "error" if answer.is_deadlock else ""
    lines: list[Fragments] = [
        [(style, part)] for part in wrapped(visible(answer.sentence), width, indent="  ")
    ]
    explanation = answer.explanation
    if explanation is not None and len(explanation.chain) >= SHORTEST:
        lines += chain(explanation)
    if answer.hint:
        lines += [[("hint", f"  {part}")] for part in wrapped(answer.hint, width, indent="  ")]
    return [cut(line, width) for line in lines]


def chain(explanation: Explanation) -> list[Fragments]:
    """A line for each task of the chain, the next always below the one that waits for it."""
    half = len(explanation.chain) // 2
    lines: list[Fragments] = []
    for number, cause in enumerate(explanation.chain):
        if explanation.omitted and number == half:
            lines.append([("hint", f"  … {explanation.omitted:,} tasks more …")])
        lines.append(link(cause, "  → " if number else "    "))
    if explanation.circle:
        lines.append([("error", f"  → {explanation.circle[0]}")])
    return lines


def link(cause: Cause, before: str) -> Fragments:
    return [
        ("hint", before),
        ("tid", str(cause.tid)),
        ("heading", f" {visible(cause.program)}  "),
        (f"state.{cause.state}", visible(cause.text)),
    ]
