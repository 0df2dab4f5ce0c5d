"""`top` as a person sees it."""

import json
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .shell import pyos
from .terminal import GUARD, Terminal, leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROGRAMS, PROMPT, answers, console

DOWN, END, ENTER, ESCAPE = "\x1b[B", "\x1b[F", "\r", "\x1b"
FOOT = "h help  q leave"

#: Widths, and what stands over the tasks then.
SIZES = [
    (40, "TID SHARE STATE PROGRAM"),
    (20, "TID SHARE PROGRAM"),
    (80, "TID SHARE STATE AGE DEEP WAITS FOR PROGRAM"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


@pytest.fixture
def terminal(folder: Path):
    with console(folder) as terminal:
        yield terminal


def runs(terminal: Terminal, *programs: str) -> None:
    """Start programs, and see that they have been."""
    for tid, program in enumerate(programs, 1):
        terminal.enter(f"spawn {program}")
        terminal.wait_for(f"task {tid}: {program}")
    terminal.wait_last(PROMPT)


def opens(terminal: Terminal) -> None:
    """Open `top`, and wait until it shows the tasks."""
    terminal.enter("top")
    terminal.wait(lambda: terminal.last.startswith(FOOT[:5]) and rows(terminal), "top")


def rows(terminal: Terminal) -> list[list[str]]:
    """The rows of tasks, in words."""
    words = [terminal.screen.row(number).split() for number in range(terminal.screen.lines)]
    return [row for row in words if len(row) > 2 and row[0].isdigit() and row[1].endswith("%")]


def headings(terminal: Terminal) -> list[str]:
    """The lines that are not marked, with one blank between two words."""
    return [" ".join(line.split()) for line in terminal.lines]


def tids(terminal: Terminal) -> list[str]:
    return [row[0] for row in rows(terminal)]


def chosen(terminal: Terminal) -> str:
    """The tid in the row that is marked."""
    marked = [row for row in range(terminal.screen.lines) if terminal.screen.is_bar(row)]
    return terminal.screen.row(marked[0]).split()[0] if marked else ""


def foot(terminal: Terminal, text: str) -> None:
    """Wait until the last line says so."""
    last = terminal.screen.lines - 1
    terminal.wait(lambda: text in terminal.screen.row(last), f"{text!r} in the last line")


def test_the_busy_task_comes_first_and_the_prompt_comes_back_as_it_was(terminal):
    runs(terminal, "p.py:sleeper", "p.py:busy")
    before = terminal.text.removesuffix(PROMPT)
    opens(terminal)
    terminal.wait(lambda: tids(terminal) == ["2", "1"], "the busy task first")
    assert terminal.lines[0].startswith("processor")
    assert "2 tasks" in terminal.lines[1]
    terminal.type("q")
    terminal.wait_last(PROMPT)
    assert terminal.text == f"{before}{PROMPT} top\n{PROMPT}"
    answers(terminal)
    terminal.type(CTRL_D)
    leaves(terminal)


@pytest.mark.parametrize("key", ["q", CTRL_C, ESCAPE])
def test_these_keys_leave(terminal, key):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    terminal.type(key)
    terminal.wait_last(PROMPT)
    answers(terminal)


def test_a_kill_asks_which_signal_and_other_keys_send_none(terminal):
    runs(terminal, "p.py:sleeper", "p.py:sleeper 7")
    opens(terminal)
    terminal.type("T" + DOWN)
    terminal.wait(lambda: chosen(terminal) == "2", "the second row chosen")
    terminal.type("k")
    foot(terminal, "kill 2 (p.py:sleeper 7)?  t TERM  k KILL")
    terminal.type("x")
    foot(terminal, FOOT)
    terminal.wait(lambda: tids(terminal) == ["1", "2"], "both tasks")
    terminal.type("kt")
    terminal.wait(lambda: tids(terminal) == ["1"], "only task 1")
    foot(terminal, "task 2 is being killed")
    terminal.type("q")
    terminal.wait_for("task 2 (p.py:sleeper 7) killed")


def test_a_task_is_stopped_and_continued(terminal):
    runs(terminal, "p.py:busy")
    opens(terminal)
    terminal.type("s")
    terminal.wait(lambda: rows(terminal) and rows(terminal)[0][2] == "stopped", "it stopped")
    terminal.type("c")
    terminal.wait(lambda: rows(terminal) and rows(terminal)[0][2] == "ready", "it continued")


def test_enter_opens_the_stack_with_its_source(terminal):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    terminal.type(ENTER)
    terminal.wait(lambda: "yield Sleep(seconds)" in terminal.text, "the source")
    assert terminal.lines[0] == "task 1 p.py:sleeper  blocked"
    terminal.type("x")
    terminal.wait(lambda: tids(terminal) == ["1"], "the tasks again")


def test_the_filter_leaves_only_what_has_its_text(terminal):
    runs(terminal, "p.py:sleeper", "p.py:busy")
    opens(terminal)
    terminal.type("/SLEE")
    terminal.wait(lambda: tids(terminal) == ["1"], "only the sleeper")
    terminal.type(ENTER)
    foot(terminal, "1 with 'SLEE'")
    terminal.type("/" + ESCAPE)
    terminal.wait(lambda: len(tids(terminal)) == 2, "all tasks again")


def test_tasks_are_sorted_and_reversed(terminal):
    runs(terminal, *["p.py:sleeper"] * 3)
    opens(terminal)
    for keys, order in (("T", "1 2 3"), ("r", "3 2 1"), ("rA", "3 2 1"), ("S", "1 2 3")):
        terminal.type(keys)
        terminal.wait(lambda wanted=order: " ".join(tids(terminal)) == wanted, order)


def test_of_many_tasks_those_on_the_screen_are_shown_and_the_end_is_found(terminal):
    terminal.enter("spawn p.py:crowd 1000")
    terminal.wait_for("crowded")
    opens(terminal)
    terminal.type("T" + END)
    terminal.wait(lambda: tids(terminal)[-1:] == ["1001"], "the last task")
    assert len(tids(terminal)) == 20


def test_a_frozen_picture_stands_still(terminal):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    terminal.type("p")
    foot(terminal, "frozen")
    terminal.type("p")
    terminal.wait(lambda: "frozen" not in terminal.text, "the picture going on")


def test_help_tells_the_keys(terminal):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    terminal.type("h")
    terminal.wait(lambda: "freeze the picture" in terminal.text, "the help")
    terminal.type("x")
    terminal.wait(lambda: tids(terminal) == ["1"], "the tasks again")


def test_a_task_that_holds_the_kernel_is_named(terminal):
    opens_with_hog = "spawn p.py:hog"
    terminal.enter("top")
    foot(terminal, FOOT)
    terminal.type("q")
    terminal.wait_last(PROMPT)
    terminal.enter(opens_with_hog)
    terminal.wait_for("holds the kernel")
    terminal.enter("top")
    foot(terminal, "task 1 holds the kernel at")
    terminal.type("q")
    terminal.wait_last(PROMPT)


def test_after_a_panic_it_says_what_to_do(terminal):
    terminal.enter("spawn p.py:panic")
    terminal.wait_for("restart gives a new one")
    terminal.enter("top")
    foot(terminal, "restart gives a new kernel: the kernel has panicked")
    terminal.type("q")
    terminal.wait_last(PROMPT)


def test_what_is_printed_meanwhile_is_shown_afterwards(terminal):
    terminal.enter("spawn p.py:sleeper 0.3 ; spawn countdown 3")
    opens_at = "top"
    terminal.enter(opens_at)
    foot(terminal, FOOT)
    terminal.type("q")
    terminal.wait_for("task 1 (p.py:sleeper 0.3) ended")
    assert not any(row.startswith("TID SHARE") for row in terminal.lines)


@pytest.mark.parametrize(("columns", "rows_"), [(20, 24), (80, 5), (20, 5)])
def test_it_fits_a_small_screen(folder, columns, rows_):
    with console(folder, columns=columns, rows=rows_) as terminal:
        terminal.type("spawn p.py:busy\r")
        terminal.wait_for("busy")
        terminal.type("top\r")
        terminal.wait(lambda: terminal.last.startswith("h help"), "top")
        terminal.wait(lambda: tids(terminal) == ["1"], "the task")
        terminal.type("q")
        terminal.wait(lambda: terminal.last == PROMPT, "the prompt")


def test_it_fits_the_screen_whatever_size_that_becomes(terminal):
    runs(terminal, "p.py:sleeper", "p.py:busy")
    before = terminal.text.removesuffix(PROMPT)
    opens(terminal)
    for columns, heading in SIZES:
        terminal.resize(columns, 24)
        terminal.wait(lambda wanted=heading: wanted in headings(terminal), f"{columns} columns")
        terminal.wait(lambda: tids(terminal) == ["2", "1"], "the tasks")
        assert terminal.lines[0].startswith("processor")
        assert "2 tasks" in terminal.lines[1]
        terminal.wait(lambda: terminal.last.startswith("h help  q leave"), "the last line")
    terminal.type("q")
    terminal.wait_last(PROMPT)
    assert terminal.text == f"{before}{PROMPT} top\n{PROMPT}"
    answers(terminal)


def test_help_and_a_stack_fit_the_screen_whatever_size_that_becomes(terminal):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    for key, wide, narrow in (
        ("h", "top: the tasks that use the processor", "top: the tasks that"),
        (ENTER, "task 1 p.py:sleeper  blocked", "task 1 p.py:sleeper…"),
    ):
        terminal.type(key)
        for columns, first in ((80, wide), (20, narrow), (80, wide)):
            terminal.resize(columns, 24)
            terminal.wait(lambda wanted=first: terminal.lines[0] == wanted, first)
        terminal.type("x")
        terminal.wait(lambda: tids(terminal) == ["1"], "the tasks again")


def test_without_colour_the_chosen_row_is_still_marked(folder):
    with console(folder, env={"NO_COLOR": "1"}) as terminal:
        runs(terminal, "p.py:sleeper")
        opens(terminal)
        assert chosen(terminal) == "1"
        colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
        assert colours == {"default"}


def test_a_terminal_that_can_only_print_gets_one_picture(folder):
    with console(folder, env={"TERM": "dumb"}) as terminal:
        terminal.enter("spawn p.py:sleeper")
        terminal.wait_for("task 1")
        terminal.enter("top")
        terminal.wait_for("TID SHARE STATE")
        terminal.wait_last(PROMPT)


def test_once_shows_one_picture_at_a_prompt(terminal):
    runs(terminal, "p.py:sleeper")
    terminal.enter("top --once")
    terminal.wait_for("TID SHARE STATE")
    terminal.wait_last(PROMPT)


def test_a_hang_up_meanwhile_ends_the_console(terminal):
    runs(terminal, "p.py:sleeper")
    opens(terminal)
    terminal.hang_up()
    assert terminal.process.wait(GUARD) in (1, 129)


def test_without_a_terminal_it_is_a_document_if_wanted():
    done = pyos("-c", "spawn philosophers; top --once; top --json")
    assert done.returncode == 0, done.stderr
    *_, document = done.stdout.splitlines()
    answer = json.loads(document)
    assert answer["tasks"] == answer["match"] == len(answer["rows"]) > 0
    assert "TID SHARE STATE" in done.stdout
