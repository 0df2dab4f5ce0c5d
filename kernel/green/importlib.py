"""`importlib` of a green program, whose functions import into that program."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import TYPE_CHECKING

from .module import changed

if TYPE_CHECKING:
    from .program import GreenProgram


def make(program: GreenProgram) -> ModuleType:
    importer = program.importer

    def import_module(name: str, package: str | None = None) -> ModuleType:
        """As `importlib.import_module`."""
        if name.startswith("."):
            if not package:
                raise TypeError(
                    f"the 'package' argument is required to perform a relative import for {name!r}"
                )
            name = importlib.util.resolve_name(name, package)
        return importer.load(name)

    return changed(
        importlib,
        import_module=import_module,
        reload=importer.reload,
        __import__=importer.import_name,
    )
