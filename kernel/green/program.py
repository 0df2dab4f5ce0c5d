"""A green program under way: its modules, its threads, its end."""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any, Final

from ..errors import Cancelled, TaskKilled
from ..fibers import call
from ..systemcall import SystemCall, system_call
from ..task import ExitCode
from ..watch import Watch
from . import atexit as green_atexit
from . import builtins as green_builtins
from . import sys as green_sys
from .finding import Finder
from .imports import Importer

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task

#: Said of an error that nobody could catch.
STARTED: Final = "Exception ignored in thread started by"

#: The processes that `multiprocessing` has beside its own, which end with the interpreter's.
HELPERS: Final = {
    "multiprocessing.forkserver": "_forkserver",
    "multiprocessing.resource_tracker": "_resource_tracker",
}

#: What a module's variables are left with.
CODE: Final = (ModuleType, FunctionType, type, str, int, float)


class GreenProgram:
    """One script, and its universe of modules."""

    def __init__(self, file: Path, arguments: list[str]) -> None:
        self.file = file
        self.argv = [str(file), *arguments]
        self.path = [str(file.parent), *(each for each in sys.path if each)]
        #: What the program sees as `sys.modules`.
        self.modules: dict[str, ModuleType] = {}
        #: The tids of its threads, without that of the script.
        self.threads: set[int] = set()
        self.at_exit = green_atexit.AtExit()
        self.stdin = green_sys.Stdin()
        self.importer = Importer(self, Finder(file.parent, self.path))
        self.sys = self.modules["sys"] = green_sys.make(self)
        self.builtins = self.modules["builtins"] = green_builtins.make(self)

    def run(self, code: Any) -> Any:
        """All that the script does, and its threads; gives its exit status."""
        watch: Watch = call(EndTogether(self))
        try:
            return self.execute(code)
        finally:
            watch.leave()
            self.end(watch.kernel)

    def execute(self, code: Any) -> Any:
        """Run the script, and what belongs to its end, unless it is killed."""
        main = self.modules["__main__"] = ModuleType("__main__")
        vars(main).update(
            __annotations__={},
            __builtins__=self.builtins,
            __cached__=None,
            __file__=str(self.file),
            __loader__=SourceFileLoader("__main__", str(self.file)),
        )
        try:
            status = self.execute_script(code, vars(main))
        except (TaskKilled, Cancelled, GeneratorExit):
            raise
        except BaseException:
            self.wind_up()
            raise
        self.wind_up()
        return status

    def execute_script(self, code: Any, names: dict[str, Any]) -> Any:
        """Run the script; gives its exit status."""
        try:
            try:
                exec(code, names)
            except (SystemExit, TaskKilled, Cancelled, GeneratorExit):
                raise
            except BaseException as error:
                forget_importing(error)
                self.tell_hook(error)
                raise
        except SystemExit as leaving:
            return self.left_with(leaving)
        return None

    def tell_hook(self, error: BaseException) -> None:
        """Call the script's own `sys.excepthook`, if it has one, with the error that ends it."""
        hook, trace = self.sys.excepthook, error.__traceback__
        if hook is sys.excepthook or trace is None:
            return
        try:
            hook(type(error), error, trace.tb_next)  # without our own entry
        except (SystemExit, TaskKilled, Cancelled, GeneratorExit):
            raise
        except BaseException as second:
            self.sys.stderr.write("Error in sys.excepthook:\n")
            if second.__traceback__ is not None:
                second.__traceback__ = second.__traceback__.tb_next
            traceback.print_exception(second, chain=False, file=self.sys.stderr)

    def left_with(self, leaving: SystemExit) -> Any:
        """The exit status of a script that leaves by `sys.exit`."""
        code = leaving.code
        if code is None or isinstance(code, int):
            return ExitCode(code) if code else None
        if self.sys.stderr is not None:
            self.sys.stderr.write(f"{code}\n")
        return ExitCode(1)

    def wind_up(self) -> None:
        """The script has come to its end: wait for its threads, and call what is to be called."""
        threading = self.modules.get("threading")
        if threading is not None:
            threading._shutdown()
        elif "_thread" in self.modules:
            self.modules["_thread"]._shutdown()
        self.at_exit.run()
        for module, name in HELPERS.items():
            helper: Any = getattr(self.modules.get(module), name, None)
            with suppress(AttributeError, OSError):
                helper._stop()
        with suppress(Exception):
            self.sys.stdout.flush()

    def complain(self, error: BaseException, function: object) -> None:
        """Tell of an error that has ended a thread which `threading` has not made."""
        forget_importing(error)
        hook = self.sys.unraisablehook
        if hook is not sys.unraisablehook:
            told = error, type(error), error.__traceback__, STARTED, function
            names = "exc_value", "exc_type", "exc_traceback", "err_msg", "object"
            hook(SimpleNamespace(**dict(zip(names, told, strict=True))))
            return
        self.sys.stderr.write(f"{STARTED}: {function!r}\n")
        traceback.print_exception(error, file=self.sys.stderr)

    def end(self, kernel: Scheduler) -> None:
        """The script has ended, in whatever way: so do its threads."""
        for tid in sorted(self.threads):
            if task := kernel.tasks.get(tid):
                Watch(task, self.thread_ended)
                kernel.kill(task)
            else:
                self.threads.discard(tid)
        self.drop_values()

    def thread_ended(self, task: Task) -> None:
        self.threads.discard(task.tid)
        self.drop_values()

    def drop_values(self) -> None:
        """Once no thread is left, what the script's variables hold goes, as a process's does: files
        are written and sockets closed now, and not when the collector comes. Code stays, as an
        error may need it to tell of itself.
        """
        for module in [] if self.threads else self.importer.own_modules():
            for name, value in [*vars(module).items()]:
                if not isinstance(value, CODE) and not name.startswith("__"):
                    vars(module)[name] = None


def forget_importing(error: BaseException) -> None:
    """Leave the entries that tell of our importing out of an error's traceback."""
    trace = error.__traceback__
    while trace is not None:
        while trace.tb_next is not None and is_importing(trace.tb_next):
            trace.tb_next = trace.tb_next.tb_next
        trace = trace.tb_next


def is_importing(trace: TracebackType) -> bool:
    return trace.tb_frame.f_globals.get("__name__") == Importer.__module__


@system_call
class EndTogether(SystemCall):
    """When the caller ends, all threads of its program do; answers the watch that sees to it."""

    program: GreenProgram

    def run(self, kernel: Scheduler, caller: Any) -> object:
        def ended(task: Task) -> None:
            self.program.end(kernel)

        return Watch(caller.task, ended)
