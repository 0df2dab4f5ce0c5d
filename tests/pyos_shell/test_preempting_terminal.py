"""Laws of hogs in a real console: it answers, names the line, and ends them."""

import os
import re
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import leaves
from .test_console_terminal import CTRL_D, PROMPT, console, joined

PROGRAMS = """
import os
from kernel import *


def spin():
    yield
    try:
        while True:
            pass
    finally:
        print("put in order")


def stubborn():
    yield
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def waits():
    yield
    try:
        os.read(os.open("pipe", os.O_RDWR), 1)
        len("Python code again")
    finally:
        print("put in order")
    print("went on")
"""


@pytest.fixture
def terminal(tmp_path):
    (tmp_path / "p.py").write_text(PROGRAMS)
    with console(tmp_path, columns=200) as terminal:
        terminal.folder = tmp_path
        yield terminal


def one_line(terminal):
    """What the screen shows, as if it were wide enough for everything."""
    return " ".join(terminal.text.replace("│", " ").split())


def test_a_hog_is_named_and_killed_while_the_prompt_stays(terminal):
    terminal.enter("spawn p.py:spin")
    line = PROGRAMS[: PROGRAMS.index("        while True")].count("\n") + 1
    found = rf"task 1 holds the kernel for .* at .*p\.py:({line}|{line + 1})\b"
    terminal.wait(lambda: re.search(found, joined(terminal)), "its name and line")
    terminal.enter("kill 1")
    terminal.wait_for("put in order")
    terminal.wait_for("task 1 (p.py:spin) killed")
    terminal.enter("tasks")
    terminal.wait_for("no tasks")
    terminal.enter("exit")
    leaves(terminal)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no step is put aside before 3.12")
def test_several_hogs_share_the_machine_and_ctrl_d_ends_even_the_stubborn_one(terminal):
    terminal.enter("preempt 10ms")
    terminal.wait_for("a task is interrupted after 10 ms in one step")
    for program in ("spin", "stubborn", "spin"):
        terminal.enter(f"spawn p.py:{program}")
        terminal.wait_for(f": p.py:{program}")
    terminal.enter("tasks")
    terminal.wait_for("TID PAR STATE")
    terminal.wait_for("3   0 ready")
    terminal.wait_last(PROMPT)
    terminal.type(CTRL_D)
    leaves(terminal)


def test_of_a_call_that_does_not_return_a_kill_says_what_it_waits_for_and_then_takes_effect(
    terminal,
):
    os.mkfifo(terminal.folder / "pipe")
    terminal.enter("spawn p.py:waits")
    terminal.wait_for("task 1 holds the kernel")
    terminal.enter("kill 1")
    line = PROGRAMS[: PROGRAMS.index("os.read")].count("\n") + 1
    said = (
        "task 1 is in a call that does not return, at",
        f'p.py:{line}: os.read(os.open("pipe", os.O_RDWR), 1); the kill takes effect when the '
        "call does, and nothing else runs meanwhile",
    )
    for words in said:
        terminal.wait(lambda words=words: words in one_line(terminal), words)
    with open(terminal.folder / "pipe", "wb", buffering=0) as pipe:
        pipe.write(b".")
    terminal.wait_for("put in order")
    terminal.wait_for("task 1 (p.py:waits) killed")
    assert "went on" not in terminal.history
    terminal.enter("exit")
    leaves(terminal)
