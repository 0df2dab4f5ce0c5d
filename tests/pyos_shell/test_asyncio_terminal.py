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
        terminal.wait_for("workers come to work")
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


def look_and_kill(terminal):
    """Start a program of asyncio's, look at it, cancel a task in it, interrupt another program."""
    terminal.enter("spawn --asyncio p:workers 2")
    terminal.wait_for("workers come to work")
    terminal.enter("tasks")
    terminal.wait_for("worker-1 worker")
    terminal.enter("stack 1.2")
    terminal.wait_for("await asyncio.sleep(1000)")
    terminal.enter("kill 1.2")
    terminal.wait_for("asyncio task 1.2 is being cancelled")
    terminal.enter("stack 1.2")
    terminal.wait_for("no asyncio task 1.2")
    terminal.enter("run --asyncio p.py:plain a")
    terminal.wait_line("workers come to work")
    terminal.type(CTRL_C)
    terminal.wait_line("interrupted")
    terminal.wait_last(PROMPT)
    terminal.enter("kill 1")
    terminal.wait_for("task 1 (p:workers 2) killed")


def test_on_an_attached_console_it_is_as_on_the_first_one(folder):
    with Terminal(["pyos", "--no-startup", "--listen", "s"], cwd=folder) as owner:
        owner.wait_last(PROMPT)
        with Terminal(["pyos", "attach", "s"], cwd=folder) as guest:
            guest.wait_last(PROMPT)
            look_and_kill(guest)
        owner.wait_for("task 1 (p:workers 2) killed")
        owner.type(CTRL_D)
        leaves(owner)


def test_who_only_looks_sees_the_asyncio_tasks_and_cancels_none(folder):
    with Terminal(["pyos", "--no-startup", "--listen", "s"], cwd=folder) as owner:
        owner.wait_last(PROMPT)
        with Terminal(["pyos", "attach", "s", "--read-only"], cwd=folder) as guest:
            guest.wait_last(PROMPT)
            owner.enter("spawn --asyncio p:workers 2")
            guest.wait_for("workers come to work")
            guest.enter("stack 1.2")
            guest.wait_for("await asyncio.sleep(1000)")
            guest.enter("kill 1.2")
            guest.wait_for("this console is for looking only")
            guest.enter("tasks")
            guest.wait_for("worker-0 worker")
        owner.type(CTRL_D)
        leaves(owner)
