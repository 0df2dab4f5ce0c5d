"""Commands that send tasks signals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kernel import CancelAsyncTask, GetStack, NoSuchAsyncTask, NoSuchTask, SendSignal, Signal

from ..answers import Notice
from ..command import command
from ..system import System
from ..tid import AnyTid, Tid

#: What is said of a task to which a signal is sent, and what if it makes no difference.
SENT: Final = {
    Signal.TERM: "is being killed",
    Signal.KILL: "is being killed by force",
    Signal.INT: "is being interrupted",
    Signal.STOP: "is being stopped",
    Signal.CONT: "is being continued",
    Signal.USR1: "is being sent USR1",
    Signal.USR2: "is being sent USR2",
}
IN_VAIN: Final = {
    Signal.STOP: "was stopped before",
    Signal.CONT: "was not stopped",
    Signal.USR1: "has no handler for USR1",
    Signal.USR2: "has no handler for USR2",
}


@command()
def kill(system: System, tid: AnyTid, *more: AnyTid, signal: Signal = Signal.TERM) -> Notice | None:
    """End tasks, or send them another signal.

    Several may be given: `kill 3 7`. The signals are
      TERM  ends a task: it gets a `TaskKilled` where it stands, so its `finally`
            blocks run first; after 2 seconds it is ended by force,
      KILL  ends it by force at once,
      INT   interrupts it: it gets a `KeyboardInterrupt`, or its handler runs,
      STOP  lets it take no step, as `stop` does,
      CONT  continues it, as `cont` does,
      USR1, USR2  are for its handler, if it has one.

    As in other shells: `kill -INT 3`, `kill -9 3`. An asyncio task can be
    cancelled only: `kill 3.2`.

    signal: TERM unless given
    """
    return send(system, [tid, *more], signal)


@command()
def stop(system: System, tid: Tid, *more: Tid) -> Notice | None:
    """Let tasks take no step until they are continued.

    A stopped task keeps its place in every queue, and what it gets there.
    `cont` continues it; `kill` ends it.
    """
    return send(system, [tid, *more], Signal.STOP)


@command()
def cont(system: System, tid: Tid, *more: Tid) -> Notice | None:
    """Continue stopped tasks."""
    return send(system, [tid, *more], Signal.CONT)


def send(system: System, tids: Iterable[int], signal: Signal) -> Notice | None:
    """Send all these tasks a signal; what went wrong, if anything."""
    failures = [
        text for tid in holder_first(system, [*tids]) if (text := reach(system, tid, signal))
    ]
    return Notice("\n".join(failures), ok=False) if failures else None


def holder_first(system: System, tids: list[int]) -> list[int]:
    """The tasks, one that holds the kernel before all others, of which nothing can be asked until
    it lets go.
    """
    holder = system.holder() if len(tids) > 1 else None
    return sorted(tids, key=lambda tid: holder is None or tid != holder.tid)


def reach(system: System, tid: int, signal: Signal) -> str:
    """Send a task a signal, or cancel an asyncio task; what is wrong, if anything."""
    if isinstance(tid, AnyTid) and tid.inner:
        return cancel(system, tid, signal)
    return send_one(system, tid, signal)


def cancel(system: System, tid: AnyTid, signal: Signal) -> str:
    """Cancel an asyncio task, and say so; what is wrong, if anything."""
    if signal is not Signal.TERM:
        return f"an asyncio task can be cancelled only: kill {tid}"
    try:
        system.ask(CancelAsyncTask(int(tid), tid.inner))
    except (NoSuchTask, NoSuchAsyncTask) as error:
        return f"{error}; type tasks for those there are"
    system.say(f"asyncio task {tid} is being cancelled")
    return ""


def send_one(system: System, tid: int, signal: Signal) -> str:
    """Send a task a signal, and say so first; what is wrong, if anything."""
    try:
        if not is_running(system, tid) and system.ask(GetStack(tid)).status is not None:
            return f"task {tid} had ended before"
        system.say(f"task {tid} {SENT[signal]}")
        made_a_difference = system.ask(SendSignal(tid, signal))
    except NoSuchTask as error:
        return f"{error}; type tasks for those there are"
    return "" if made_a_difference else f"task {tid} {IN_VAIN.get(signal, 'had ended before')}"


def is_running(system: System, tid: int) -> bool:
    """Whether the task is in a step: then, if it holds the kernel, it takes in what ends it, but
    nobody else is answered.
    """
    holder = system.machine.holder()
    return holder is not None and holder.tid == tid
