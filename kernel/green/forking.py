"""`os.fork` in a green program.

A fork copies the whole kernel, and all of its tasks would go on in the child as well. So there the
stack that has forked is given a kernel of its own at once, in which it is the only task; the loop
that has led there is never gone back to.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..greenlets import Fiber, current_fiber, getcurrent, greenlet
from ..scheduler import Scheduler
from ._thread import get_ident

if TYPE_CHECKING:
    from .program import GreenProgram


class Forks:
    """What one program does before and after it forks."""

    def __init__(self, program: GreenProgram) -> None:
        self.program = program
        self.before: list[Callable[[], object]] = []
        self.in_parent: list[Callable[[], object]] = []
        self.in_child: list[Callable[[], object]] = []

    def register(
        self,
        *,
        before: Callable[[], object] | None = None,
        after_in_parent: Callable[[], object] | None = None,
        after_in_child: Callable[[], object] | None = None,
    ) -> None:
        """As `os.register_at_fork`."""
        self.before[:0] = [before] if before is not None else []
        self.in_parent += [after_in_parent] if after_in_parent is not None else []
        self.in_child += [after_in_child] if after_in_child is not None else []

    def fork(self) -> int:
        """As `os.fork`."""
        return int(self.split(os.fork))

    def forkpty(self) -> tuple[int, int]:
        """As `os.forkpty`."""
        pid, fd = self.split(os.forkpty)
        return pid, fd

    def split(self, fork: Callable[[], Any]) -> Any:
        """Fork; gives what that gives, in the parent and in the child."""
        me = get_ident()
        for function in self.before:
            function()
        # A signal that came to the child before it has handlers of its own would be lost.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            answer = fork()
            in_child = (answer[0] if isinstance(answer, tuple) else answer) == 0
            if in_child:
                self.go_on_alone(me)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        for function in self.in_child if in_child else self.in_parent:
            function()
        return answer

    def go_on_alone(self, me: int) -> None:
        """In the child: from now on this stack is the only task of a kernel of its own."""
        stack = current_fiber()
        if stack is not None:
            child = greenlet(partial(run_alone, stack, getcurrent(), me), outermost())
            stack.parent = stack.ground.resumer = child
            child.switch()
        self.program.threads.clear()
        for thread in [*self.active_threads()]:
            handle = getattr(thread, "_handle", None)  # since Python 3.13
            if handle is not None and handle.ident != me:
                handle._set_done()
        hear_signals()
        print_itself()

    def active_threads(self) -> list[Any]:
        threading: Any = self.program.modules.get("threading")
        return list(getattr(threading, "_active", {}).values())


def outermost() -> greenlet:
    """The greenlet that stands for the thread."""
    here = getcurrent()
    while here.parent is not None:
        here = here.parent
    return here


def run_alone(stack: Fiber, place: greenlet, tid: int) -> None:
    """All that happens below the stack in the child. It goes on at `place` first, up to a system
    call, or its end.
    """
    status = 1
    try:
        trap = place.switch()
        if stack.dead:
            status = exit_status(trap)
        else:
            kernel = Scheduler()
            kernel.last_tid = tid - 1  # the task keeps its number, which locks may know
            ended: list[int] = []
            kernel.new(rest(stack, trap, ended), "forked")
            kernel.mainloop()
            status = ended[0]
    except BaseException as error:
        traceback.print_exception(error)
    finally:
        leave(status)


def rest(stack: Fiber, trap: Any, ended: list[int]) -> Generator[Any, Any, None]:
    """The steps of the stack from the call on that it has just made."""
    ended.append(1)
    try:
        while not stack.dead:
            answer = error = None
            try:
                answer = yield trap
            except BaseException as raised:
                error = raised
            trap = stack.resume(answer, error)
        ended[0] = exit_status(trap)
    except BaseException as error:
        traceback.print_exception(error)


def exit_status(value: Any) -> int:
    """What a script that has returned this tells the system."""
    return int(value) if isinstance(value, int) else 0


def leave(status: int) -> None:
    """The end of the child: what it has printed is written, and nothing else of us happens."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status & 0xFF)


def hear_signals() -> None:
    """The handlers of the parent are its own."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            is_int = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_int else signal.SIG_DFL)


def print_itself() -> None:
    """What is printed goes to the descriptors, as whoever else would show it is not here."""
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
