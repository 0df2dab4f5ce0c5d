"""Laws of loading a program's file: as it is now, off the kernel's thread, and not for ever."""

import gc
import os
import sys
import threading
from pathlib import Path

import pytest

from kernel import GetTid
from pyos_shell import loader
from pyos_shell.line import Word
from pyos_shell.loader import LoadingFailed, NoSuchFunction, TakesTooLong, load_function
from pyos_shell.program import refer
from pyos_shell.system import GivenUp

from .shell import GUARD


def written(name, text):
    """A file of this text, as an editor would save it: in the same second, if it is as long."""
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


def loaded(shell, text):
    return load_function(refer(Word(text, 0, len(text))), shell.system)


def answer(shell, text):
    """What the function of this name answers."""
    return loaded(shell, text).function()


# -- as it is on disk now


def test_a_file_is_loaded_as_it_is_now_even_if_size_and_second_are_the_same(shell):
    for number in (1, 2, 3):
        written("p.py", f"def f(): return {number}\n")
        assert answer(shell, "p.py:f") == number


def test_a_module_is_loaded_as_it_is_now_even_if_size_and_second_are_the_same(shell):
    written("package/__init__.py", "")
    for number in (1, 2, 3):
        written("package/module.py", f"def f(): return {number}\n")
        assert answer(shell, "package.module:f") == number


def test_the_modules_beside_a_program_are_as_they_are_now_too(shell):
    written("p.py", "import beside, below.it\ndef f(): return beside.value, below.it.value\n")
    written("package/q.py", "from .part import value\ndef f(): return value\n")
    for number in (1, 2, 3):
        written("beside.py", f"value = {number}\n")
        written("below/it.py", f"value = -{number}\n")
        written("package/part.py", f"value = {number}\n")
        assert answer(shell, "p.py:f") == (number, -number)
        assert answer(shell, "package.q:f") == number


def test_each_folder_has_its_own_modules_of_the_same_name(shell):
    for number in (1, 2):
        written(f"{number}/beside.py", f"value = {number}\n")
        written(f"{number}/p.py", "from beside import value\ndef f(): return value\n")
    for number in (1, 2, 1):
        assert answer(shell, f"{number}/p.py:f") == number


def test_a_file_beside_a_program_does_not_hide_what_others_import(shell):
    written("json.py", "raise RuntimeError('the wrong one')\n")
    written("p.py", "import json\ndef f(): return json.loads('7')\n")
    assert answer(shell, "p.py:f") == 7


def test_what_is_not_the_programs_own_is_never_imported_anew(shell):
    import kernel

    written("p.py", "import kernel, json, pyos_shell.programs.deep\ndef f(): return kernel, json\n")
    first, second = (answer(shell, "p.py:f") for _ in range(2))
    assert first == second
    assert first[0] is kernel


def test_a_running_program_keeps_the_code_that_it_has(shell):
    written("p.py", "import beside\ndef f(): return beside.value\n")
    written("beside.py", "value = 1\n")
    first = loaded(shell, "p.py:f").function
    written("beside.py", "value = 2\n")
    second = loaded(shell, "p.py:f").function
    assert (first(), second()) == (1, 2)


def test_no_bytecode_is_left_beside_a_program(shell):
    written("p.py", "import beside\ndef f(): pass\n")
    written("beside.py", "")
    answer(shell, "p.py:f")
    assert not list(Path().rglob("*.pyc"))
    assert not sys.dont_write_bytecode or os.environ.get("PYTHONDONTWRITEBYTECODE")


@pytest.mark.parametrize("name", ["my program.py", "程序.py", "sub/../p.py", "a-b.py"])
def test_a_file_may_have_any_name(shell, name):
    Path("sub").mkdir()
    written(name, "def f(): return __name__, __file__\n")
    _, file = answer(shell, f"{name}:f")
    assert Path(file) == Path(name).resolve()


def test_dataclasses_with_annotations_as_text_work(shell):
    written(
        "p.py",
        "from __future__ import annotations\n"
        "import pickle\n"
        "from dataclasses import dataclass\n"
        "from typing import ClassVar, get_type_hints\n"
        "@dataclass\n"
        "class Point:\n"
        "    x: int\n"
        "    count: ClassVar[int] = 7\n"
        "def f():\n"
        "    return get_type_hints(Point), pickle.loads(pickle.dumps(Point(2)))\n",
    )
    hints, point = answer(shell, "p.py:f")
    assert (hints["x"], point.x, point.count) == (int, 2, 7)


def test_the_signature_knows_the_types_of_the_file(shell):
    written(
        "p.py",
        "from __future__ import annotations\n"
        "from enum import Enum\n"
        "class Colour(Enum):\n    RED = 1\n"
        "def f(colour: Colour): yield\n",
    )
    assert loaded(shell, "p.py:f").signature.usage == "p.py:f red"


# -- what can be wrong


def test_a_function_that_is_not_there_comes_with_those_that_are(shell):
    written("p.py", "import os\ndef first(): pass\ndef second(): pass\nnumber = 7\n")
    with pytest.raises(NoSuchFunction) as caught:
        loaded(shell, "p.py:third")
    assert caught.value.names == ["first", "second"]


def test_a_module_may_make_its_functions_when_asked(shell):
    written("p.py", "def __getattr__(name): return lambda: name\n")
    assert answer(shell, "p.py:anything") == "anything"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("def f(:\n", SyntaxError),
        ("\0", (SyntaxError, ValueError)),
        ("# coding: nonsense\n", SyntaxError),
        ("1 / 0\n", ZeroDivisionError),
        ("raise SystemExit(3)\n", SystemExit),
        ("raise KeyboardInterrupt\n", KeyboardInterrupt),
        ("class E(BaseException): pass\nraise E\n", BaseException),
        ("import nothing_of_this_name\n", ModuleNotFoundError),
        ("from . import sibling\n", ImportError),
        ("def f(): f()\nf()\n", RecursionError),
    ],
)
def test_an_error_of_the_file_is_its_own_without_a_frame_of_ours(shell, text, error):
    if error is RecursionError:
        gc.collect()  # or what others have left is finalized where there is no room on the stack
    written("p.py", text)
    with pytest.raises(LoadingFailed) as caught:
        loaded(shell, "p.py:f")
    assert isinstance(caught.value.error, error)
    assert frames(caught.value.error) <= {str(Path("p.py").resolve())}


def frames(error):
    """The files of an error's traceback, and of those behind it."""
    files = set()
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
    return files


def test_an_error_behind_an_error_is_without_our_frames_too(shell):
    written("p.py", "from kernel import *\ntry:\n    Task(7)\nexcept TypeError:\n    Task(8)\n")
    with pytest.raises(LoadingFailed) as caught:
        loaded(shell, "p.py:f")
    assert caught.value.error.__context__ is not None
    assert frames(caught.value.error) == {str(Path("p.py").resolve())}


def test_an_error_in_a_module_beside_it_shows_the_way_there(shell):
    written("p.py", "import beside\n")
    written("beside.py", "1 / 0\n")
    with pytest.raises(LoadingFailed) as caught:
        loaded(shell, "p.py:f")
    assert frames(caught.value.error) == {str(Path(n).resolve()) for n in ("p.py", "beside.py")}


# -- off the kernel's thread, and not for ever


def test_a_file_that_blocks_does_not_keep_the_kernel_from_working(shell):
    """The file waits for the test, and the test for the kernel."""
    sys.modules["the_test"] = gates = type(sys)("the_test")
    gates.begun, gates.go_on = threading.Event(), threading.Event()
    written("p.py", "import the_test as t\nt.begun.set()\nt.go_on.wait()\ndef f(): return 7\n")
    answers = []
    loading = threading.Thread(target=lambda: answers.append(answer(shell, "p.py:f")))
    loading.start()
    try:
        assert gates.begun.wait(GUARD)
        assert shell.machine.call(GetTid(), GUARD) == 0
    finally:
        gates.go_on.set()
        loading.join(GUARD)
        del sys.modules["the_test"]
    assert answers == [7]


FOREVER = "import the_test\nthe_test.threads.append(the_test.current())\n"


@pytest.fixture
def threads(monkeypatch):
    """The threads on which files are loaded."""
    module = type(sys)("the_test")
    module.threads, module.current = [], threading.current_thread
    monkeypatch.setitem(sys.modules, "the_test", module)
    return module.threads


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass\n",
        "while True:\n    try: pass\n    except Exception: pass\n",
        "import time\nwhile True: time.sleep(0.001)\n",
        "def f(): f\nwhile f() is None: pass\n",
    ],
)
def test_a_file_that_never_ends_loading_is_given_up_and_its_thread_ends(
    shell, threads, monkeypatch, text
):
    monkeypatch.setattr(loader, "DEADLINE", 0.1)
    written("p.py", FOREVER + text)
    with pytest.raises(TakesTooLong, match=r"still loading after 0\.1 s: given up"):
        loaded(shell, "p.py:f")
    (thread,) = threads
    thread.join(GUARD)
    assert not thread.is_alive()


def test_loading_can_be_given_up(shell, threads):
    written("p.py", FOREVER + "while True: pass\n")
    threading.Timer(0, shell.system.give_up).start()
    with pytest.raises(GivenUp):
        loaded(shell, "p.py:f")
    for thread in threads:
        thread.join(GUARD)
        assert not thread.is_alive()


def test_what_is_printed_while_loading_belongs_to_no_task(shell):
    written("p.py", "print('loading')\ndef f(): yield\n")
    shell.run("spawn p.py:f; wait; spawn p.py:f; wait")
    assert shell.printed == "loading\nloading\n"
    assert [line.text for line in shell.output.log(0)][:1] == ["loading"]
