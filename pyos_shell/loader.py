"""Loads program files for the running system: as they are on disk now, on a thread of their own,
and with a deadline.
"""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final

from .program import Program, Reference
from .raising import raise_in
from .system import System

#: Seconds that a file may take to load.
DEADLINE: Final = 10.0

#: The folders that programs have been loaded from, the last one last, and whether it was us who
#: put them on `sys.path`.
FOLDERS: Final[dict[Path, bool]] = {}

#: What was imported before any program, and what is never imported anew.
EARLIER: Final = frozenset(sys.modules)
OURS: Final = ("kernel", "pyos_shell")


class LoadingFailed(Exception):
    """The program's own code failed while it was loaded: `error` is what it raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


class TakesTooLong(TimeoutError):
    """The deadline has passed."""


class NoSuchFunction(LookupError):
    """The module has no function of this name, but it has `names`."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


class Abandoned(SystemExit):
    """Raised in a thread whose work nobody waits for any more; it ends without a word."""


def load_function(reference: Reference, system: System) -> Program:
    """The function that `reference` names, its file loaded anew.

    Raises `LoadingFailed`, `TakesTooLong`, `NoSuchFunction`, and `GivenUp` on Ctrl-C.
    """
    loading = Loading(reference.text, lambda: find_function(reference))
    try:
        return Program(reference.text, loading.result(system))
    except LoadingFailed as failed:
        if isinstance(failed.error, NoSuchFunction):
            raise failed.error from None
        raise


def find_function(reference: Reference) -> Any:
    """The function, on the loading thread: a module may make its functions when asked for them."""
    module = load_module(reference)
    try:
        return getattr(module, reference.function)
    except AttributeError:
        own = [name for name, value in vars(module).items() if is_made_in(module, value)]
        raise NoSuchFunction(own) from None


def is_made_in(module: ModuleType, value: Any) -> bool:
    """Whether it is a function of this module's own, rather than one that it has imported."""
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def load_module(reference: Reference) -> ModuleType:
    """The module, as a new process would find it."""
    if reference.file is None:
        with imported_anew(Path.cwd()):
            return importlib.import_module(reference.module)
    # No name that anybody imports. Dataclasses and pickle look a class's module up by it; a dot
    # would make it part of a package.
    module = ModuleType(f"program {reference.file.stem.replace('.', '_')}")
    sys.modules[module.__name__] = module
    execute(reference.file, module)
    return module


def call(program: Program, values: list[Any], options: dict[str, Any], system: System) -> Any:
    """What the program's function answers. A plain one may do anything, and take as long."""
    return Loading(program.name, lambda: program.function(*values, **options)).result(system)


def execute(file: Path, module: ModuleType) -> None:
    """Run the file's code, as it is on disk now, as `module`."""
    module.__file__ = str(file)
    module.__package__ = ""
    with imported_anew(file.parent):
        code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        exec(code, module.__dict__)


@contextmanager
def imported_anew(folder: Path) -> Iterator[None]:
    """Within this block the modules in `folder` can be imported, and are as they are on disk now.

    No bytecode is written: Python takes it for new if a file has the same size and second.
    """
    for name, module in list(sys.modules.items()):
        if is_own(name, module):
            del sys.modules[name]
    make_importable(folder)
    importlib.invalidate_caches()
    former, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = former


def is_own(name: str, module: ModuleType) -> bool:
    """Whether a module belongs to the programs: imported for one, from beside it."""
    file = getattr(module, "__file__", None)
    if name in EARLIER or name.partition(".")[0] in OURS or not isinstance(file, str):
        return False
    path = name.replace(".", "/")
    places = (f"{path}.py", f"{path}/__init__.py")
    return any(Path(file) == folder / place for folder in FOLDERS for place in places)


def make_importable(folder: Path) -> None:
    """So that a program finds the modules beside it: before those of other programs, but after all
    others, so that it hides none of theirs.
    """
    FOLDERS[folder] = FOLDERS.pop(folder, str(folder) not in sys.path)
    ours = [str(each) for each, added in reversed(FOLDERS.items()) if added]
    sys.path[:] = [each for each in sys.path if each not in ours] + ours


# -- user's code on a thread of its own


class Loading:
    """A program's own code under way, on a thread of its own."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.work = work
        self.thread = threading.Thread(target=self.run, name=f"program {name}", daemon=True)
        self.done = threading.Event()
        #: Set when the thread has ended; and what went wrong when nobody waited any more.
        self.ended = threading.Event()
        self.late: BaseException | None = None
        self.value: Any = None
        self.error: BaseException | None = None

    def result(self, system: System) -> Any:
        """What the work answers.

        Raises `LoadingFailed`, or `TakesTooLong` and `GivenUp`, and then the thread is ended, if
        it is in Python code.
        """
        self.thread.start()
        try:
            if not system.wait(self.done, DEADLINE):
                raise TakesTooLong(f"still loading after {DEADLINE:g} s: given up")
        except BaseException:
            self.abandon()
            raise
        if self.error is not None:
            raise LoadingFailed(self.error)
        return self.value

    def run(self) -> None:
        try:
            self.finish(self.work())
        except Abandoned:
            pass
        except BaseException as error:
            self.fail(without_our_frames(error))
        finally:
            self.ended.set()

    def finish(self, value: Any) -> None:
        """The work is done, as far as anybody waits for it."""
        if not self.done.is_set():
            self.value = value
            self.done.set()

    def fail(self, error: BaseException) -> None:
        """The work has failed; if that was in the rest of it, which nobody waits for, say so."""
        if self.done.is_set():
            self.late = error
            complain(error)
        else:
            self.error = error
            self.done.set()

    def abandon(self) -> None:
        """End the thread, wherever it is."""
        raise_in(self.thread, Abandoned)


def complain(error: BaseException) -> None:
    """Say what went wrong, as Python would at the end of a script."""
    if isinstance(error, SystemExit):
        sys.stderr.write(f"{leaving(error)}\n")
    else:
        traceback.print_exception(error)


def leaving(error: SystemExit) -> str:
    """What is said of a script that leaves by `sys.exit`: its message, or its exit status."""
    if isinstance(error.code, int):
        return f"the script has left with exit status {error.code}"
    return str(error.code)


def without_our_frames(error: BaseException) -> BaseException:
    """The error, and those behind it, with only the program's own frames in their tracebacks."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.__traceback__ = own_part(link.__traceback__)
        link = link.__cause__ or link.__context__
    return error


def own_part(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without our entries at its head and at its end."""
    while trace is not None and is_ours(trace):
        trace = trace.tb_next
    entry = last = trace
    while entry is not None:
        last = last if is_ours(entry) else entry
        entry = entry.tb_next
    if last is not None:
        last.tb_next = None
    return trace


def is_ours(trace: TracebackType) -> bool:
    """Whether this entry of a traceback tells of PyOS or of Python's importing."""
    name = trace.tb_frame.f_globals.get("__name__", "")
    return name.partition(".")[0] in (*OURS, "importlib")
