"""The console of the process: it has the terminal, and the system ends with it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from .capture import Capture
from .console import Console
from .consoles import Consoles
from .deadman import SWITCH
from .history import default_file
from .output import Errors, Output
from .system import DEADLINE, boot, held, left_behind
from .terminal import Terminal

if TYPE_CHECKING:
    from .server import Entrance

#: Seconds from a signal that ends us to the end, whatever happens.
LAST_RESORT: Final = 3 * DEADLINE

#: The signals that end a console, where the system has them.
ENDING: Final = ("SIGTERM", "SIGHUP")


def converse(
    prepared: list[str],
    startup: str | None = None,
    history: bool = True,
    entrances: Sequence[Entrance] = (),
) -> int:
    """Run the start-up file and these commands on the terminal, then those typed at the prompt; the
    exit status. What is typed is kept for the next time, unless no `history` is wanted. Further
    consoles come in by the `entrances`.
    """
    output = Output()
    with Capture(output) as capture, SWITCH.writing_to(sys.stdout):
        consoles = Consoles(boot(output), output)
        kept = default_file() if history else None
        console = Console(consoles, Terminal(), startup=startup, history=kept)
        console.farewell = lambda: end_system(consoles, capture)
        consoles.on_end = console.end
        for entrance in entrances:
            entrance.serve(consoles)
        take_signals(console, ENDING)
        if os.name == "posix" and not console.terminal.dumb:  # who prints only, may be stuck
            signal.signal(signal.SIGTSTP, SWITCH.suspend)
        with streams(output):
            console.run(prepared)
            if console.error is None and held():
                os._exit(exit_status(console))
        if console.gone:  # and what is still to be written to it, with it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if console.error is not None:
            raise console.error
        return exit_status(console)


def end_system(consoles: Consoles, capture: Capture) -> None:
    """End what lives, and the other consoles."""
    machine = consoles.machine
    if not machine.shutdown(DEADLINE) and machine.panic is None:
        consoles.output.report(0, left_behind(machine))
    consoles.output.end_traces()
    consoles.close()
    capture.give_back()


def exit_status(console: Console) -> int:
    return console.status or (1 if console.machine.panic is not None else 0)


def take_signals(console: Console, ending: Iterable[str] = ()) -> Callable[[], object]:
    """Have Ctrl-C reach the console, and the signals that are to end it. What is answered puts back
    what was before.
    """

    def signalled(number: int, frame: object) -> None:
        if number == signal.SIGINT:
            console.errands.soon(console.interrupt)
        else:
            end_after(LAST_RESORT, 128 + number)
            console.errands.soon(console.hang_up, 128 + number)

    former = signal.signal(signal.SIGINT, signalled)
    for name in ending:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signalled)
    return partial(signal.signal, signal.SIGINT, former)


def end_after(seconds: float, status: int) -> None:
    """End the process then, if it is still there: its terminal may not take what we write."""
    timer = threading.Timer(seconds, os._exit, [status])
    timer.daemon = True
    timer.start()


@contextmanager
def streams(output: Output) -> Iterator[None]:
    """What tasks print goes to `output`; what they read from the terminal is at its end."""
    former = sys.stdin, sys.stdout, sys.stderr
    with open(os.devnull) as nothing:
        sys.stdin, sys.stdout, sys.stderr = nothing, output, Errors(output)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = former
