"""`signal`: what is sent to the program's task, and not to the process.

A handler for SIGINT, SIGUSR1 or SIGUSR2 is called when the task gets that signal, between two of
its steps; so it cannot itself wait for anything. One for another signal is noted, never called.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..fibers import call
from ..syscalls.signals import HANDLED, OnSignal
from ..syscalls.signals import Signal as TaskSignal
from ._thread import get_ident
from .module import changed, leave_out

if TYPE_CHECKING:
    from .program import GreenProgram

#: These are about the whole process; and what a script can use in their place.
TIMER: Final = "threading.Timer calls a function later, and time.sleep waits"
EVENT: Final = "a handler can set a threading.Event, whose wait suspends this task only"
KILL: Final = "signals go from task to task, by `kill` at the prompt"
WITHOUT: Final = {
    **dict.fromkeys(("alarm", "getitimer", "setitimer"), TIMER),
    **dict.fromkeys(("pause", "sigtimedwait", "sigwait", "sigwaitinfo"), EVENT),
    **dict.fromkeys(("pthread_kill", "siginterrupt"), KILL),
}


class Handlers:
    """The handlers of one program."""

    def __init__(self) -> None:
        self.main = get_ident()
        self.handlers: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}

    def get(self, number: int, /) -> Any:
        """As `signal.getsignal`."""
        return self.handlers.get(signal.Signals(number), signal.SIG_DFL)

    def set(self, number: int, handler: Any, /) -> Any:
        """As `signal.signal`."""
        if get_ident() != self.main:
            raise ValueError("signal only works in main thread of the main interpreter")
        number = signal.Signals(number)
        if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
            raise TypeError(
                "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object"
            )
        former = self.get(number)
        self.handlers[number] = handler
        kind = TaskSignal.__members__.get(number.name.removeprefix("SIG"))
        if kind in HANDLED:
            call(OnSignal(kind, self.called(number, handler)))
        return former

    def called(self, number: int, handler: Any) -> Callable[[TaskSignal], object] | None:
        """What the kernel calls."""
        if handler is signal.SIG_IGN:
            return lambda _: None
        if handler is signal.SIG_DFL or handler is signal.default_int_handler:
            return None
        return lambda _: handler(number, None)


def set_wakeup_fd(fd: int, /, *, warn_on_full_buffer: bool = True) -> int:
    """As `signal.set_wakeup_fd`; but no signal reaches the process."""
    if fd != -1:
        raise ValueError("set_wakeup_fd only works in main thread of the main interpreter")
    return -1


def make(program: GreenProgram) -> ModuleType:
    handlers = Handlers()
    module = changed(
        signal, signal=handlers.set, getsignal=handlers.get, set_wakeup_fd=set_wakeup_fd
    )
    leave_out(module, WITHOUT)
    return module
