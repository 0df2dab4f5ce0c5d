"""Programs of asyncio's on a terminal, as a person sees them."""

import shutil
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .shell import SAMPLES
from .terminal import Terminal, leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, TAB, console


@pytest.fixture
def folder(tmp_path):
    shutil.copy(SAMPLES / "asyncio_programs.py", tmp_path / "p.py")
    return tmp_path


def test_a_console_stands_beside_a_program_in_which_nothing_is_changed():
    command = ["pyos", "--no-startup", "--asyncio", "asyncio_programs:workers", "2"]
    with Terminal(command, cwd=SAMPLES) as terminal:
        terminal.wait_for("task 1: asyncio_programs:workers 2")
        terminal.wait_last(PROMPT)
        terminal.enter("tasks")
        terminal.wait_for("worker-1 worker")
        terminal.type(f"kill 1.2{TAB}")
        terminal.type("\r")
        terminal.wait_for("asyncio task 1.2 is being cancelled")
        terminal.enter("kill 1")
        terminal.wait_for("workers have gone home")
        terminal.type(CTRL_D)
        leaves(terminal)


def test_ctrl_c_cancels_the_program_in_the_foreground(folder):
    with console(folder) as terminal:
        terminal.enter("run --asyncio p.py:plain a b")
        terminal.wait_line("workers come to work")
        terminal.type(CTRL_C)
        terminal.wait_line("workers have gone home")
        terminal.wait_line("interrupted")
        terminal.wait_last(PROMPT)
        terminal.enter("tasks")
        terminal.wait_for("no tasks")
        terminal.type(CTRL_D)
        leaves(terminal)


def test_the_menu_offers_the_asyncio_tasks(folder):
    with console(folder) as terminal:
        terminal.enter("spawn --asyncio p.py:workers 1")
        terminal.wait_for("workers come to work")
        terminal.type(f"stack 1.{TAB}")
        terminal.wait_for("worker-0 worker")
        terminal.wait_for("TaskGroup.__aexit__")
        terminal.type(f"{CTRL_C}{CTRL_D}")
        leaves(terminal)
