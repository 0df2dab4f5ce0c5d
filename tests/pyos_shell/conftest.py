"""What the tests of the shell share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyos_shell import loader

from .shell import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A session on a running machine, in an empty folder; no program leaves a trace behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(loader, "FOLDERS", {})
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = set(sys.modules)
    with Shell() as shell:
        yield shell
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or file.startswith(str(tmp_path)):  # None: a folder as a package
            del sys.modules[name]
