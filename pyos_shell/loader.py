"""Loads program files for the running system: as they are on disk now, on a thread of their own,
and with a deadline.

A script such as `server.py` makes a `Scheduler` and calls its `mainloop`. While it is loaded it
gets a `Guest` for a scheduler, which hands the tasks to the running system, and whose `mainloop`
ends the loading.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from kernel import Machine, Scheduler, SystemCall, Task, system_call
from kernel.scheduler import HOST

from .program import Program, Reference

#: Seconds that a file may take to load.
DEADLINE: Final = 10.0

#: The source of each module that was loaded by name, as it was then.
SOURCES: Final[dict[str, bytes]] = {}


class LoadingFailed(Exception):
    """The program's own code failed while it was loaded: `error` is what it raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


class TakesTooLong(TimeoutError):
    """The deadline has passed."""


class Loaded(BaseException):
    """Raised by a guest's `mainloop`: the script has come to its end, and its tasks begin."""


@system_call
class ReserveTid(SystemCall):
    """Answers a tid that no other task will get."""

    def run(self, kernel: Scheduler, caller: object) -> object:
        kernel.last_tid += 1
        return kernel.last_tid


@system_call
class Admit(SystemCall):
    """Puts tasks into the system whose tids have been reserved."""

    tasks: list[Task]

    def run(self, kernel: Scheduler, caller: object) -> object:
        for task in self.tasks:
            kernel.admit(task, 0)
        return None


class Guest(Scheduler):
    """The scheduler that a script gets: it collects tasks for the running system."""

    machine: Machine
    collected: list[Task]

    def schedule(self, task: Task, parent: int = 0) -> None:
        task.tid = self.machine.call(ReserveTid())
        self.collected.append(task)

    def mainloop(self) -> None:
        raise Loaded


def load_function(reference: Reference, deadline: float = DEADLINE) -> Program:
    """The function that `reference` names, its file loaded anew.

    Raises `LoadingFailed`, `TakesTooLong`, and `AttributeError` if there is no such function.
    """
    name = f"program {reference.text}"
    module = on_a_thread(name, deadline, lambda: load_module(reference))
    return Program(reference.text, getattr(module, reference.function))


def load_module(reference: Reference) -> ModuleType:
    if reference.file is not None:
        module = ModuleType(f"programs.{reference.file.stem}")
        # Dataclasses and pickle look a class's module up by its name.
        sys.modules[module.__name__] = module
        execute(reference.file, module)
        return module
    add_to_path(Path.cwd())
    return load_named(reference.module)


def load_named(name: str) -> ModuleType:
    """Import a module, or, if its source has changed since, run it again."""
    importlib.invalidate_caches()
    known = sys.modules.get(name)
    spec = known.__spec__ if known is not None else importlib.util.find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return known or importlib.import_module(name)
    file = Path(spec.origin)
    source = file.read_bytes()
    if known is None:
        known = importlib.import_module(name)
    elif SOURCES.get(name, source) != source:
        execute(file, known)
    SOURCES[name] = source
    return known


def load_script(reference: Reference, arguments: list[str], machine: Machine) -> list[int]:
    """Run a script up to its `mainloop`, or to its end; answers the tids of the tasks it made.

    Raises `LoadingFailed` and `TakesTooLong`; its tasks are dropped then.
    """
    file = reference.file
    assert file is not None
    tasks: list[Task] = []
    guest = type("Guest", (Guest,), {"machine": machine, "collected": tasks})

    def run() -> None:
        HOST.set(guest)
        module = ModuleType("__main__")
        sys.argv = [str(file), *arguments]
        execute(file, module)

    own_arguments = sys.argv
    try:
        on_a_thread(f"script {reference.text}", DEADLINE, run)
    except BaseException:
        for task in tasks:
            task.force()
        raise
    finally:
        sys.argv = own_arguments
    machine.call(Admit(tasks))
    return [task.tid for task in tasks]


def execute(file: Path, module: ModuleType) -> None:
    """Run the file's code, as it is on disk now, as `module`."""
    add_to_path(file.parent)
    module.__file__ = str(file)
    code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    exec(code, module.__dict__)


def on_a_thread(name: str, deadline: float, work: Callable[[], Any]) -> Any:
    """What `work` returns, done on a thread of its own. What it raises comes as `LoadingFailed`;
    after `deadline` seconds it is abandoned, and ended if it is Python code: `TakesTooLong`.
    """
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((work(), None))
        except (Loaded, SystemExit):
            outcome.append((None, None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        thread.join(deadline)
    finally:
        if not outcome and thread.ident is not None:
            abandon(thread.ident)
    if not outcome:
        raise TakesTooLong(f"still loading after {deadline:.0f} s: given up")
    value, error = outcome[0]
    if error is not None:
        raise LoadingFailed(without_our_frames(error))
    return value


def abandon(ident: int) -> None:
    """Raise `TakesTooLong` in a thread, wherever it is."""
    raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
    raising(ctypes.c_ulong(ident), ctypes.py_object(TakesTooLong))


def without_our_frames(error: BaseException) -> BaseException:
    """The error, with only the program's own frames in its traceback."""
    ours = (__file__, importlib.__file__, "<frozen importlib")
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return error.with_traceback(trace)


def add_to_path(folder: Path) -> None:
    """So that a program finds the modules beside it; last, so that it hides none."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
