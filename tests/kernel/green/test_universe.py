"""A green program has modules of its own, and nobody else is touched by it."""

from __future__ import annotations

import queue
import select
import socket
import sys
import threading
import time
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from kernel import Sleep, green_script
from kernel.green.finding import Finder, parents

from .running import green, run_all, write

SUFFIX = EXTENSION_SUFFIXES[0]

ORIGINALS = time.sleep, threading.Lock, queue.Queue, select.select, socket.socket


def test_whoever_is_not_green_is_not_touched(tmp_path):
    before = dict(sys.modules)
    write(tmp_path, {"beside_the_script.py": "import time\n"})
    source = """
        import beside_the_script, importlib, logging, os, queue, select, socket, subprocess, sys
        import threading, time
        logging.getLogger("of the program").setLevel(5)
        socket.setdefaulttimeout(3)
        sys.path.append("nowhere"); sys.argv.append("nothing"); sys.stdout = None
        """
    assert green(tmp_path, source).ok
    assert (time.sleep, threading.Lock, queue.Queue, select.select, socket.socket) == ORIGINALS
    assert all(sys.modules[name] is module for name, module in before.items())
    assert "beside_the_script" not in sys.modules and "nowhere" not in sys.path
    assert sys.stdout is not None and socket.getdefaulttimeout() is None
    assert "of the program" not in sys.modules["logging"].root.manager.loggerDict


def test_two_programs_have_nothing_in_common_but_what_does_not_block(tmp_path, capsys):
    source = """
        import json, logging, sys, threading, time
        logging.shared = getattr(logging, "shared", 0) + 1
        json.shared_by_the_test = getattr(json, "shared_by_the_test", None)
        print(logging.shared, len(threading.enumerate()), sys.argv[1])
        time.sleep(0.001)
        print(json.loads is sys.modules["json"].loads, threading.main_thread().name)
        """
    script = str(write(tmp_path, {"script.py": source}))
    run_all(green_script(script, "a"), green_script(script, "b"))
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines) == ["1 1 a", "1 1 b", "True MainThread", "True MainThread"]


def test_they_log_at_once_and_each_lock_is_of_its_own_tasks(tmp_path, capsys):
    source = """
        import logging, sys, threading, time
        class Slow(logging.StreamHandler):
            def emit(self, record):
                time.sleep(0.001)  # while it has the handler's lock
                super().emit(record)
        logging.basicConfig(handlers=[Slow(sys.stdout)], format="%(message)s", level=logging.INFO)
        def work(number):
            for count in range(5): logging.info("%s %s %s", sys.argv[1], number, count)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """
    script = str(write(tmp_path, {"script.py": source}))
    ended = run_all(green_script(script, "a"), green_script(script, "b"))
    assert all(status.ok for status in ended)
    lines = capsys.readouterr().out.splitlines()
    expected = [f"{name} {n} {count}" for name in "ab" for n in range(3) for count in range(5)]
    assert sorted(lines) == expected


def test_a_module_is_executed_once_however_many_threads_import_it(tmp_path, capsys):
    files = {
        "script.py": """
            import threading
            def work():
                import slow
                print(slow.ready)
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            """,
        "slow.py": "import time\nprint('once')\ntime.sleep(0.01)\nready = True\n",
    }
    run_all(green_script(str(write(tmp_path, files))))
    assert capsys.readouterr().out.splitlines() == ["once", "True", "True", "True", "True"]


def test_threads_that_import_each_others_modules_do_not_wait_for_ever(tmp_path, capsys):
    files = {
        "script.py": """
            import threading
            threads = [threading.Thread(target=__import__, args=(name,)) for name in ("a", "b")]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            import a, b
            print(a.b is b, b.a is a)
            """,
        "a.py": "import time\ntime.sleep(0.01)\nimport b\n",
        "b.py": "import time\ntime.sleep(0.01)\nimport a\n",
    }
    run_all(green_script(str(write(tmp_path, files))))
    assert capsys.readouterr().out == "True True\n"


def test_an_import_gives_way_to_others_between_two_modules(tmp_path):
    turns = []

    def other():
        while not ended:
            turns.append(1)
            yield

    ended = []
    script = write(tmp_path, {"script.py": "import http.server, logging, asyncio"})

    def program():
        status = yield green_script(str(script))
        ended.append(1)
        return status

    run_all(program(), other())
    assert len(turns) > 30


def finder(folder: Path) -> Finder:
    return Finder(folder, [str(folder), *sys.path])


@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("threading", True),  # imports what blocks
        ("queue", True),
        ("http.server", True),  # imports what does
        ("enum", True),  # looks for modules by their names
        ("cmd", True),  # reads stdin by itself
        ("json", False),
        ("re", False),
        ("functools", False),
        ("math", False),
        ("kernel.machine", False),
        ("greenlet", False),
        ("beside", True),  # the program's own, whatever it imports
    ],
)
def test_what_comes_to_blocking_by_its_imports_is_copied(tmp_path, name, copied):
    write(tmp_path, {"beside.py": ""})
    found = finder(tmp_path)
    spec = found.spec_of(name)
    assert spec is not None and found.needs_copy(spec) is copied


def test_a_package_with_parts_in_c_is_shared(tmp_path):
    installed = tmp_path / "installed"
    for name in ("pure_package", "package_with_c"):
        write(installed, {f"{name}/__init__.py": "import threading\n"})
    write(installed, {f"package_with_c/deep/part{SUFFIX}": ""})
    found = Finder(tmp_path / "program", [str(installed), *sys.path])
    specs = [found.spec_of(name) for name in ("pure_package", "package_with_c")]
    assert [found.needs_copy(spec) for spec in specs if spec is not None] == [True, False]


def test_a_module_that_is_an_object_of_a_class_of_its_own_is_shared_as_it_is(tmp_path):
    site = tmp_path / "installed"
    package = """
        import sys, types
        class Special(types.ModuleType):
            def __getattr__(self, name): return name
        special = Special(__name__)
        special.__path__ = __path__
        sys.modules[__name__] = special
        """
    write(site, {"special_package/__init__.py": package, f"special_package/c{SUFFIX}": ""})
    sys.path.append(str(site))
    try:
        assert green(tmp_path, "from special_package import anything\nassert anything").ok
    finally:
        sys.path.remove(str(site))
        sys.modules.pop("special_package", None)


def test_classes_are_made_of_what_is_shared_where_it_is(tmp_path):
    source = """
        import threading, typing
        class Pair(typing.NamedTuple):
            left: int
        class Table(typing.TypedDict):
            key: int
        assert Pair(1).left == 1 and Table(key=1) == {"key": 1} and Pair.__module__ == "__main__"
        from pickle import PickleBuffer
        """
    assert green(tmp_path, source).ok


def test_what_lies_below_the_folder_of_a_script_is_not_all_its_own(tmp_path):
    write(tmp_path, {"own/__init__.py": "", "own/part.py": "", "lib/installed.py": ""})
    found = Finder(tmp_path, [str(tmp_path), str(tmp_path / "lib"), *sys.path])
    names = ("own", "own.part", "installed", "json", "lib")
    specs = {name: found.spec_of(name) for name in names}
    copied = [name for name, spec in specs.items() if spec is not None and found.needs_copy(spec)]
    assert copied == ["own", "own.part", "lib"]


def test_the_packages_of_a_module_are_told_outermost_first():
    assert list(parents("a.b.c")) == ["a", "a.b"]
    assert list(parents("a")) == []


def test_it_uses_the_kernels_own_calls_as_well(tmp_path, capsys):
    source = """
        from kernel import *
        import time
        print(call(GetTid()))
        def child():
            yield Sleep(0.001)
            return "child"
        print(call(Join(call(NewTask(child())))))
        """

    def other():
        yield Sleep(0)

    script = write(tmp_path, {"script.py": source})
    assert all(status.ok for status in run_all(green_script(str(script)), other()))
    assert capsys.readouterr().out == "1\nchild\n"
