"""The commands that look, on a real terminal: what a person sees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from ..terminal import Terminal

CTRL_C = "\x03"

PROGRAM = """
from kernel import *


def echoes():
    while True:
        print("heard", (yield ReadLine()))


def talks():
    while True:
        line = yield ReadLine()
        print("not wanted", line)
"""


def seen(terminal: Terminal) -> str:
    """What the screen shows, the ends of its rows left out of account."""
    return "".join(line.ljust(terminal.screen.columns) for line in terminal.lines)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "p.py").write_text(PROGRAM)
    with Terminal(["pyos"], cwd=tmp_path) as terminal:
        terminal.wait_last("pyos>")
        yield terminal


def enter(terminal, line, text):
    terminal.enter(line)
    terminal.wait_for(text)


def test_while_the_log_of_a_task_is_followed_only_its_lines_are_shown(console):
    enter(console, "spawn p.py:echoes", "task 1: p.py:echoes")
    enter(console, "spawn p.py:talks", "task 2: p.py:talks")
    enter(console, "1> before", "1 │ heard before")
    console.enter("log 1 --follow")
    console.wait(lambda: console.text.count("heard before") == 2, "what there is already")
    for line, shown in (("2> other", ""), ("1> one", "heard one"), ("1> two", "heard two")):
        console.type(f"{line}\r")
        if shown:
            console.wait_for(shown)
    assert "not wanted other" not in console.history
    console.type(CTRL_C)
    enter(console, "log 2", "not wanted other")  # it waits until the other has ended
    enter(console, "2> again", "not wanted again")


def test_a_trace_is_shown_above_the_prompt_until_it_is_off(console):
    enter(console, "spawn p.py:echoes", "task 1: p.py:echoes")
    enter(console, "trace TakeLine", "tracing TakeLine of all tasks; trace off ends it")
    enter(console, "> hello", "TakeLine() …")
    enter(console, "> more", "… TakeLine = 'more'")
    enter(console, "trace off", "nothing is traced any more")
    enter(console, "> quiet", "heard quiet")
    assert "= 'quiet'" not in console.history


@pytest.mark.parametrize("columns", [20, 40])
@pytest.mark.parametrize("env", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_everything_can_be_looked_at_on_any_screen(tmp_path, columns, env):
    with Terminal(["pyos"], columns=columns, rows=80, env=env, cwd=tmp_path) as terminal:
        terminal.wait_for("pyos>")
        terminal.type("spawn family 2\r")
        terminal.wait_for("2 3")
        for line, text in (
            ("tasks --tree", "└─"),
            ("why 1", "→ 2"),
            ("inspect 1", "children"),
            ("stack 2 --source 1", "→"),
            ("list 2", "→"),
            ("files", "no file"),
            ("log 1", "children"),
            ("trace", "tracing"),
            ("trace off", "traced any"),
        ):
            terminal.type(f"{line}\r")
            terminal.wait(lambda text=text: text in seen(terminal), text)
        terminal.type("exit\r")
        assert terminal.wait_exit() == 0
