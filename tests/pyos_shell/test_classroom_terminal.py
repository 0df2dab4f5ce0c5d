"""A lesson at the console, from its first line to its last, as the class sees it."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import Terminal, leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, console

CTRL_S, CTRL_X, CTRL_Z = "\x13", "\x18", "\x1a"


class Lesson:
    """Somebody who types a line, and goes on when the class has seen what came of it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.lines = 0

    def type(self, line: str, *shown: str) -> None:
        """Type a line; all of this is shown, and then the prompt."""
        self.begin(line, *shown)
        self.terminal.wait(lambda: self.at_the_prompt(line), "the prompt")

    def at_the_prompt(self, line: str) -> bool:
        """Whether there is a prompt below the line that was typed last."""
        last = self.terminal.last
        return last.startswith(PROMPT) and not last.endswith(line)

    def begin(self, line: str, *shown: str) -> None:
        """Type a line that keeps the terminal; all of this is shown."""
        self.lines += 1
        self.terminal.enter(line)
        for text in shown:
            self.terminal.wait_for(text)

    def press(self, keys: str, *shown: str) -> None:
        self.terminal.type(keys)
        for text in shown:
            self.terminal.wait_for(text)


def test_a_whole_lesson(tmp_path: Path):
    with console(tmp_path, columns=100, rows=30) as terminal:
        lesson = Lesson(terminal)
        look_around(lesson)
        start_and_end(lesson)
        pipes_and_files(lesson)
        deadlock(lesson)
        hold_up(lesson)
        write_a_program(lesson)
        foreground(lesson)
        the_whole_screen(lesson)
        come_to_an_end(lesson)
        assert lesson.lines >= 30
        leaves(terminal)


def look_around(lesson: Lesson) -> None:
    lesson.type("help", "Commands that start tasks", "begin with: spawn countdown 5")
    lesson.type("help spawn", "Start a program as a new task.")
    lesson.type("programs", "echo_server [PORT=45000]", "Count down from N to 1")
    lesson.type("tasks", "no tasks; start one: spawn countdown 5")


def start_and_end(lesson: Lesson) -> None:
    lesson.type("spawn countdwon 3", "did you mean countdown?")
    lesson.type("spawn countdown 3", "task 1: countdown 3", "  1 │ 1", "task 1 (countdown 3) ended")
    lesson.type("spawn family 2 --seconds 1000", "my children are 3 4")
    lesson.type("tasks", "blocked", "exit of 3")
    lesson.type("tasks --tree", "└─ child")
    lesson.type("stack 2 --source 1", "→ 18         status = yield WaitTask(tid)", "in WaitTask(3)")
    lesson.type("why 2", "task 2 waits for the exit of 3; task 3 sleeps")
    lesson.type("inspect 3", "waits in    Sleep(1000.0)")
    lesson.type("list family", "def family(children: int = 3")
    lesson.type("kill 3", "child 3 killed")
    lesson.type("kill 2 4; wait 2", "task 2 (family 2 --seconds 1000) killed")
    lesson.type("spawn crash; wait $!", "crashed: ZeroDivisionError")
    lesson.type("stack $!", "return 1 / number")
    lesson.type("tasks --ended", "HOW IT ENDED")


def pipes_and_files(lesson: Lesson) -> None:
    lesson.type("spawn countdown 3 | upper | count; wait", "3 lines, 3 words")
    lesson.type("run countdown 2 > numbers && help lines", "How lines are put together")
    lesson.type("trace Sleep", "tracing Sleep of all tasks")
    lesson.type("spawn countdown 1; wait $!", "│ Sleep(0.0) = None")
    lesson.type("trace off", "nothing is traced any more")
    lesson.type("log --last 2", "│ task 10 (countdown 1) ended")


def deadlock(lesson: Lesson) -> None:
    lesson.type("spawn philosophers 2 --rude", "no option --rude")
    lesson.type("spawn philosophers 2 --naive --pace 0", "deadlock")
    lesson.type("why $!", "would end it")
    lesson.type("restart", "a new kernel, without any task")


def hold_up(lesson: Lesson) -> None:
    lesson.type("pause", "paused: no task takes a step")
    lesson.type("spawn countdown 2", "task 1: countdown 2")
    lesson.type("step", "calls Sleep(0.0) and waits")
    lesson.type("resume; wait 1", "task 1 (countdown 2) ended")
    lesson.type("spawn countdown 1000000 --pause 1000", "  2 │ 1000000")
    lesson.type("nice 2 5", "task 2 has level 5, and had 0")
    lesson.type("break countdown; break", "break 1 on countdown", "HITS")
    lesson.type("kill --signal KILL $!; wait $!", "killed by force")


def write_a_program(lesson: Lesson) -> None:
    lesson.begin("edit dance", "def dance(times: int = 3):")
    lesson.press(CTRL_S)
    lesson.terminal.wait(lambda: lesson.terminal.toolbar[-1:] == ["saved"], "it saved")
    lesson.press(CTRL_X, "run it: run dance")
    lesson.type("run dance 1", "dance 0")
    lesson.type("programs", "dance [TIMES=3]")


def foreground(lesson: Lesson) -> None:
    lesson.begin("run guess 1", "from 1 to 1")
    lesson.press("5\r", "too large")
    lesson.press(CTRL_Z, "is stopped")
    lesson.type("tasks", "stopped [+]")
    lesson.begin("fg")
    lesson.press("1\r")
    lesson.terminal.wait_last(PROMPT)


def the_whole_screen(lesson: Lesson) -> None:
    lesson.type("spawn family 1 --seconds 1000", "my children are")
    lesson.begin("top", "SHARE", "child 1000.0")
    lesson.press("h", "freeze the picture")
    lesson.press("x", "child 1000.0")
    lesson.press(CTRL_C)
    lesson.terminal.wait_last(PROMPT)


def come_to_an_end(lesson: Lesson) -> None:
    lesson.type("wait 999", "no task 999")
    lesson.begin("wait")
    lesson.press(CTRL_C, "given up")
    lesson.terminal.wait_last(PROMPT)
    lesson.press(CTRL_D)
