"""Laws of the end of a system at its own console: it comes, in order, and leaves nothing behind."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .shell import HASTY
from .terminal import leaves
from .test_console_terminal import CTRL_D, PROMPT, console

PROGRAMS = """
import os
import time
from kernel import *


def tidy(name: str):
    with open(name, "w") as file:
        try:
            yield Sleep(1000)
        finally:
            file.write("tidied up")
            print("tidied up", name)


def open_file():
    file = open("left", "w")
    file.write("kept")
    yield Sleep(1000)


def stubborn():
    while True:
        try:
            yield Sleep(1000)
        except BaseException:
            pass


def hog():
    print("held")
    yield
    time.sleep(10_000)
"""


#: `pyos`, in which a file may be forgotten, as in most Pythons.
WITHOUT_WARNINGS = """
import sys, warnings
from pyos_shell.cli import main
warnings.simplefilter("ignore")
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


def starts(terminal, *programs):
    for program in programs:
        terminal.enter(f"spawn p.py:{program}")
        terminal.wait_for(f": p.py:{program}")
    terminal.wait_last(PROMPT)


@pytest.mark.parametrize("farewell", ["exit\r", CTRL_D, "shutdown\r"])
def test_tasks_are_ended_the_newest_first_and_files_are_closed(folder, farewell):
    with console(folder, command=["-c", WITHOUT_WARNINGS]) as terminal:
        starts(terminal, "tidy a", "open_file", "tidy b", "tidy c")
        terminal.type(farewell)
        leaves(terminal)
        said = [line.partition("│ ")[2] for line in terminal.lines if "│ tidied" in line]
        assert said == ["tidied up c", "tidied up b", "tidied up a"]
    for name in "abc":
        assert (folder / name).read_text() == "tidied up"
    assert (folder / "left").read_text() == "kept"


def test_one_that_refuses_does_not_keep_the_others_from_their_order(folder):
    with console(folder) as terminal:
        starts(terminal, "tidy a", "stubborn", "tidy b")
        terminal.type("exit\r")
        leaves(terminal)
        text = terminal.text
        assert text.index("tidied up b") < text.index("(p.py:stubborn) killed by force")
        assert "tidied up a" in text


@pytest.mark.parametrize("signalled", [False, True])
def test_a_held_kernel_ends_with_the_process_and_the_terminal_is_as_it_was(folder, signalled):
    with console(folder, command=["-c", HASTY]) as terminal:
        starts(terminal, "hog")
        terminal.wait_for("holds the kernel")
        if signalled:
            terminal.process.terminate()
        else:
            terminal.type("exit\r")
        leaves(terminal, status=143 if signalled else 0)
        assert "held by a task" in terminal.text.replace("\n", "")
