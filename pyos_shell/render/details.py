"""How all there is about one task is shown: a line for each thing that there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kernel import FileInfo, MailboxInfo, ScopeInfo, TaskDetails

from ..answers import Inspection
from ..mistake import columns, visible
from .dispatch import shown
from .layout import Fragments, cut, wrapped
from .tasks import duration

#: So many columns before what is told, and so many tids in a row.
LABEL = 14
ROW = 20


@shown.register
def _(answer: Inspection, width: int | None = None) -> list[Fragments]:
    details = answer.details
    task = details.task
    lines: list[Fragments] = [
        [("", "task "), ("tid", str(task.tid)), ("heading", f" {visible(task.program)}")]
    ]
    for label, texts in [*told(details), ("last calls", last_calls(answer))]:
        for number, text in enumerate(texts):
            lines += labelled("" if number else label, text, width)
    return [cut(line, width) for line in lines]


def labelled(label: str, text: str, width: int | None) -> list[Fragments]:
    """What is told, beside its label; or below it, where the screen is narrow."""
    room = None if width is None else width - LABEL
    if room is not None and room < 2 * LABEL:
        above: list[Fragments] = [[("hint", f"  {label}")]] if label else []
        return above + [[("", f"    {part}")] for part in wrapped(visible(text), width, "  ")]
    parts = wrapped(visible(text), room, "  ")
    padded = f"  {label}{' ' * (LABEL - 2 - columns(label))}"
    return [
        [("hint", padded if not number else " " * LABEL), ("", part)]
        for number, part in enumerate(parts)
    ]


def told(details: TaskDetails) -> Iterator[tuple[str, Iterable[str]]]:
    """The label of each thing that there is, and what is to be told of it."""
    task = details.task
    yield "state", [state(details)]
    yield "age", [duration(task.age)]
    yield "parent", [str(task.parent)] * bool(task.parent)
    yield "waits in", [details.call] * bool(details.call)
    yield "for", [task.reason] * bool(task.reason)
    yield "place", [f"{each.place} of {each.length}" for each in details.places]
    yield "alarm", [f"in {details.alarm:.1f} s"] if details.alarm is not None else []
    yield "children", some(details.children)
    yield "waited for", some(details.waiters)
    yield "links", some(details.links)
    yield "monitors", some(details.monitors)
    yield "watched by", some(details.monitored_by)
    yield "names", details.names
    yield "locks", details.locks
    yield "scopes", map(scope, details.scopes)
    yield "handlers", (f"{signal}: {handler}" for signal, handler in details.handlers)
    yield "mailbox", mailbox(details.mailbox)
    yield "files", map(file, details.files)
    yield "context", (f"{name} = {value}" for name, value in details.context)


def state(details: TaskDetails) -> str:
    if details.status is not None:
        return str(details.status)
    if details.deadline is not None:
        return f"{details.task.state}, being killed: by force in {details.deadline:.1f} s"
    return details.task.state


def some(tids: tuple[int, ...]) -> Iterator[str]:
    """The first of these tasks in one text, and how many there are more; none of none."""
    if tids:
        named = " ".join("console" if tid == 0 else str(tid) for tid in tids[:ROW])
        more = len(tids) - ROW
        yield named + (f" … and {more:,} more" if more > 0 else "")


def scope(info: ScopeInfo) -> str:
    text = "without an end" if info.left is None else f"{info.left:.1f} s left"
    return text + ", cancelled" * info.cancelled + ", a shield" * info.shield


def mailbox(info: MailboxInfo | None) -> Iterator[str]:
    if info is None:
        return
    coming = f", {info.expected:,} on their way" if info.expected else ""
    yield f"{info.messages:,} of {info.size:,}{coming}" + ", traps exits" * info.traps_exits
    yield from info.first
    if info.messages > len(info.first):
        yield f"… and {info.messages - len(info.first):,} more"


def file(info: FileInfo) -> str:
    return f"{info.fd} {info.kind} {info.address}".rstrip()


def last_calls(answer: Inspection) -> list[str]:
    if answer.calls is None:
        return [f"known while they are traced: trace {answer.details.task.tid}"]
    return answer.calls or ["none since it is traced"]
