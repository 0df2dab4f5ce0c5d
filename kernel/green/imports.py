"""The `__import__` of a green program."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import suppress
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from ..fibers import call
from ._thread import get_ident
from .finding import ABSENT, REBOUND, REPLACED, Finder
from .lock import Lock, TakeLock
from .module import changed, rebound
from .waiting import give_way, in_task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .program import GreenProgram


class Importer:
    """Brings modules into one program."""

    def __init__(self, program: GreenProgram, finder: Finder) -> None:
        self.program = program
        self.modules = program.modules
        self.finder = finder
        #: Who imports what at the moment, who else waits for that, and for whom.
        self.importing: dict[str, tuple[int, Lock]] = {}
        self.waiting: dict[int, int] = {}

    def import_name(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Iterable[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What an `import` statement calls."""
        if fromlist == [] and not level:
            for_c_code(name)
        if not level:
            absolute = name
        else:
            absolute = importlib.util.resolve_name("." * level + name, package_of(globals))
        module = self.load(absolute)
        if fromlist:
            self.load_parts(module, fromlist)
            return module
        if not level:
            return self.load(name.partition(".")[0])
        if not name:
            return module
        cut = len(name) - len(name.partition(".")[0])
        return self.modules[absolute[: len(absolute) - cut]]

    def load_parts(self, module: ModuleType, names: Iterable[str]) -> None:
        """Import those of the names that are modules in a package. Raises `ImportError` for what
        has been left out of a module on purpose.
        """
        if not hasattr(module, "__path__"):
            for said in left_out(module, names):
                raise ImportError(said, name=module.__name__)
            return
        for name in names:
            if name == "*":
                self.load_parts(module, list(getattr(module, "__all__", ())))
            elif not hasattr(module, name):
                part = f"{module.__name__}.{name}"
                try:
                    self.load(part)
                except ModuleNotFoundError as error:
                    if error.name != part:
                        raise

    def load(self, name: str) -> ModuleType:
        """The module of this name, imported if it has not been. Raises `ModuleNotFoundError`."""
        if not isinstance(name, str):
            raise TypeError(f"module name must be str, not {type(name)}")
        if not name:
            raise ValueError("Empty module name")
        if name not in self.modules:
            package = name.rpartition(".")[0]
            parent = self.load(package) if package else None
            if name not in self.modules:
                return self.bring(name, parent)
        self.await_import(name)
        module = self.modules.get(name)
        if module is None:
            raise ModuleNotFoundError(f"import of {name} halted; None in sys.modules", name=name)
        return module

    def bring(self, name: str, parent: ModuleType | None) -> ModuleType:
        """Import a module that is not there yet."""
        path = getattr(parent, "__path__", None)
        module: ModuleType
        if name in REPLACED:
            module = importlib.import_module(f".{name}", __package__).make(self.program)
            self.modules[name] = module
        elif name in ABSENT:
            raise missing(name)
        elif parent is not None and path is None:
            module = self.modules[name] = part_of_no_package(name, parent)
        else:
            spec = self.finder.find(name, path)
            if spec is None:
                raise missing(name)
            module = self.execute(spec) if self.finder.needs_copy(spec) else self.share(name)
        if parent is not None:
            setattr(parent, name.rpartition(".")[2], module)
        return module

    def share(self, name: str) -> ModuleType:
        """A module that is there once for all; of a package an object of its own, as it may get
        parts that are copies.
        """
        module = importlib.import_module(name)
        if name in REBOUND:
            module = rebound(module, sys=self.program.sys, importlib=self.load("importlib"))
        elif name == "importlib.util":
            module = changed(module, find_spec=self.find_spec)
        elif hasattr(module, "__path__") and type(module) is ModuleType:
            module = changed(module)
        self.modules[name] = module
        return module

    def own_modules(self) -> list[ModuleType]:
        """The script, and the modules beside it, as far as they are this program's alone."""
        alone = [each for name, each in self.modules.items() if each is not sys.modules.get(name)]
        return [each for each in alone if self.is_own(each)]

    def is_own(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        if spec is None:
            return getattr(module, "__name__", None) == "__main__"
        return self.finder.is_own(spec)

    def find_spec(self, name: str, package: str | None = None) -> ModuleSpec | None:
        """As `importlib.util.find_spec`."""
        name = importlib.util.resolve_name(name, package)
        if name in self.modules:
            return self.modules[name].__spec__
        above = name.rpartition(".")[0]
        return self.finder.find(name, self.load(above).__path__ if above else None)

    def execute(self, spec: ModuleSpec) -> ModuleType:
        """A copy of a module, executed for this program."""
        give_way()  # to import many may take long
        name = spec.name
        if name in self.modules:  # somebody was faster
            return self.load(name)
        module = importlib.util.module_from_spec(spec)
        vars(module)["__builtins__"] = vars(self.program.builtins)
        lock = self.announce(name, module)
        spec._initializing = True  # type: ignore[attr-defined]
        try:
            self.begin(module, spec)
        except BaseException:
            self.take_back(name, module)
            raise
        finally:
            spec._initializing = False  # type: ignore[attr-defined]
            del self.importing[name]
            lock.release()
        return self.modules[name]  # it may have put another in its place

    def announce(self, name: str, module: ModuleType) -> Lock:
        """A module is about to be executed; gives the lock that others wait for."""
        self.modules[name] = module
        # C code looks for a half-made part of a package in the real `sys.modules`, in vain.
        self.package_names(name).setdefault(name.rpartition(".")[2], module)
        lock = Lock()
        lock.acquire()
        self.importing[name] = get_ident(), lock
        return lock

    def take_back(self, name: str, module: ModuleType) -> None:
        """The module has failed."""
        self.modules.pop(name, None)
        names, last = self.package_names(name), name.rpartition(".")[2]
        if names.get(last) is module:
            del names[last]

    def package_names(self, name: str) -> dict[str, Any]:
        """What is in the package that a module is in."""
        package = name.rpartition(".")[0]
        return vars(self.modules[package]) if package else {}

    def begin(self, module: ModuleType, spec: ModuleSpec) -> None:
        """Execute the code of a module."""
        if isinstance(spec.loader, ExtensionFileLoader):  # the program's own
            spec.loader.exec_module(module)
            return
        code = self.code(spec)
        if code is not None:
            exec(code, vars(module))

    def code(self, spec: ModuleSpec) -> CodeType | None:
        """The code of a module; of the program's own, as it is on disk now."""
        loader: Any = spec.loader
        if loader is None or not hasattr(loader, "get_code"):
            return None
        if spec.origin is not None and self.finder.is_own(spec) and spec.origin.endswith(".py"):
            data = loader.get_data(spec.origin)
            return compile(data, spec.origin, "exec", dont_inherit=True)
        code: CodeType | None = loader.get_code(spec.name)
        return code

    def reload(self, module: ModuleType) -> ModuleType:
        """Execute a module anew, as `importlib.reload`. What is shared stays as it is."""
        spec = module.__spec__
        if spec is not None and self.finder.needs_copy(spec):
            self.begin(module, spec)
        return module

    def await_import(self, name: str) -> None:
        """Wait until another thread has imported a module; not if that one waits for us."""
        me = get_ident() if name in self.importing and in_task() else 0
        while me and name in self.importing:
            importer, lock = self.importing[name]
            if self.leads_to(importer, me):
                return
            self.waiting[me] = importer
            try:
                call(TakeLock(lock))
                lock.release()
            finally:
                del self.waiting[me]

    def leads_to(self, importer: int, me: int) -> bool:
        """Whether whom we would wait for is this thread, or waits for it."""
        while importer != me and importer in self.waiting:
            importer = self.waiting[importer]
        return importer == me


def left_out(module: ModuleType, names: Iterable[str]) -> list[str]:
    """What to say of those of the names that a module is without, on purpose."""
    said: dict[str, str] = getattr(module, "__dict__", {}).get("__left_out__", {})
    return [said[name] for name in names if name in said]


def for_c_code(name: str) -> None:
    """C code imports by `__import__`, with an empty list, and looks in the real `sys.modules`."""
    with suppress(ImportError):
        importlib.import_module(name)


def part_of_no_package(name: str, parent: ModuleType) -> ModuleType:
    """Such a module as `os.path`, which its parent has made."""
    if name in sys.modules:
        return sys.modules[name]
    message = f"No module named {name!r}; {parent.__name__!r} is not a package"
    raise ModuleNotFoundError(message, name=name)


def package_of(globals: Any) -> str:
    """The package that a relative import is in. Raises `ImportError` if there is none."""
    package = globals.get("__package__") if globals is not None else None
    spec = globals.get("__spec__") if globals is not None else None
    if package is None and spec is not None:
        package = spec.parent
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    return str(package)


def missing(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {name!r}", name=name)
