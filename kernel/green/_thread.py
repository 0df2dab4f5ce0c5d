"""`_thread`: threads that are tasks, and locks that suspend tasks.

`threading`, `queue`, `concurrent.futures` and all else is made of these in Python, by the standard
library itself.
"""

from __future__ import annotations

import _thread
import signal
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, TaskKilled
from ..fibers import call, fiber, name_of
from ..greenlets import Fiber, current_fiber
from ..syscalls.signals import SendSignal
from ..syscalls.signals import Signal as TaskSignal
from ..syscalls.tasks import GetTid, NewTask
from ..systemcall import system_call
from ..task import Task
from ..watch import Watch
from .local import Local
from .lock import Lock
from .module import changed

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller
    from .program import GreenProgram


class Handle:
    """What a joinable thread is known by."""

    def __init__(self, ident: int | None = None) -> None:
        self.ident = ident
        self.done = Lock()
        self.done.acquire()

    def is_done(self) -> bool:
        return not self.done.taken

    def _set_done(self) -> None:
        if self.done.taken:
            self.done.release()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, for so many seconds at most."""
        if self.done.acquire(True, -1 if timeout is None or timeout < 0 else timeout):
            self.done.release()


class Threads:
    """The threads of one program."""

    def __init__(self, program: GreenProgram) -> None:
        self.program = program
        self.main = get_ident()
        #: Those that the program's end waits for.
        self.joined: set[Handle] = set()

    def start_new_thread(
        self, function: Callable[..., Any], args: Any, kwargs: Any = None, /
    ) -> int:
        """Start a task that calls the function; gives its tid."""
        if not callable(function):
            raise TypeError("first arg must be callable")
        return self.start(title_of(function), function, args, kwargs or {})

    def start(self, title: str, function: Callable[..., Any], args: Any, kwargs: Any) -> int:
        """Start a task of this name."""
        tid: int = call(NewThread(fiber(self.run, function, args, kwargs), title))
        self.program.threads.add(tid)
        return tid

    def run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """All that a thread does. What it raises ends this thread only."""
        stack = current_fiber()
        assert stack is not None
        tid = get_ident()
        try:
            function(*args, **kwargs)
        except SystemExit:
            pass
        except (TaskKilled, Cancelled, GeneratorExit):
            raise
        except BaseException as error:
            self.program.complain(error, function)
        finally:
            self.program.threads.discard(tid)
            for lock in vars(stack).pop("sentinels", ()):
                if lock.taken:
                    lock.release()

    def start_joinable_thread(
        self, function: Callable[[], Any], handle: Handle | None = None, daemon: bool = True
    ) -> Handle:
        """Start a thread whose end can be waited for."""
        handle = Handle() if handle is None else handle
        if not daemon:
            self.joined.add(handle)
        arguments = function, handle
        handle.ident = self.start(title_of(function), self.run_joinable, arguments, {})
        return handle

    def run_joinable(self, function: Callable[[], Any], handle: Handle) -> None:
        try:
            function()
        finally:
            self.joined.discard(handle)
            handle._set_done()

    def set_sentinel(self) -> Lock:
        """A lock that is released as this thread ends."""
        lock = Lock()
        stack = current_fiber()
        if stack is not None:
            vars(stack).setdefault("sentinels", []).append(lock)
        return lock

    def excepthook(self, args: Any, /) -> None:
        """Tell of an error that has ended a thread, as `threading` does. A kill is none."""
        if issubclass(args.exc_type, (SystemExit, TaskKilled, Cancelled, GeneratorExit)):
            return
        name = args.thread.name if args.thread is not None else get_ident()
        lines = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
        stderr = self.program.sys.stderr
        if stderr is not None:
            stderr.write("".join([f"Exception in thread {name}:\n", *lines]))
            stderr.flush()

    def interrupt_main(self, signum: int = signal.SIGINT, /) -> None:
        """Send the main thread a signal, as `_thread.interrupt_main`."""
        kind = TaskSignal(signal.Signals(signum).name)
        call(SendSignal(self.main, kind))

    def shutdown(self) -> None:
        """Wait for all threads but the daemons."""
        while self.joined:
            next(iter(self.joined)).join()


@system_call
class NewThread(NewTask):
    """Makes a task that hears no Ctrl-C: Python raises that in the main thread only."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = Task(self.target, self.name)
        kernel.schedule(task, caller.tid)
        kernel.handlers[task.tid] = {TaskSignal.INT: lambda _: None}
        Watch(task, kernel.forget_handlers)
        return task.tid


def title_of(function: Callable[..., Any]) -> str:
    """What a task is called: as its thread, or else as its function."""
    owner = getattr(function, "__self__", None)
    return str(getattr(owner, "name", None) or name_of(function))


def get_ident() -> int:
    """The number of this thread: the tid of its task."""
    stack = current_fiber()
    if stack is None:
        return _thread.get_ident()
    known: int | None = vars(stack).get("tid")
    if known is None:
        known = learn_tid(stack)
    return known


def learn_tid(stack: Fiber) -> int:
    """Ask for the tid of this task, once."""
    tid: int = call(GetTid())
    vars(stack)["tid"] = tid
    return tid


def make(program: GreenProgram) -> ModuleType:
    threads = Threads(program)
    return changed(
        _thread,
        ("RLock",),  # which `threading` has in Python as well
        _local=Local,
        LockType=Lock,
        lock=Lock,
        allocate_lock=Lock,
        allocate=Lock,
        start_new_thread=threads.start_new_thread,
        start_new=threads.start_new_thread,
        start_joinable_thread=threads.start_joinable_thread,
        get_ident=get_ident,
        get_native_id=get_ident,
        _set_sentinel=threads.set_sentinel,
        _ThreadHandle=Handle,
        _make_thread_handle=Handle,
        _get_main_thread_ident=lambda: threads.main,
        _shutdown=threads.shutdown,
        _count=lambda: len(program.threads),
        _excepthook=threads.excepthook,
        interrupt_main=threads.interrupt_main,
    )
