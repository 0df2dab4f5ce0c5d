"""What the kernel reports, in words for the console."""

from __future__ import annotations

from collections.abc import Callable

from kernel import (
    Abandoned,
    AcceptFailed,
    Broke,
    Deadlocked,
    Exited,
    Hogged,
    Machine,
    NotInterrupted,
    Panicked,
    PipeBroken,
    Preempted,
    ReadersChanged,
    Released,
    Stepped,
    TraceEvent,
    Unheard,
)
from kernel.trace import Sink

from .output import Output
from .render.code import display_path, line_of_source, source_line


def report_to(output: Output, machine: Machine) -> Callable[[], None]:
    """Have everything that a person should know of reported to `output`, until what is answered is
    called.
    """

    def exited(event: Exited) -> None:
        with output.lock:
            output.finish(event.tid)
        if event.parent and event.status.ok:
            return  # of a thousand connections that close nobody wants to hear
        if isinstance(event.status.error, PipeBroken):
            return  # that is how most pipelines end
        kind = "crash" if event.status.crashed else "report"
        output.report(event.tid, exit_in_words(event), kind, obvious=is_obvious(event))

    def said(event: object) -> None:
        output.report(getattr(event, "tid", 0), str(event))

    def unheard(event: Unheard) -> None:
        output.report(event.tid, str(event), "crash")

    def panicked(event: Panicked) -> None:
        text = f"{event}\nthe kernel has stopped, and its tasks with it; restart gives a new one"
        output.report(0, text, "crash")

    def readers_changed(event: ReadersChanged) -> None:
        output.readers_changed(event.tid, event.first)

    def broke(event: Broke) -> None:
        output.report(event.tid, break_in_words(event))

    hogs = Hogs(said)
    said_of = (Abandoned, AcceptFailed, Deadlocked, NotInterrupted, Stepped)
    return subscribed(
        machine,
        {
            exited: (Exited,),
            broke: (Broke,),
            hogs.hogged: (Hogged,),
            hogs.left_off: (Preempted, Released),
            readers_changed: (ReadersChanged,),
            said: said_of,
            unheard: (Unheard,),
            panicked: (Panicked,),
        },
    )


class Hogs:
    """Tells of tasks that hold the kernel, and how each leaves off. Of those that are interrupted
    before anybody has noticed there may be hundreds a second.
    """

    def __init__(self, said: Sink) -> None:
        self.said = said
        self.tids: set[int] = set()

    def hogged(self, event: Hogged) -> None:
        self.tids.add(event.tid)
        self.said(event)

    def left_off(self, event: Preempted | Released) -> None:
        if event.tid in self.tids:
            self.tids.discard(event.tid)
            self.said(event)


def subscribed(
    machine: Machine, sinks: dict[Sink, tuple[type[TraceEvent], ...]]
) -> Callable[[], None]:
    """Have each sink called with what it wants, until what is answered is called."""
    for sink, kinds in sinks.items():
        machine.subscribe(sink, *kinds)

    def stop() -> None:
        for sink in sinks:
            machine.kernel.trace.unsubscribe(sink)

    return stop


def is_obvious(event: Exited) -> bool:
    """Whether a task has ended as whoever has it in the foreground sees or wants it."""
    interrupted = isinstance(event.status.error, KeyboardInterrupt)
    return interrupted or (event.status.ok and event.status.value is None)


def exit_in_words(event: Exited) -> str:
    """One line about an end; where it crashed, how to see more."""
    text = str(event)
    if event.status.crashed:
        if is_of_asyncio(event.status.error):
            text += "; start an asyncio program with --asyncio"
        text += f"; see stack {event.tid}"
    return text


def is_of_asyncio(error: BaseException | None) -> bool:
    """Whether a program of asyncio's raises this where it runs as one of the kernel's."""
    return type(error) is RuntimeError and error.args == ("no running event loop",)


def break_in_words(event: Broke) -> str:
    """One line about a stop at a breakpoint, with the source there, and how to go on."""
    place = f"{display_path(event.place.file)}:{event.place.line}"
    if source := source_line(event.place):
        place += f": {source}"
    return f"task {event.tid} stops by break {event.number} at {place}; cont {event.tid} goes on"


def held_in_words(holder: Hogged, ends: bool, may_kill: bool) -> str:
    """Why there is no answer to a request, which `ends` the task that holds the kernel or not; and
    what to do, for somebody who `may_kill` it.
    """
    tid, place = holder.tid, f"{holder.file}:{holder.line}"
    kill = f"; kill {tid} ends the task" if may_kill else ""
    if not holder.in_call:
        return f"task {tid} holds the kernel at {place} (Ctrl-C stops waiting{kill})"
    if source := line_of_source(holder.file, holder.line):
        place += f": {source}"
    then = "the kill takes effect" if ends else "it goes on"
    return (
        f"task {tid} is in a call that does not return, at {place}; {then} when the call "
        f"does, and nothing else runs meanwhile (Ctrl-C stops waiting{kill and kill + ' then'})"
    )
