"""Green programs, as a person sees them."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, answers, console

SCRIPTS = {
    "ask.py": """
import sys, time
name = input("your name? ")
print("hello", name)
for line in sys.stdin:
    print("got", line.strip())
try:
    print("sleeping", sys.argv[1:])
    time.sleep(1000)
finally:
    print("cleared up")
""",
    "threads.py": """
import threading, time
def count():
    for number in range(3):
        time.sleep(0.01)
        print("number", number)
threads = [threading.Thread(target=count, name=f"counter {n}") for n in range(2)]
for thread in threads: thread.start()
time.sleep(1000)
""",
}


@pytest.fixture
def terminal(tmp_path: Path):
    for name, source in SCRIPTS.items():
        (tmp_path / name).write_text(source, "utf-8")
    with console(tmp_path) as terminal:
        yield terminal


def test_a_script_in_the_foreground_reads_what_is_typed_and_is_interrupted(terminal):
    terminal.enter("run --green ask.py x")
    terminal.wait_line("your name?")
    terminal.type("Ada\r")
    terminal.wait_line("hello Ada")
    terminal.type("a line\r")
    terminal.wait_line("got a line")
    terminal.type(CTRL_D)
    terminal.wait_line("sleeping ['x']")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    assert "cleared up" in terminal.history and "crashed" not in terminal.history
    answers(terminal)
    terminal.type(CTRL_D)
    leaves(terminal)


def test_a_script_behind_the_prompt_has_its_threads_for_tasks(terminal):
    terminal.enter("spawn --green threads.py")
    terminal.wait_for("2 │ number 2")
    terminal.wait_for("3 │ number 2")
    answers(terminal)
    terminal.enter("stack 1")
    terminal.wait_for("time.sleep(1000)")
    terminal.enter("kill 1")
    terminal.wait_for("task 1 (threads.py) killed")
    terminal.type(CTRL_D)
    leaves(terminal)
