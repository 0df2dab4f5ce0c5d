"""What a person sees while he types: colours, marks, menus, suggestions, and the toolbar."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .shell import until
from .terminal import ROOT, Terminal, leaves
from .test_console_terminal import CTRL_C, PROMPT, TAB, answers, console

CTRL_R, LEFT, RIGHT, UP = "\x12", "\x1b[D", "\x1b[C", "\x1b[A"

PROGRAMS = '''
import time
from kernel import *


def sleeper(seconds: float = 1000.0, *, loud: bool = False):
    """Sleep.

    loud: and snore
    """
    yield Sleep(seconds)


def busy():
    while True:
        yield


def crowd(size: int):
    for _ in range(size):
        yield NewTask(busy())
    print("crowded")


def hog():
    """Hold the kernel."""
    yield
    time.sleep(10_000)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


@pytest.fixture
def terminal(folder: Path):
    with console(folder) as terminal:
        yield terminal


def types(terminal: Terminal, text: str) -> None:
    """Type a part of a line, and see it there."""
    terminal.type(text)
    letters = "".join(text.split())
    terminal.wait(lambda: "".join(terminal.typed.split()).endswith(letters), f"{text!r} typed")


def cells(terminal: Terminal, word: str, bar: bool = False) -> list:
    """The cells of the last place where the screen shows this word; in the toolbar, if wanted."""
    for number in reversed(range(terminal.screen.lines)):
        column = terminal.screen.row(number).rfind(word)
        if column >= 0 and terminal.screen.is_bar(number) == bar:
            row = terminal.screen.buffer[number]
            return [row[column + offset] for offset in range(len(word))]
    raise AssertionError(f"{word!r} is not to be seen\n{terminal}")


def is_marked(terminal: Terminal, word: str, bar: bool = False) -> bool:
    return all(cell.underscore for cell in cells(terminal, word, bar))


def wait_toolbar(terminal: Terminal, text: str) -> None:
    terminal.wait(lambda: any(text in row for row in terminal.toolbar), f"{text!r} in the toolbar")


# -- what is wrong


def test_a_wrong_word_is_underlined_before_the_line_is_entered_and_the_toolbar_says_why(terminal):
    types(terminal, "spwan countdown 3")
    wait_toolbar(terminal, "no command 'spwan'; did you mean spawn?")
    terminal.wait(lambda: is_marked(terminal, "spwan"), "the mark")
    assert not any(cell.underscore for cell in cells(terminal, "countdown"))


def test_what_is_still_being_typed_is_not_marked_and_once_it_is_finished_it_is(terminal):
    types(terminal, "spawn countdown x")
    wait_toolbar(terminal, "spawn countdown [N=10]")
    assert not is_marked(terminal, "x")
    terminal.type(" ")
    wait_toolbar(terminal, "N takes a whole number, not 'x'")
    assert is_marked(terminal, "x")
    terminal.type("\x7f\x7f3 ")
    terminal.wait_typed(f"{PROMPT} spawn countdown 3")
    wait_toolbar(terminal, "spawn countdown [N=10]")
    assert not is_marked(terminal, "3")


def test_enter_runs_a_marked_line_all_the_same(terminal):
    types(terminal, "help spwan ")
    wait_toolbar(terminal, "no command and no program 'spwan'")
    terminal.type("\r")
    terminal.wait_line("no command and no program 'spwan'; did you mean spawn?")
    terminal.wait_last(PROMPT)


def test_a_task_that_has_never_been_is_marked_and_a_living_one_is_not(terminal):
    terminal.enter("spawn p.py:sleeper")
    terminal.wait_for("task 1")
    terminal.wait_last(PROMPT)
    types(terminal, "kill 7 1 ")
    wait_toolbar(terminal, "no task 7")
    assert is_marked(terminal, "7")
    assert not is_marked(terminal, "1")


# -- colours


def test_each_kind_of_word_has_its_colour(terminal):
    types(terminal, "spawn --name 'a b' countdown 42; tasks # all")
    terminal.wait(lambda: cells(terminal, "# all")[0].fg == "brightblack", "the comment")
    assert all(cell.bold for cell in cells(terminal, "spawn"))
    assert cells(terminal, "--name")[0].fg == "magenta"
    assert cells(terminal, "'a b'")[0].fg == "green"
    assert cells(terminal, "countdown")[0].fg == "green"
    assert cells(terminal, "42")[0].fg == "cyan"


def test_the_number_of_a_living_task_looks_otherwise_than_one_of_none(terminal):
    terminal.enter("spawn countdown 1; spawn p.py:sleeper; wait 1")
    terminal.wait_for("(countdown 1) ended")
    terminal.wait_last(PROMPT)
    types(terminal, "stack 2; stack 1")
    terminal.wait(lambda: cells(terminal, "2")[0].fg == "cyan", "the living one")
    assert cells(terminal, "1")[0].fg == "brightblack"


def test_without_colour_nothing_but_the_mark_and_the_bar_shows(folder):
    with console(folder, env={"NO_COLOR": "1"}) as terminal:
        types(terminal, "spwan 'x' 3 --all")
        terminal.wait(lambda: is_marked(terminal, "spwan"), "the mark")
        rows = terminal.screen.buffer.values()
        assert {cell.fg for row in rows for cell in row.values()} == {"default"}
        assert {cell.bg for row in rows for cell in row.values()} == {"default"}
        assert len(terminal.toolbar) == 2


# -- the hint


def test_the_hint_marks_the_argument_that_is_being_typed(terminal):
    types(terminal, "kill ")
    wait_toolbar(terminal, "kill TID… [--signal SIGNAL]  End tasks, or send them another signal.")
    assert is_marked(terminal, "TID…", bar=True)
    assert not is_marked(terminal, "[--signal SIGNAL]", bar=True)
    types(terminal, "--signal ")
    wait_toolbar(terminal, "TERM unless given")
    assert is_marked(terminal, "[--signal SIGNAL]", bar=True)
    assert not is_marked(terminal, "TID…", bar=True)


def test_the_hint_goes_with_what_it_was_about(terminal):
    types(terminal, "kill ")
    wait_toolbar(terminal, "kill TID…")
    terminal.type(CTRL_C)
    terminal.wait(lambda: len(terminal.toolbar) == 1, "no hint")
    terminal.wait_last(PROMPT)


def test_a_function_of_a_file_has_its_own_hint_though_nobody_has_run_the_file(terminal):
    types(terminal, "spawn p.py:sleeper --lo")
    wait_toolbar(terminal, "spawn sleeper [SECONDS=1000.0] [--loud]  and snore")


# -- the menu


def test_kill_offers_the_living_tasks_with_program_state_and_age(terminal):
    terminal.enter("spawn p.py:sleeper; spawn --name it p.py:busy")
    terminal.wait_for("task 2: it")
    terminal.wait_last(PROMPT)
    terminal.type("kill " + TAB)
    terminal.wait(lambda: re.search(r"2  it +ready", terminal.text), "the menu")
    first = next(row for row in terminal.lines if "1  p.py:sleeper" in row)
    assert re.search(r"1  p.py:sleeper +blocked +\d+\.\ds  sleep", first)
    assert re.search(r"2  it +ready +\d+\.\ds", terminal.text)
    terminal.type(TAB + TAB)
    terminal.wait_typed(f"{PROMPT} kill 2")
    terminal.type("\r")
    terminal.wait_line("task 2 is being killed")


def test_a_task_is_found_by_its_program(terminal):
    terminal.enter("spawn p.py:sleeper; spawn --name other p.py:sleeper")
    terminal.wait_for("task 2: other")
    terminal.wait_last(PROMPT)
    terminal.type("kill other" + TAB)
    terminal.wait_typed(f"{PROMPT} kill 2")


def test_the_menu_of_programs_says_what_each_is(terminal):
    terminal.type("spawn " + TAB)
    terminal.wait(lambda: re.search(r"countdown +Count down", terminal.text), "the menu")
    assert not terminal.toolbar
    terminal.type("phil" + TAB)
    terminal.wait_typed(f"{PROMPT} spawn philosophers")


def test_a_held_kernel_keeps_no_key_waiting_and_the_menu_shows_what_was_known(terminal):
    terminal.enter("spawn p.py:sleeper")
    terminal.wait_for("task 1")
    terminal.wait_last(PROMPT)
    terminal.type("stack " + TAB + CTRL_C)
    terminal.enter("spawn p.py:hog")
    terminal.wait_for("holds the kernel")
    terminal.type("kill " + TAB)
    terminal.wait(lambda: "1  p.py:sleeper" in terminal.text, "the menu")
    terminal.type("1")
    terminal.wait_typed(f"{PROMPT} kill 1")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    answers(terminal)


# -- the toolbar


def test_the_toolbar_tells_how_many_tasks_there_are_and_that_they_run(terminal):
    wait_toolbar(terminal, "no tasks")
    terminal.enter("spawn p.py:crowd 10; wait 1; spawn p.py:sleeper")
    wait_toolbar(terminal, "11 tasks")
    turns = re.compile(r"\d+ ready .*≈[\d.]+[kMG]? turns/s")
    terminal.wait(lambda: any(map(turns.search, terminal.toolbar)), "turns")
    terminal.enter("stop 12")
    wait_toolbar(terminal, "1 stopped")


def test_when_everything_has_come_to_rest_the_toolbar_says_so_and_then_writes_nothing(terminal):
    terminal.enter("spawn p.py:sleeper; spawn countdown 300; wait 2")
    terminal.wait_for("(countdown 300) ended")
    terminal.wait_last(PROMPT)
    rest = re.compile(r"1 task  1 blocked  \d+ MB")
    terminal.wait(lambda: any(map(rest.fullmatch, terminal.toolbar)), "rest")


def test_the_toolbar_tells_that_the_system_is_held_up_on_a_narrow_terminal_too(terminal):
    terminal.enter("spawn p.py:busy")
    wait_toolbar(terminal, "1 task")
    terminal.enter("pause")
    wait_toolbar(terminal, "paused  1 task  1 ready")
    terminal.resize(20, 10)
    terminal.wait(lambda: terminal.toolbar == ["paused  1 task"], "a narrow toolbar")
    terminal.enter("slow 1000 --quiet")
    terminal.wait(lambda: terminal.toolbar == ["slow 1000  1 task"], "the pace")
    terminal.resize(80, 24)
    wait_toolbar(terminal, "slow 1000  1 task  ")
    terminal.enter("resume")
    terminal.wait(lambda: terminal.toolbar and terminal.toolbar[-1].startswith("1 task"), "it")


def test_the_toolbar_counts_lines_that_were_dropped(terminal):
    terminal.enter("spawn countdown 300000")
    wait_toolbar(terminal, "lines dropped")


def test_a_narrow_terminal_shows_a_narrow_toolbar(terminal):
    terminal.enter("spawn p.py:crowd 10; wait 1")
    wait_toolbar(terminal, "turns/s")
    terminal.wait_last(PROMPT)
    terminal.resize(20, 10)
    types(terminal, "kill ")
    terminal.wait(lambda: terminal.toolbar == ["kill TID… [--signa…", "10 tasks  10 ready"], "it")
    terminal.resize(80, 24)
    wait_toolbar(terminal, "End tasks")


def test_five_rows_are_enough(folder):
    with console(folder, columns=40, rows=5) as terminal:
        terminal.type("sp" + TAB)
        terminal.wait_typed(f"{PROMPT} spawn")
        terminal.type(" c" + TAB + CTRL_C)
        answers(terminal)
        assert "too small" not in terminal.history


def test_a_terminal_that_can_only_print_has_no_toolbar(folder):
    with console(folder, env={"TERM": "dumb"}) as terminal:
        terminal.enter("spawn p.py:busy")
        terminal.wait_for("task 1")
        terminal.wait_last(PROMPT)
        terminal.enter("kill 1")
        terminal.wait_for("killed")
        assert not terminal.toolbar and "turns/s" not in terminal.history


# -- under load


def test_beside_a_thousand_busy_tasks_every_key_counts_in_its_order(terminal):
    terminal.enter("spawn p.py:crowd 1000; wait 1")
    terminal.wait_for("crowded")
    terminal.wait_last(PROMPT)
    for number in range(10):
        word = "".join(chr(ord("a") + (7 * number + place) % 26) for place in range(30))
        terminal.type(f"help x{word}\r")
        terminal.wait(lambda word=word: f"'x{word}'" in terminal.history, word)
    terminal.type("tasks --al" + LEFT * 2 + "x" + RIGHT * 2 + "l")
    terminal.wait_typed(f"{PROMPT} tasks --xall")


# -- history


def history_file(folder: Path) -> Path:
    return folder / "state" / "pyos" / "history"


def remembering(folder: Path, *arguments: str, **options):
    """A console whose history is in this folder."""
    return console(folder, *arguments, env={"XDG_STATE_HOME": str(folder / "state")}, **options)


def test_the_next_console_knows_what_was_typed_in_this_one(folder):
    with remembering(folder) as terminal:
        terminal.enter("help one1")
        terminal.wait_for("'one1'")
        terminal.enter(" help secret1")
        terminal.wait_for("'secret1'")
        terminal.enter("> secret2")
        terminal.wait_for("no task waits for a line")
        terminal.type("exit\r")
        leaves(terminal)
    kept = history_file(folder).read_text("utf-8")
    assert "+help one1" in kept and "secret" not in kept
    assert os.stat(history_file(folder)).st_mode & 0o777 == 0o600
    with remembering(folder) as terminal:
        terminal.type(UP + UP)
        terminal.wait_typed(f"{PROMPT} help one1")


def test_a_line_from_the_history_is_suggested_in_grey_and_one_key_takes_it(folder):
    with remembering(folder) as terminal:
        terminal.enter("help one1")
        terminal.wait_for("'one1'")
        terminal.type("he")
        terminal.wait_last(f"{PROMPT} help one1")
        assert cells(terminal, "lp one1")[0].fg == "brightblack"
        terminal.type(RIGHT)
        terminal.wait_typed(f"{PROMPT} help one1")


def test_ctrl_r_finds_a_line_by_letters_from_its_middle(folder):
    with remembering(folder) as terminal:
        for name in ("one1", "two2"):
            terminal.enter(f"help {name}")
            terminal.wait_for(f"'{name}'")
        terminal.type(CTRL_R + "one")
        terminal.wait(lambda: "`one': help one1" in terminal.text, "the search")
        terminal.type("\r")
        terminal.wait_last(f"{PROMPT} help one1")


def test_without_a_history_nothing_is_written_and_nothing_read(folder):
    with remembering(folder, "--no-history") as terminal:
        terminal.enter("help one1")
        terminal.wait_for("'one1'")
        terminal.type(UP)
        terminal.wait_typed(f"{PROMPT} help one1")
    assert not history_file(folder).exists()


def broken(kind: str, file: Path) -> None:
    """Put something into the place of the history."""
    if kind == "folder":
        file.mkdir(parents=True)
        return
    file.parent.mkdir(parents=True)
    if kind == "rubbish":
        file.write_bytes(bytes(range(256)) * 100 + b"\n\n+help kept\n")
    else:
        with open(file, "wb") as out:
            out.truncate(100_000_000)
            out.seek(100_000_000)
            out.write(b"\n\n+help kept\n")


@pytest.mark.parametrize("kind", ["folder", "rubbish", "huge"])
def test_a_history_that_is_not_as_it_should_be_gives_one_warning_and_a_console_that_works(
    folder, kind
):
    broken(kind, history_file(folder))
    with remembering(folder, columns=200) as terminal:
        terminal.wait_for("the history")
        terminal.enter("help one1")
        terminal.wait_for("'one1'")
        answers(terminal)
        if kind != "folder":
            terminal.type(UP * 3)
            terminal.wait_typed(f"{PROMPT} help kept")
        terminal.type(CTRL_C + "exit\r")
        leaves(terminal)
        assert terminal.history.count("the history") == 1


def test_below_the_first_prompt_it_is_made_ready_for_the_first_line():
    code = (
        "import sys; from pyos_shell.console import make_ready; make_ready(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    needed = {"pyos_shell.commandline", "pyos_shell.commands.tasks", "pyos_shell.render.tasks"}
    assert needed <= set(done.stdout.decode().split())


NOTED = """
import os
import sys
from pyos_shell import console, owner

drawn = console.Console.drawn


def noted(self):
    console.Console.drawn = drawn
    with open("noted", "w") as file:
        print(*sys.modules, file=file)
    os.rename("noted", "imported")
    drawn(self)


console.Console.drawn = noted
sys.exit(owner.converse([], history=False))
"""


def test_the_first_prompt_does_not_wait_for_what_runs_and_shows_commands(folder):
    (folder / "noted.py").write_text(NOTED)
    environment = {"PYTHONPATH": str(ROOT)}
    with Terminal([sys.executable, "noted.py"], cwd=folder, env=environment) as terminal:
        terminal.wait_last(PROMPT)
        until((folder / "imported").exists)
        imported = (folder / "imported").read_text().split()
        assert "pyos_shell.screen" in imported
        late = {"pyos_shell.commands", "pyos_shell.session", "pyos_shell.render.tasks", "pygments"}
        late |= {"kernel.syscalls.inspecting", "kernel.syscalls.channels", "kernel.library"}
        assert not late & set(imported)
        terminal.enter("help help")
        terminal.wait_for("Show all commands")
        terminal.wait_last(PROMPT)
        terminal.type("\x04")
        leaves(terminal)
