"""Laws of the terminal that a process has been started on: whatever it can show, it is used."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, answers, console

PROGRAMS = """
from kernel import *


def says():
    print("程序 é 📦")
    yield ReadLine("程? ")  # 序
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_the_encoding_does_not_know_is_replaced_at_the_prompt_too(tmp_path, encoding):
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    with console(tmp_path, command=[sys.executable, "-m", "pyos_shell"], env=env) as terminal:
        terminal.enter("spawn p.py:says")
        terminal.wait_for("1 ? ??")
        terminal.enter("stack 1")
        terminal.wait_for('yield ReadLine("?? ")  # ?')
        terminal.enter("tasks")
        terminal.wait_for("p.py:says")
        terminal.type("help 程\r")
        terminal.wait_for("no command and no program '")
        terminal.wait_last(f"{PROMPT} task 1 waits for: > your answer")
        terminal.type("> 程\r")
        terminal.wait_for("task 1 (p.py:says) ended")
        answers(terminal)
        terminal.type(CTRL_D)
        leaves(terminal)


def test_of_a_paste_that_is_too_long_the_beginning_is_taken_and_that_is_said(tmp_path):
    with console(tmp_path) as terminal:
        terminal.type("\x1b[200~help " + "x" * 60_000 + "\x1b[201~")
        terminal.wait_for("a line has 50,000 characters at most; the others are left out")
        terminal.type(CTRL_C)
        terminal.wait_last(PROMPT)
        answers(terminal)
