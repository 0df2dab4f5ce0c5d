"""Laws of `play`: keys type a prepared session, for an audience; and of the start-up file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from pyos_shell.player import AT_ONCE, Player
from pyos_shell.render import plain

from .terminal import Terminal

PROMPT = "pyos>"
ESCAPE, CTRL_C = "\x1b", "\x03"

SESSION = """\
# A task is started,
# and counts down.

spawn countdown 2
tasks
# That is all.
"""


@contextmanager
def console(folder: Path, *arguments: str, **options) -> Iterator[Terminal]:
    """A console in this folder, at its prompt."""
    with Terminal(["pyos", *arguments], cwd=folder, **options) as terminal:
        terminal.wait(lambda: terminal.last.endswith(PROMPT), "the prompt")
        yield terminal


def press(terminal: Terminal, keys: str, line: str) -> None:
    """Press keys, one after the other; then the last row is `line`."""
    for key in keys:
        terminal.type(key)
    terminal.wait_last(line)


@pytest.mark.parametrize("columns", [80, 20])
def test_keys_type_the_lines_and_enter_runs_them(tmp_path, columns):
    (tmp_path / "demo").write_text(SESSION)
    with console(tmp_path, columns=columns) as terminal:
        terminal.enter("play demo")
        terminal.wait_for("playing demo")
        terminal.wait_last(PROMPT)
        press(terminal, "x", PROMPT)
        terminal.wait_for("A task is started,")
        terminal.wait_for("and counts down.")
        assert "# A task" not in terminal.history
        press(terminal, "q", "pyos> spa")
        press(terminal, "\t ", "pyos> spawn cou")
        terminal.type("\r")
        terminal.wait_for("task 1: countdown 2")
        terminal.wait_for("ended")
        terminal.wait_last(PROMPT)
        terminal.type("\r")
        terminal.wait_for("no tasks")
        terminal.wait_last(PROMPT)
        assert "That is all." not in terminal.history
        terminal.type("\r")
        terminal.wait_for("That is all.")
        terminal.wait_for("the play is over")
        terminal.wait_last(PROMPT)
        terminal.enter("stack 9")
        terminal.wait_for("no task 9")


@pytest.mark.parametrize("key", [ESCAPE, CTRL_C])
def test_a_key_stops_it_and_what_it_has_typed_is_gone(tmp_path, key):
    (tmp_path / "demo").write_text("spawn countdown 2\n")
    with console(tmp_path) as terminal:
        terminal.enter("play demo")
        terminal.wait_for("playing demo")
        terminal.wait_last(PROMPT)
        press(terminal, "xx", "pyos> spawn")
        terminal.type(key)
        terminal.wait_for("the play is over")
        terminal.wait_last(PROMPT)
        terminal.enter("stack 1")
        terminal.wait_for("no task 1")


def test_what_is_for_a_task_is_played_too(tmp_path):
    (tmp_path / "demo").write_text("spawn upper\n> hello\n")
    with console(tmp_path) as terminal:
        terminal.enter("play demo")
        terminal.wait_for("playing demo")
        terminal.wait_last(PROMPT)
        terminal.type("\r")
        terminal.wait_for("task 1 waits for")
        terminal.type("\r")
        terminal.wait_for("HELLO")


def test_on_a_terminal_that_can_only_print_enter_shows_and_runs_the_next_line(tmp_path):
    (tmp_path / "demo").write_text(SESSION)
    with console(tmp_path, env={"TERM": "dumb"}) as terminal:
        terminal.type("play demo\r")
        terminal.wait_for("Enter shows and runs the next line")
        terminal.wait_last(PROMPT)
        terminal.type("\r")
        terminal.wait_for("and counts down.")
        terminal.wait_for("pyos> spawn countdown 2")
        terminal.wait_for("task 1: countdown 2")
        terminal.wait_last(PROMPT)
        terminal.type("stack 9\r")
        terminal.wait_for("no task 9")
        terminal.wait_for("task 1 (countdown 2) ended")
        terminal.type("\r")
        terminal.wait_for("no tasks; start one")
        terminal.type("\r")
        terminal.wait_for("the play is over")


# -- the lines


def texts(lines):
    return [plain(line) for line in lines]


def test_comments_come_once_and_as_text():
    player = Player(["# one", "  ## two ", "tasks", "# three"])
    assert texts(player.comments()) == ["one", "two"]
    assert texts(player.comments()) == []
    assert player.next_line() == "tasks"
    assert texts(player.comments()) == ["three"]
    assert player.next_line() is None


def test_each_key_types_a_little_more_until_the_line_is_there():
    player = Player(["spawn countdown"])
    typed = ""
    seen = []
    for _ in range(6):
        typed = player.more(typed)
        seen.append(typed)
    assert seen[:2] == ["spa", "spawn "]
    assert seen[-1] == seen[-2] == "spawn countdown"
    assert all(len(after) - len(before) <= AT_ONCE for before, after in pairwise(seen))


def test_what_somebody_has_typed_in_between_makes_room_for_the_line():
    assert Player(["tasks"]).more("something else") == "tas"


def test_what_would_harm_a_terminal_is_shown_and_does_nothing():
    assert texts(Player(["# \x1b[2J"]).comments()) == ["\\x1b[2J"]


# -- the start-up file


def test_the_start_up_file_runs_before_the_first_line_and_its_mistakes_name_it(tmp_path):
    (tmp_path / "mine").write_text("alias hello spawn countdown 1\nnonsense\n")
    with console(tmp_path, env={"PYOS_STARTUP": "mine"}) as terminal:
        terminal.wait_for("mine:2:")
        terminal.wait_for("no command 'nonsense'")
        terminal.wait_last(PROMPT)
        terminal.enter("hello")
        terminal.wait_for("task 1: countdown 1")
        assert "source mine" not in terminal.history


def test_one_that_is_named_and_not_there_is_told_of_and_the_prompt_comes(tmp_path):
    with console(tmp_path, env={"PYOS_STARTUP": "nowhere"}) as terminal:
        terminal.wait_for("cannot read nowhere")
        terminal.wait_last(PROMPT)


def test_the_users_own_is_found_and_can_be_left_out(tmp_path):
    folder = tmp_path / "pyos"
    folder.mkdir()
    (folder / "startup").write_text("spawn --name started countdown 1\n")
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    with console(tmp_path, env={**home, "PYOS_STARTUP": None}) as terminal:
        terminal.wait_for("task 1: started")
    with console(tmp_path, "--no-startup", env={**home, "PYOS_STARTUP": None}) as terminal:
        terminal.enter("stack 1")
        terminal.wait_for("no task 1")


def test_commands_that_are_given_run_without_it(tmp_path):
    (tmp_path / "mine").write_text("spawn --name started countdown 1\n")
    with console(tmp_path, "-i", "-c", "tasks", env={"PYOS_STARTUP": "mine"}) as terminal:
        terminal.enter("stack 1")
        terminal.wait_for("no task 1")
