"""Consoles on the machine of any program: `embed` on its own terminal, `listen` on a socket.

    machine = Machine().boot()
    with pyos_shell.listen(machine, "debug.sock"):
        ...  # pyos attach debug.sock

The machine stays the program's: no console ends it. What the program prints goes where it always
went, and to the consoles as well; while a console has the program's terminal, it is shown there.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kernel import Machine

from .consoles import Consoles
from .output import Plain
from .reports import report_to

if TYPE_CHECKING:
    from .server import Listener


class Shared(Plain):
    """What goes to the program's own stdout and to its consoles. Reports go to the latter only."""

    def __init__(self) -> None:
        super().__init__(sys.stdout, io.StringIO())
        #: Whether a console has the terminal, and shows what is printed.
        self.embedded = False

    @contextmanager
    def embedding(self) -> Iterator[None]:
        """In the `with` block a console has the terminal. Raises `RuntimeError` if one has it
        already.
        """
        if self.embedded:
            raise RuntimeError("another console has the terminal")
        self.embedded = True
        try:
            yield
        finally:
            self.embedded = False

    def attempt(self, write: Callable[..., object], *what: object) -> None:
        if not self.embedded:
            super().attempt(write, *what)

    def say(self, text: str) -> None:
        """The program's stderr is its own."""


class Host:
    """What the consoles of a program's machine share, as long as there are any."""

    def __init__(self, machine: Machine) -> None:
        if machine.thread.ident is None:
            raise RuntimeError("the machine has not been booted yet")
        self.users = 0
        self.output = Shared()
        self.output.kernel_thread = machine.thread.ident
        self.consoles = Consoles(machine, self.output, owned=False)
        self.stop_reports = report_to(self.output, machine)
        self.former = sys.stdout
        sys.stdout = self.output

    def close(self) -> None:
        """There is no console any more: the program's stdout is what it was."""
        self.stop_reports()
        self.output.release_all()
        if sys.stdout is self.output:
            sys.stdout = self.former


LOCK = threading.Lock()
HOSTS: dict[Machine, Host] = {}


@contextmanager
def hosted(machine: Machine) -> Iterator[Host]:
    """In the `with` block the machine can have consoles."""
    with LOCK:
        host = HOSTS.get(machine) or HOSTS.setdefault(machine, Host(machine))
        host.users += 1
    try:
        yield host
    finally:
        with LOCK:
            host.users -= 1
            if not host.users:
                del HOSTS[machine]
                host.close()


def embed(machine: Machine) -> None:
    """Be a console of this machine on our terminal, until that is left; the machine goes on.

    May be called on any thread. Only on the main thread Ctrl-C is the console's also where it comes
    as a signal. Raises `RuntimeError` without a terminal, on the machine's own thread, and for a
    machine that has not been booted.
    """
    machine.forbid_own_thread()
    if not (sys.stdin.isatty() and os.isatty(1)):
        raise RuntimeError("a console needs a terminal; without one there is pyos_shell.listen")
    from .capture import Capture
    from .console import Console
    from .history import default_file
    from .owner import streams, take_signals
    from .terminal import Terminal

    with ExitStack() as stack:
        host = stack.enter_context(hosted(machine))
        stack.enter_context(host.output.embedding())
        capture = stack.enter_context(Capture(host.output))
        console = Console(host.consoles, Terminal(), history=default_file())
        console.farewell = capture.give_back
        if threading.current_thread() is threading.main_thread():
            stack.callback(take_signals(console))
        with streams(host.output):
            console.run([])
    if console.error is not None:
        raise console.error


class Listening:
    """Serves consoles until `close`, or the end of its `with` block."""

    def __init__(self, stack: ExitStack, listener: Listener) -> None:
        self.stack = stack
        self.path = listener.path

    def close(self) -> None:
        """Serve no more, and end the consoles that there are. Nothing happens the second time."""
        self.stack.close()

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def listen(machine: Machine, path: str, read_only: bool = False) -> Listening:
    """Serve consoles of this machine on a Unix socket at `path`, from a thread of its own; what is
    answered has a `close`. With `read_only` they may only look. `pyos attach PATH` joins.

    Raises `RuntimeError` for a machine that has not been booted, and `OSError` if it cannot listen
    there.
    """
    from .server import Listener
    from .system import Failure

    try:
        listener = Listener(path, read_only)
    except Failure as error:
        raise OSError(str(error)) from None
    with ExitStack() as stack:
        stack.callback(listener.close)
        host = stack.enter_context(hosted(machine))
        stack.callback(listener.close)
        listener.serve(host.consoles)
        kept = stack.pop_all()
    return Listening(kept, listener)
