"""What `from kernel import *` brings, and what it leaves alone."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import kernel

FOLDER = Path(kernel.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
NEIGHBOURS = ["socket", "select", "time", "os", "sys"]


def star(module: str) -> set[str]:
    """The names that a star import of `module` brings."""
    names: dict[str, object] = {}
    exec(f"from {module} import *", names)
    return set(names) - {"__builtins__"}


def test_the_star_import_brings_just_what_all_promises():
    assert star("kernel") == set(kernel.__all__)
    assert len(kernel.__all__) == len(set(kernel.__all__))


def test_the_star_import_shadows_no_built_in():
    assert not star("kernel") & set(dir(builtins))


@pytest.mark.parametrize("module", NEIGHBOURS)
def test_the_star_import_shadows_no_name_of_a_neighbour(module):
    assert not star("kernel") & set(dir(importlib.import_module(module)))


@pytest.mark.parametrize("module", NEIGHBOURS)
def test_no_name_of_ours_is_replaced_by_a_star_import_after_it(module):
    names: dict[str, object] = {}
    exec(f"from kernel import *\nfrom {module} import *", names)
    assert all(names[name] is getattr(kernel, name) for name in kernel.__all__)


def test_every_public_name_says_what_it_is():
    assert [name for name in kernel.__all__ if not inspect.getdoc(getattr(kernel, name))] == []


def test_every_call_and_every_error_is_public():
    modules = [importlib.import_module("kernel.errors")]
    modules += [
        importlib.import_module(f"kernel.syscalls.{each.name}")
        for each in pkgutil.iter_modules([str(FOLDER / "syscalls")])
    ]
    # What is left of another call.
    left_over = {"Asking", "Connecting", "PipeWriting", "Sending", "SendingFile", "SendingMany"}
    left_over |= {"Writing"}
    parts = {"AwaitNotice", "Notified", "Regain"}  # of `Condition.wait`
    parts |= {"EndAndLeave", "EnterGroup", "LeaveGroup", "SpawnInGroup", "WaitReady"}  # `TaskGroup`
    parts |= {"AwaitFiles", "AwaitLoop", "Enroll", "Visit"}  # `hosted` and `kernel_call`
    found = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, (kernel.SystemCall, kernel.KernelError))
        and value.__module__ == module.__name__
    }
    assert found - left_over - parts <= set(kernel.__all__)
    assert left_over | parts <= found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_the_kernel_imports_the_standard_library_and_itself_only(file):
    others = {"greenlet"} if file.name == "greenlets.py" else set()
    imported = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add((node.module or "").partition(".")[0])
    assert imported <= sys.stdlib_module_names | others


def runtime_imports(file: Path) -> set[Path]:
    """The kernel's files that `file` imports when it is loaded (not for the type checker)."""
    found = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = file.parents[node.level - 1]
            target = base.joinpath(*(node.module or "").split("."))
            names = [target / alias.name for alias in node.names]
            places = [target.with_suffix(".py"), target / "__init__.py"]
            places += [name.with_suffix(".py") for name in names]
            found |= {place for place in places if place.exists()}
    return found - {file}


def test_the_imports_of_the_kernel_have_no_circle():
    graph = {file: runtime_imports(file) for file in FILES}
    while graph:
        leaves = {file for file, imports in graph.items() if not imports & graph.keys()}
        assert leaves, f"a circle among {sorted(file.name for file in graph)}"
        graph = {file: imports for file, imports in graph.items() if file not in leaves}


def in_a_new_python(code: str) -> str:
    """What a Python of its own prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_what_nobody_has_asked_for_is_not_imported():
    modules = "print(*(name for name in sys.modules if name.startswith('kernel')))"
    code = f"import sys, kernel; {modules}; kernel.Machine; {modules}"
    imported, then = (line.split() for line in in_a_new_python(code).splitlines())
    assert imported == ["kernel"]
    assert "kernel.machine" in then
    assert "kernel.syscalls.tasks" not in then


def test_a_name_that_does_not_exist_is_told_as_of_any_module():
    with pytest.raises(AttributeError, match="module 'kernel' has no attribute 'Nope'"):
        _ = kernel.Nope
    with pytest.raises(ImportError, match="cannot import name 'Nope' from 'kernel'"):
        exec("from kernel import Nope")


def test_what_can_be_asked_for_is_listed():
    assert set(dir(kernel)) >= {*vars(kernel)["__all__"], "__doc__"}
