"""The editor as a person sees it."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import Terminal, leaves
from .test_console_terminal import CTRL_C, CTRL_D, PROMPT, answers, console

CTRL_F, CTRL_S, CTRL_X, CTRL_Z, F3 = "\x06", "\x13", "\x18", "\x1a", "\x1bOR"

PROGRAM = "def p():\n    yield\n"


@pytest.fixture
def terminal(tmp_path: Path):
    with console(tmp_path) as terminal:
        yield terminal


def opens(terminal: Terminal, name: str) -> None:
    terminal.enter(f"edit {name}")
    status(terminal, f"{name}.py")


def status(terminal: Terminal, text: str) -> None:
    """Wait until the last line says so."""
    last = terminal.screen.lines - 1
    terminal.wait(lambda: text in terminal.screen.row(last), f"{text!r} in the last line")


def code(terminal: Terminal) -> list[str]:
    """The program that is shown, without the numbers of its lines."""
    return [line[3:] for line in terminal.lines if line[:3].strip().isdigit()]


def test_a_new_program_is_written_saved_and_run_in_one_window(terminal, tmp_path):
    opens(terminal, "dance")
    assert "def dance(times: int = 3):" in code(terminal)
    status(terminal, "dance.py *  1:1")
    terminal.type(CTRL_S)
    status(terminal, "saved")
    terminal.type(CTRL_X)
    terminal.wait_for("dance.py is saved; run it: run dance")
    terminal.wait_last(PROMPT)
    terminal.enter("run dance 1")
    terminal.wait_line("dance 0")
    terminal.wait_last(PROMPT)
    assert "def dance" in (tmp_path / "dance.py").read_text("utf-8")
    terminal.type(CTRL_D)
    leaves(terminal)


def test_a_mistake_is_told_and_underlined_while_it_is_typed(terminal, tmp_path):
    (tmp_path / "p.py").write_text("", "utf-8")
    opens(terminal, "p")
    terminal.type("if x\r")
    status(terminal, "line 1: expected ':'")
    cells = terminal.screen.buffer[0]
    assert any(cell.underscore for cell in cells.values())
    terminal.type("\x7f\x7f:\rpass")
    terminal.wait(lambda: "expected" not in terminal.screen.row(23), "no mistake")


def test_the_code_is_indented_while_it_is_typed(terminal, tmp_path):
    (tmp_path / "p.py").write_text("", "utf-8")
    opens(terminal, "p")
    terminal.type("def f():\rif x:\rreturn\ry\r\x7fz")
    wanted = ["def f():", "    if x:", "        return", "    y", "z"]
    terminal.wait(lambda: code(terminal)[:5] == wanted, "the code")


def test_leaving_asks_what_is_to_become_of_what_is_not_saved(terminal, tmp_path):
    (tmp_path / "p.py").write_text(PROGRAM, "utf-8")
    opens(terminal, "p")
    terminal.type("# new\r" + CTRL_X)
    status(terminal, "not saved!")
    terminal.type("x")
    status(terminal, "p.py *  2:1")
    terminal.type(CTRL_X)
    status(terminal, "not saved!")
    terminal.type("d")
    terminal.wait_for("p.py is as it was")
    assert (tmp_path / "p.py").read_text("utf-8") == PROGRAM
    opens(terminal, "p")
    terminal.type("# new\r" + CTRL_X)
    status(terminal, "not saved!")
    terminal.type("s")
    terminal.wait_for("p.py is saved")
    assert (tmp_path / "p.py").read_text("utf-8") == "# new\n" + PROGRAM


def test_ctrl_c_throws_nothing_away(terminal, tmp_path):
    (tmp_path / "p.py").write_text(PROGRAM, "utf-8")
    opens(terminal, "p")
    terminal.type("# new" + CTRL_C)
    status(terminal, "Ctrl-X leaves")
    assert code(terminal)[0] == "# newdef p():"


def test_what_is_typed_is_undone_and_done_again(terminal, tmp_path):
    (tmp_path / "p.py").write_text(PROGRAM, "utf-8")
    opens(terminal, "p")
    terminal.type("\r")
    terminal.wait(lambda: code(terminal)[:2] == ["", "def p():"], "a new line")
    terminal.type(CTRL_Z)
    terminal.wait(lambda: code(terminal)[0] == "def p():", "it undone")
    terminal.type("\x19")
    terminal.wait(lambda: code(terminal)[:2] == ["", "def p():"], "it done again")


def test_a_text_is_found_and_found_again(terminal, tmp_path):
    (tmp_path / "p.py").write_text("a\nfind me\nb\nfind me\n", "utf-8")
    opens(terminal, "p")
    terminal.type(CTRL_F + "find\r")
    status(terminal, "2:1")
    terminal.type(F3)
    status(terminal, "4:1")


def test_a_file_that_somebody_else_has_changed_is_not_overwritten_unasked(terminal, tmp_path):
    (tmp_path / "p.py").write_text(PROGRAM, "utf-8")
    opens(terminal, "p")
    (tmp_path / "p.py").write_text("# theirs\n", "utf-8")
    terminal.type("# mine\r" + CTRL_S)
    status(terminal, "has changed on disk")
    (tmp_path / "p.py").write_text("# theirs again\n", "utf-8")
    terminal.type("x")
    status(terminal, "2:2")
    terminal.type("\x7f" + CTRL_S)
    status(terminal, "has changed on disk")
    assert (tmp_path / "p.py").read_text("utf-8") == "# theirs again\n"
    terminal.type(CTRL_S)
    status(terminal, "saved")
    assert (tmp_path / "p.py").read_text("utf-8") == "# mine\n" + PROGRAM


def test_an_editor_of_ones_own_gets_the_terminal(tmp_path):
    script = "#!/bin/sh\necho go on > /dev/tty\nread line < /dev/tty\n"
    script += 'echo "def $line(): yield" > $1\n'
    (tmp_path / "ed").write_text(script, "utf-8")
    (tmp_path / "ed").chmod(0o755)
    with console(tmp_path, env={"VISUAL": str(tmp_path / "ed")}) as terminal:
        terminal.enter("edit --external p")
        terminal.wait_for("go on")
        terminal.type("wanted\r")
        terminal.wait_for("p.py is left; run it: run p")
        assert (tmp_path / "p.py").read_text("utf-8") == "def wanted(): yield\n"
        answers(terminal)


def test_without_an_editor_of_ones_own_it_says_how_to_name_one(tmp_path):
    with console(tmp_path, env={"VISUAL": None, "EDITOR": None}) as terminal:
        terminal.enter("edit --external p")
        terminal.wait_for("set $VISUAL or $EDITOR to name an editor")


def test_a_file_that_cannot_be_edited_is_said_in_a_line(terminal, tmp_path):
    (tmp_path / "p.py").mkdir()
    terminal.enter("edit p")
    terminal.wait_for("p.py is a directory")
    terminal.wait_last(PROMPT)


def test_a_narrow_screen_is_enough(tmp_path):
    with console(tmp_path, columns=20) as terminal:
        terminal.type("edit p\r")
        status(terminal, "p.py *")
        terminal.type(CTRL_X)
        terminal.wait(lambda: terminal.last == PROMPT, "the prompt")
