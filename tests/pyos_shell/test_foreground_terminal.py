"""Programs in the foreground, as a person sees them."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, answers, console

CTRL_Z = "\x1a"

PROGRAMS = '''
import time
from kernel import *


def asks():
    """Ask for a name, and then repeat all lines."""
    name = yield ReadLine("your name? ")
    print("hello", name)
    try:
        while True:
            print("got", (yield ReadLine()))
    except EOFError:
        print("the end")


def ticks():
    number = 0
    while True:
        number += 1
        print("tick", number)
        yield Sleep(0.02)


def waits():
    print("waiting")
    yield Sleep(1000)


def stubborn():
    """Go on after every Ctrl-C but the second."""
    for left in (2, 1):
        try:
            print(left, "more")
            yield Sleep(1000)
        except KeyboardInterrupt:
            print("ouch")


def parent():
    tid = yield NewTask(waits())
    yield WaitTask(tid)


def hog():
    yield
    time.sleep(10_000)


def spins():
    yield
    while True:
        pass
'''


@pytest.fixture
def terminal(tmp_path: Path):
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    with console(tmp_path) as terminal:
        yield terminal


def test_its_output_is_plain_and_what_is_typed_is_its_own(terminal):
    terminal.enter("run p.py:asks")
    terminal.wait_line("your name?")
    terminal.type("tasks\r")
    terminal.wait_line("hello tasks")
    terminal.type("> exit\rkill 1\r")
    terminal.wait_line("got kill 1")
    assert "got > exit" in terminal.lines
    terminal.type(CTRL_D)
    terminal.wait_line("the end")
    terminal.wait_last(PROMPT)
    assert "│" not in terminal.text, "a line has the label of a task"
    assert "no command" not in terminal.text
    answers(terminal)
    terminal.type(CTRL_D)
    leaves(terminal)


def test_lines_typed_before_it_asks_are_kept_for_it_and_for_no_other(terminal):
    terminal.enter("spawn p.py:asks")
    terminal.wait_for("task 1 waits for")
    terminal.enter("run p.py:waits")
    terminal.wait_line("waiting")
    terminal.type("mine\r")
    terminal.wait_line("mine")
    terminal.type(CTRL_C)
    terminal.wait_last(f"{PROMPT} task 1 waits for: > your answer")
    assert "hello mine" not in terminal.history
    terminal.enter("> somebody")
    terminal.wait_for("hello somebody")


def test_ctrl_c_interrupts_it_and_keeps_what_stands_behind_it_from_running(terminal):
    terminal.enter("run p.py:waits; help nothing")
    terminal.wait_line("waiting")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("no tasks")
    assert "'nothing'" not in terminal.history
    assert "crashed" not in terminal.history


def test_a_program_may_handle_ctrl_c(terminal):
    terminal.enter("run p.py:stubborn")
    terminal.wait_line("2 more")
    terminal.type(CTRL_C)
    terminal.wait_line("1 more")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    assert terminal.lines.count("ouch") == 2


def test_ctrl_c_reaches_the_children_too(terminal):
    terminal.enter("run p.py:parent")
    terminal.wait_line("waiting")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("no tasks")


def test_ctrl_z_stops_it_and_fg_and_bg_let_it_go_on(terminal):
    terminal.enter("run p.py:ticks")
    terminal.wait_line("tick 2")
    terminal.type(CTRL_Z)
    terminal.wait_for("task 1 (p.py:ticks) is stopped")
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("stopped [+]")
    terminal.enter("bg")
    terminal.wait_for("  1 │ tick")
    terminal.enter("fg")
    terminal.wait(lambda: terminal.last.startswith("tick"), "plain output again")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    terminal.enter("fg")
    terminal.wait_for("no job has been left")


def test_fg_takes_a_task_that_was_spawned(terminal):
    terminal.enter("spawn p.py:asks")
    terminal.wait_for("your name?")
    terminal.enter("fg 1")
    terminal.wait(lambda: terminal.last == f"{PROMPT} fg 1", "the foreground")
    terminal.type("you\r")
    terminal.wait_line("hello you")
    terminal.type(CTRL_D)
    terminal.wait_last(PROMPT)


def test_stages_run_together(terminal):
    terminal.enter("run countdown 3 | upper | count")
    terminal.wait_line("3 lines, 3 words")
    terminal.wait_last(PROMPT)


def test_the_prompt_comes_back_from_a_task_that_holds_the_kernel(terminal):
    terminal.enter("run p.py:hog")
    terminal.wait_for("holds the kernel")
    terminal.type(CTRL_C)
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)


def test_ctrl_c_ends_a_task_that_holds_the_kernel_in_a_loop_of_python(terminal):
    terminal.enter("run p.py:spins | upper")
    terminal.wait_for("holds the kernel")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("no tasks")
    terminal.wait_last(PROMPT)


def test_lines_for_a_program_are_not_kept_among_the_commands(terminal):
    terminal.enter("run p.py:asks")
    terminal.wait_line("your name?")
    terminal.type("secret\r")
    terminal.wait_line("hello secret")
    terminal.type(CTRL_D)
    terminal.wait_last(PROMPT)
    terminal.type("\x1b[A")
    terminal.wait_typed(f"{PROMPT} run p.py:asks")


def test_a_terminal_that_can_only_print_has_a_foreground_too(tmp_path):
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    with console(tmp_path, env={"TERM": "dumb"}) as terminal:
        terminal.enter("run p.py:asks")
        terminal.wait_line("your name?")
        terminal.type("you\r")
        terminal.wait_line("hello you")
        terminal.type(CTRL_D)
        terminal.wait_line("the end")
        terminal.wait_last(PROMPT)
