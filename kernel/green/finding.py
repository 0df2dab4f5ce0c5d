"""Where modules are, and which of them a green program has a copy of.

It has one of each module that is written in Python and imports one that blocks, or imports one that
does, and so on. What a module imports is read off its code, before any of it is run.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    BuiltinImporter,
    FrozenImporter,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from modulefinder import ModuleFinder
from pathlib import Path
from types import CodeType
from typing import Any, Final

#: What blocks, and has another in its place.
BLOCKING: Final = {"_socket", "_ssl", "_thread", "atexit", "select", "time"}

#: What has another in its place as well; but who only imports these need not be copied.
REPLACED: Final = BLOCKING | {
    "_multiprocessing",
    "_pickle",
    "builtins",
    "importlib",
    "io",
    "os",
    "signal",
    "sys",
}

#: Look for a program's modules by their names. So each program has them, and who imports them need
#: not be copied: a copy, or the same with another `sys`.
COPIED: Final = {"contextlib", "enum", "pickle"}
REBOUND: Final = {"dataclasses", "inspect", "pkgutil", "typing"}

#: Import what blocks, and make no use of it that could suspend anybody.
HARMLESS: Final = {"functools", "reprlib"}

#: Not to be had: C code beside a module in Python that does the same, and knows modules by name.
ABSENT: Final = {"_asyncio", "_queue"}

#: What is there once for all.
SHARED: Final = {"greenlet", "importlib", "kernel", "pyos_shell"}

#: Names of what blocks by itself, in code that imports nothing for that.
BLOCKING_NAMES: Final = {"input", "popen", "stdin", "system", "waitpid"}

#: What is known of modules, by name and file; and of packages, whether they have parts in C.
NEEDS_COPY: Final[dict[tuple[str, str | None], bool]] = {}
HAS_C: Final[dict[str, bool]] = {}


class Finder:
    """Finds the modules of a program: `folder` is where its own are, the first in `path`."""

    def __init__(self, folder: Path, path: list[str]) -> None:
        self.folder = folder
        self.path = path
        self.specs: dict[str, ModuleSpec | None] = {}

    def find(self, name: str, path: Any = None) -> ModuleSpec | None:
        """Where the module is, of which `path` is the package's; None if there is none."""
        if path is None:
            for finder in (BuiltinImporter, FrozenImporter):
                if (spec := finder.find_spec(name)) is not None:
                    return spec
        if (spec := PathFinder.find_spec(name, self.path if path is None else path)) is not None:
            return spec
        others = (each for each in sys.meta_path if each not in STANDARD)
        found = (each.find_spec(name, path) for each in others)
        return next((spec for spec in found if spec is not None), None)

    def is_own(self, spec: ModuleSpec) -> bool:
        """Whether the module is one of the program's, beside its script. (There may be others below
        that folder: all that is installed, say.)
        """
        place = str(self.folder.joinpath(*spec.name.split(".")))
        origin = spec.origin or ""
        return origin == os.path.join(place, "__init__.py") or origin.startswith(f"{place}.")

    def needs_copy(self, spec: ModuleSpec) -> bool:
        """Whether the program has a copy of this module."""
        name, top = spec.name, spec.name.partition(".")[0]
        if top in SHARED or name in HARMLESS or name in REBOUND:
            return False
        if is_namespace(spec) or self.is_own(spec):
            return True
        if type(spec.loader) not in WRITTEN_IN_PYTHON:
            return False
        if name in COPIED:
            return True
        if top not in sys.stdlib_module_names and self.has_parts_in_c(top):
            return False
        key = (name, spec.origin)
        if key not in NEEDS_COPY:
            self.look_through(spec)
        return NEEDS_COPY[key]

    def look_through(self, spec: ModuleSpec) -> None:
        """Find out whether a module comes to one that blocks, by whatever imports. If it does not,
        nor do those that it imports.
        """
        seen = {spec.name: spec}
        left = [spec]
        blocks = False
        while left and not blocks:
            names = set(self.imported(left.pop())) - seen.keys()
            found = [each for each in map(self.spec_of, names - HARMLESS) if each is not None]
            known = [NEEDS_COPY.get((each.name, each.origin)) for each in found]
            blocks = not BLOCKING.isdisjoint(names) or True in known
            for each, so in zip(found, known, strict=True):
                if so is None and each.name not in seen and not is_set_apart(each.name):
                    seen[each.name] = each
                    left.append(each)
        for each in [spec] if blocks else seen.values():
            NEEDS_COPY[each.name, each.origin] = blocks

    def imported(self, spec: ModuleSpec) -> Iterator[str]:
        """The names of what a module imports as it begins, as far as its code tells."""
        if type(spec.loader) not in WRITTEN_IN_PYTHON:
            return
        code = code_of(spec)
        if code is None:
            return
        if blocks_by_itself(code):
            yield "time"
        package = spec.name if spec.submodule_search_locations is not None else spec.parent
        yield from parents(spec.name)
        for kind, what in ModuleFinder().scan_opcodes(code):
            if kind == "store":
                continue
            level, names, name = what if kind == "relative_import" else (0, *what)
            try:
                name = importlib.util.resolve_name("." * level + (name or ""), package)
            except ImportError:
                continue
            yield from (*parents(name), name)
            parts = self.spec_of(name) if names else None
            if parts is not None and parts.submodule_search_locations is not None:
                yield from (f"{name}.{part}" for part in names if part != "*")

    def spec_of(self, name: str) -> ModuleSpec | None:
        """Where a module is, found without importing its package."""
        if name not in self.specs:
            package = name.rpartition(".")[0]
            path = None
            if package:
                above = self.spec_of(package)
                path = above.submodule_search_locations if above is not None else None
                if path is None:
                    self.specs[name] = None
                    return None
            try:
                self.specs[name] = self.find(name, path)
            except Exception:  # a finder of somebody's own
                self.specs[name] = None
        return self.specs[name]

    def has_parts_in_c(self, package: str) -> bool:
        """Whether any module of the package is an extension. Its other modules are the only ones
        that such a module knows, so there must be no copies.
        """
        if package not in HAS_C:
            spec = self.spec_of(package)
            folders = spec.submodule_search_locations if spec is not None else None
            HAS_C[package] = any(map(has_extensions, folders or ()))
        return HAS_C[package]


def is_set_apart(name: str) -> bool:
    """Whether it is decided elsewhere what becomes of a module."""
    return name in REPLACED | COPIED | REBOUND or name.partition(".")[0] in SHARED


def is_namespace(spec: ModuleSpec) -> bool:
    """Whether it is of a package without an `__init__.py`, of which there is nothing to share."""
    return spec.submodule_search_locations is not None and spec.origin is None


def parents(name: str) -> Iterator[str]:
    """The packages that a module is in, outermost first."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield ".".join(parts[:end])


def has_extensions(folder: str) -> bool:
    """Whether there is a module in C anywhere in a folder."""
    suffixes = tuple(EXTENSION_SUFFIXES)
    return any(file.endswith(suffixes) for _, _, files in os.walk(folder) for file in files)


def code_of(spec: ModuleSpec) -> CodeType | None:
    """The code of a module; None if it has none, or none that can be read."""
    try:
        code: CodeType | None = spec.loader.get_code(spec.name)  # type: ignore[union-attr]
    except (ImportError, SyntaxError, OSError, ValueError):
        return None
    return code


def blocks_by_itself(code: CodeType) -> bool:
    """Whether a function in it reads stdin, or waits for a process."""
    if not BLOCKING_NAMES.isdisjoint(code.co_names):
        return True
    return any(blocks_by_itself(each) for each in code.co_consts if type(each) is CodeType)


#: The interpreter's own ways to find a module, and those in which one in Python is loaded.
STANDARD: Final[tuple[Any, ...]] = (BuiltinImporter, FrozenImporter, PathFinder)
WRITTEN_IN_PYTHON: Final = (SourceFileLoader, SourcelessFileLoader)
