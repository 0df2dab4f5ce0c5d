"""The console on a real terminal: what a user types, and what he then sees."""

import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .shell import HASTY
from .terminal import GUARD, Terminal, leaves

PROMPT = "pyos>"
CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"

PROGRAMS = '''
import os, subprocess, sys, threading, time
from kernel import *


def told(port: int, lines: int = 1):
    """Print so many lines for every byte that comes."""
    number = 0
    with (yield Connect(("127.0.0.1", port))) as teller:
        while (yield Recv(teller, 1)):
            for _ in range(lines):
                number += 1
                print("line", number)


def told_to(port: int, what: str = ""):
    """Do something as soon as a byte comes."""
    with (yield Connect(("127.0.0.1", port))) as teller:
        yield Recv(teller, 1)
    exec(what)
    yield


def flood():
    """Print as fast as it can."""
    number = 0
    while True:
        number += 1
        print("flood", number)
        yield


def hog(words: str = ""):
    """Hold the kernel."""
    yield
    while True:
        if words:
            print(words)
        else:
            time.sleep(10_000)


def sleeper(seconds: float = 1000.0):
    yield Sleep(seconds)


def busy():
    while True:
        yield


def tidy():
    """Say something at the end."""
    try:
        yield Sleep(1000)
    finally:
        print("tidied up")
        open("tidied", "w").close()


def stubborn():
    """Refuse to die."""
    while True:
        try:
            yield Sleep(1000)
        except BaseException:
            pass


def crowd(size: int):
    for _ in range(size):
        yield NewTask(sleeper())
    print("crowded")


def asks():
    """Read from the terminal."""
    yield
    input("your name? ")


def asks_when_told():
    """Ask as soon as the other task has ended."""
    yield WaitTask(1)
    yield ReadLine("your name? ")


def says(text: str, *, encoded: bool = False):
    """Print a text given as a Python expression."""
    yield
    value = eval(text)
    if isinstance(value, bytes):
        sys.stdout.buffer.write(value)
    else:
        print(value, end="")


@system_call
class Break(SystemCall):
    def run(self, kernel, caller):
        kernel.alarms = None


def panic():
    """Take the kernel down."""
    yield Break()


@system_call
class CountRequests(SystemCall):
    def run(self, kernel, caller):
        return len(kernel.requests)


def requests():
    print((yield CountRequests()), "requests wait")


def leaves():
    raise SystemExit("out of here")


def child(port: int, code: str):
    """Have a child process run some code, and say how it ended, as soon as a byte comes."""
    with (yield Connect(("127.0.0.1", port))) as teller:
        yield Recv(teller, 1)
    done = subprocess.run([sys.executable, "-c", code])
    print("the child has ended with", done.returncode)


def past_python():
    """Write to the descriptor itself."""
    yield
    os.write(1, b"written to 1\\n")
    os.write(2, b"written to 2\\n")
    print("written to __stdout__", file=sys.__stdout__, flush=True)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


@contextmanager
def console(folder: Path, *arguments: str, **options) -> Iterator[Terminal]:
    """A console in this folder, at its prompt."""
    command = [*options.pop("command", ["pyos"]), *arguments]
    with Terminal(command, cwd=folder, **options) as terminal:
        terminal.wait(lambda: terminal.last.endswith(PROMPT), "the prompt")
        yield terminal


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    with console(folder) as terminal:
        yield terminal


@pytest.fixture
def hasty(folder: Path) -> Iterator[Terminal]:
    """A console that does not wait long for its tasks to end."""
    with console(folder, command=["-c", HASTY]) as terminal:
        yield terminal


@contextmanager
def teller(terminal: Terminal, program: str) -> Iterator[socket.socket]:
    """A task that the test can tell something, with the socket to do so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        terminal.enter(f"spawn --name it p.py:{program.format(port=port)}")
        listener.settimeout(GUARD)
        connection, _ = listener.accept()
    with connection:
        terminal.wait_last(PROMPT)
        yield connection


#: Every question is asked once, so that no answer is taken for another.
asked: list[str] = []


def answers(terminal: Terminal) -> None:
    """See that the console is all there: it answers a command."""
    question = f"no{len(asked)}"
    asked.append(question)
    terminal.enter(f"help {question}")
    terminal.wait_for(f"no command and no program '{question}'")


def peak(terminal: Terminal) -> int:
    """The most memory that the console has had so far, in kB."""
    status = Path(f"/proc/{terminal.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1])


def dropped(terminal: Terminal) -> int:
    """How many lines the console says that it has dropped."""
    said = re.findall(r"([\d,]+) lines dropped", terminal.history)
    return sum(int(number.replace(",", "")) for number in said)


def wait_dropped(terminal: Terminal, lines: int) -> None:
    """Read until so many lines have been dropped."""
    while dropped(terminal) < lines:
        wait_gone(terminal, 100)


def wait_gone(terminal: Terminal, lines: int) -> None:
    """Read until so many lines more have left the screen."""
    enough = len(terminal.screen.gone) + lines
    terminal.wait(lambda: len(terminal.screen.gone) > enough, "more lines")


# -- the first screen, and how to leave


def test_the_first_screen_says_in_three_lines_what_this_is_and_what_to_type(terminal):
    what, type_this, more, prompt = terminal.text.split("\n")
    assert what.startswith("PyOS is an operating system for Python coroutines")
    assert "spawn echo_server" in type_this and "tasks" in type_this
    assert "help" in more and "Ctrl-D leaves" in more
    assert prompt == PROMPT


@pytest.mark.parametrize("farewell", ["exit\r", "quit\r", CTRL_D])
def test_exit_quit_and_ctrl_d_leave_and_living_tasks_end_first(folder, terminal, farewell):
    terminal.enter("spawn p.py:tidy; spawn p.py:busy")
    terminal.wait_for("task 2: p.py:busy")
    terminal.wait_last(PROMPT)
    terminal.type(farewell)
    leaves(terminal)
    assert (folder / "tidied").exists()


def test_what_is_printed_at_the_very_end_is_shown(terminal):
    terminal.enter("spawn p.py:tidy; spawn countdown 3000; wait 2; exit")
    leaves(terminal)
    assert "  1 │ tidied up" in terminal.history.split("\n")
    printed = [row for row in terminal.history.split("\n") if row.startswith("  2 │ ")]
    assert printed[:-1] == [f"  2 │ {number}" for number in range(3000, 0, -1)]


def test_ctrl_d_behind_what_is_typed_does_not_leave(terminal):
    terminal.type("help programs" + CTRL_D)
    answers_after = "p" + CTRL_D
    terminal.type(answers_after + CTRL_C)
    terminal.wait_last(PROMPT)
    answers(terminal)


def test_a_task_that_refuses_to_die_is_left_behind_after_a_deadline(hasty):
    hasty.enter("spawn p.py:stubborn")
    hasty.wait_for("task 1: p.py:stubborn")
    hasty.enter("exit")
    leaves(hasty)
    assert "task 1 (p.py:stubborn) killed by force" in hasty.text


def test_nothing_is_complained_about_at_the_end(folder):
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "pyos_shell"]
    with console(folder, command=command) as terminal:
        with teller(terminal, "told {port} 100") as tell:
            tell.sendall(b"12345")
            terminal.type("wait 1\r" + CTRL_C)
            terminal.wait_for("given up")
        terminal.type("exit\r")
        leaves(terminal)
        for complaint in ("never awaited", "destroyed", "never retrieved", "Exception ignored"):
            assert complaint not in terminal.history


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_end_lets_the_tasks_finish(folder, terminal, name):
    terminal.enter("spawn p.py:tidy")
    terminal.wait_for("task 1")
    terminal.wait_last(PROMPT)
    number = getattr(signal, name)
    terminal.process.send_signal(number)
    leaves(terminal, status=128 + number)
    assert (folder / "tidied").exists()


def test_a_signal_to_end_ends_a_console_whose_terminal_reads_nothing(folder, terminal):
    terminal.enter("spawn p.py:flood")
    # Its terminal is full, and nobody reads from it any more.
    assert pytest.importorskip("select").select([terminal.master], [], [], GUARD)[0]
    terminal.process.terminate()
    assert terminal.process.wait(GUARD) == 128 + signal.SIGTERM


@pytest.mark.parametrize("ignored", [False, True], ids=["", "nohup"])
def test_the_end_of_the_terminal_is_the_end_of_the_console(folder, ignored):
    command = [sys.executable, "-m", "pyos_shell"]
    if ignored:
        command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *command]
    with console(folder, command=command) as terminal:
        terminal.enter("spawn p.py:tidy; spawn p.py:flood")
        terminal.wait_for("flood 1")
        terminal.hang_up()
        assert terminal.process.wait(GUARD) != 0
        assert (folder / "tidied").exists()


# -- what tasks print, above the line being typed


def test_a_thousand_lines_do_not_damage_the_line_being_typed(terminal):
    with teller(terminal, "told {port} 1000") as tell:
        terminal.type("help no-such")
        tell.sendall(b".")
        terminal.wait_for("line 700")
        terminal.type("-thing-")
        terminal.wait_for("line 1000")
        terminal.wait_last(f"{PROMPT} help no-such-thing-")
        terminal.enter("at-all")
        terminal.wait_for("no command and no program 'no-such-thing-at-all'")
    shown = [row for row in terminal.history.split("\n") if "│ line" in row]
    assert shown == [f"  1 │ line {number}" for number in range(1, 1001)]


def test_the_line_being_typed_survives_a_terminal_that_changes_its_size(terminal):
    with teller(terminal, "told {port} 200") as tell:
        terminal.type("help no-such-thing")
        for number, size in enumerate([(120, 40), (40, 10), (20, 5), (80, 24)], 1):
            tell.sendall(b".")
            terminal.resize(*size)
            terminal.wait_for(f"line {200 * number}")
            terminal.wait(lambda: squeezed(terminal).endswith("no-such-thing"), "the line")
        terminal.enter("")
        terminal.wait_for("no command and no program 'no-such-thing'")


def test_text_without_a_newline_is_shown_too(terminal):
    terminal.enter("spawn p.py:says \"'first\\nsecond'\"; wait 1; spawn p.py:sleeper")
    terminal.wait_for("  1 │ second")
    with teller(terminal, "told_to {port} \"print('a question? ', end='')\"") as tell:
        tell.sendall(b".")
        terminal.wait_for("│ a question?")


def test_what_a_task_prints_does_nothing_to_the_terminal(terminal):
    evil = r"'\x1b[2J\x1b]0;owned\x07\x1b[?1049h\x1b[31mred\x00\r\x08\x9b5A' + chr(0xdcff)"
    terminal.enter(f'spawn p.py:says "{evil}"; wait 1')
    terminal.wait_for("ended")
    assert r"\x1b[2J\x1b]0;owned\x07\x1b[?1049h\x1b[31mred\x00\r\x08\x9b5A" in terminal.text
    assert terminal.screen.title == ""
    terminal.wait_last(PROMPT)
    answers(terminal)


def test_bytes_that_are_no_text_are_replaced(terminal):
    terminal.enter(r"""spawn p.py:says "b'half: \xe2\x82\n, whole: \xe2\x82\xac\n'"; wait 1""")
    terminal.wait_for("ended")
    assert "  1 │ half: �" in terminal.lines
    assert "  1 │ , whole: €" in terminal.lines


def test_a_line_of_three_megabytes_is_cut_into_pieces_and_its_oldest_are_dropped(terminal):
    terminal.enter("""spawn p.py:says "'x' * 3_000_000 + str(7 * 7)" """)
    terminal.wait_for("49")
    assert dropped(terminal) > 1000
    answers(terminal)


def test_a_task_that_reads_the_terminal_is_at_its_end_and_steals_no_key(terminal):
    terminal.enter("spawn p.py:asks; wait 1")
    terminal.wait_for("EOFError")
    assert "│ your name?" in terminal.text
    answers(terminal)


def test_what_a_child_process_prints_does_not_damage_the_line_being_typed(terminal):
    code = "import sys; print(1); print(2, file=sys.stderr)"
    with teller(terminal, f"child {{port}} '{code}'") as tell:
        terminal.type("tasks --a")
        terminal.wait_last(f"{PROMPT} tasks --a")
        tell.sendall(b".")
        terminal.wait_for("the child has ended with 0")
        terminal.wait_line("  - │ 1")
        terminal.wait_line("  - │ 2")
        terminal.wait_last(f"{PROMPT} tasks --a")


def test_a_child_process_finds_nothing_to_read_and_takes_no_key_away(terminal):
    with teller(terminal, "child {port} 'import sys; sys.exit(len(sys.stdin.read()))'") as tell:
        tell.sendall(b".")
        terminal.wait_for("the child has ended with 0")
    answers(terminal)


def test_what_is_written_past_python_is_shown_like_any_output(terminal):
    terminal.enter("spawn p.py:past_python")
    for number in (1, 2):
        terminal.wait_line(f"  - │ written to {number}")
    terminal.wait_line("  - │ written to __stdout__")
    terminal.wait_last(PROMPT)
    answers(terminal)
    terminal.type("exit\r")
    leaves(terminal)


def test_a_crash_is_one_line_with_the_tid_and_a_hint(terminal):
    terminal.enter("spawn crash")
    terminal.wait_line(
        "  1 │ task 1 (crash) crashed: ZeroDivisionError: division by zero; see stack 1"
    )
    assert "Traceback" not in terminal.text


# -- Ctrl-C


def test_ctrl_c_at_the_prompt_clears_the_line(terminal):
    terminal.type("some nonsense")
    terminal.wait_last(f"{PROMPT} some nonsense")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    answers(terminal)


def test_ctrl_c_on_an_empty_line_says_once_how_to_leave(terminal):
    terminal.type(CTRL_C * 10)
    terminal.wait_line("Ctrl-D or exit leaves")
    answers(terminal)
    assert terminal.lines.count("Ctrl-D or exit leaves") == 1


def test_ctrl_c_during_wait_cancels_the_request_and_gives_the_prompt_back(terminal):
    terminal.enter("spawn p.py:sleeper; wait 1")
    terminal.wait_last("Ctrl-C gives the prompt back")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    assert "given up" in terminal.lines
    terminal.enter("spawn p.py:requests; wait 2")
    terminal.wait_for("│ 0 requests wait")


def test_ctrl_c_typed_right_behind_a_command_finds_it(terminal):
    terminal.enter("spawn p.py:sleeper")
    for number in range(1, 21):
        terminal.wait_last(PROMPT)
        terminal.type("wait 1\r" + CTRL_C)
        terminal.wait(
            lambda number=number: terminal.history.count("given up") == number, "the prompt"
        )
    answers(terminal)


def test_ctrl_c_gives_up_the_rest_of_the_line_and_what_is_typed_ahead(terminal):
    terminal.enter("spawn p.py:sleeper; wait 1; spawn p.py:sleeper; wait 2")
    terminal.enter("spawn p.py:sleeper")
    terminal.wait_for("task 1: ")
    terminal.type("half" + CTRL_C)
    terminal.wait_for("given up")
    terminal.enter("tasks")
    terminal.wait_for("TID PAR")
    terminal.wait_last(PROMPT)
    assert "task 2" not in terminal.text and "half" not in terminal.text


def test_bursts_of_ctrl_c_at_any_moment_neither_end_the_console_nor_show_a_traceback(terminal):
    terminal.enter("spawn p.py:flood; spawn p.py:sleeper")
    terminal.wait_for("task 2: ")
    for command in ("tasks", "wait", "stack 2", "log", "help", "spawn countdown 9", "nonsense"):
        for burst in (1, 5, 20):
            terminal.type(CTRL_C * burst + command + "\r" + CTRL_C * burst)
            terminal.glance()
    terminal.enter("kill 1")
    terminal.wait_for("(p.py:flood) killed")
    answers(terminal)
    terminal.enter("exit")
    leaves(terminal)


def test_interrupts_from_elsewhere_are_like_ctrl_c(terminal):
    terminal.enter("spawn p.py:flood; spawn p.py:sleeper")
    terminal.wait_for("task 2: ")
    for _ in range(200):
        terminal.process.send_signal(signal.SIGINT)
        terminal.glance()
    terminal.enter("kill 1")
    terminal.wait_for("(p.py:flood) killed")
    terminal.enter("wait 2")
    terminal.wait_last("Ctrl-C gives the prompt back")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("given up")
    answers(terminal)
    assert "Traceback" not in terminal.history


def test_ctrl_c_stops_a_long_answer(terminal):
    terminal.rate = 200_000
    terminal.enter("spawn p.py:crowd 30_000; wait 1")
    terminal.wait_for("crowded")
    terminal.wait_last(PROMPT)
    terminal.type("tasks --all\r")
    terminal.wait_for("sleeper")
    terminal.type(CTRL_C)
    terminal.wait_last(PROMPT)
    assert "given up" in terminal.lines
    assert " 30000 " not in terminal.history


def test_ctrl_c_gives_the_prompt_back_where_a_command_is_stuck_in_code_of_the_users(hasty, folder):
    (folder / "stuck.py").write_text("import threading\nthreading.Event().wait()\n")
    hasty.enter("spawn stuck.py:never")
    hasty.wait_last("Ctrl-C gives the prompt back")
    hasty.type(CTRL_C)
    hasty.wait_last(PROMPT)
    answers(hasty)
    hasty.enter("exit")
    leaves(hasty)


def test_a_plain_function_that_wants_to_leave_python_does_not_take_the_console_with_it(terminal):
    terminal.enter("spawn p.py:leaves")
    terminal.wait_for("out of here")
    answers(terminal)


# -- a flood


@pytest.mark.parametrize("rate", [None, 200_000], ids=["fast", "slow"])
def test_under_a_flood_the_prompt_answers_and_says_what_is_dropped(folder, rate):
    with console(folder, rate=rate) as terminal:
        terminal.enter("spawn p.py:flood; spawn crash")
        wait_dropped(terminal, 1)
        before = peak(terminal)
        wait_dropped(terminal, 5_000)
        assert "task 2 (crash) crashed" in terminal.history
        answers(terminal)
        terminal.enter("tasks")
        terminal.wait_for("TID PAR STATE")
        terminal.enter("kill 1")
        terminal.wait_for("(p.py:flood) killed")
        terminal.wait_last(PROMPT)
        assert peak(terminal) - before < 500, "that is what the dropped lines would take"


# -- a task that holds the kernel


def test_a_task_that_holds_the_kernel_is_named_and_a_command_says_that_it_waits_for_it(hasty):
    hog = PROGRAMS[: PROGRAMS.index("time.sleep(10_000)")].count("\n") + 1
    hasty.enter("spawn p.py:hog")
    hasty.wait(
        lambda: re.search(rf"task 1 holds the kernel.*p.py:{hog}", joined(hasty)), "its name"
    )
    hasty.enter("tasks")
    why = r"no answer for .*: task 1 (holds the kernel|is in a call)"
    hasty.wait(lambda: re.search(why, joined(hasty)), "why")
    hasty.type(CTRL_C)
    hasty.wait_last(PROMPT)
    answers(hasty)
    hasty.enter("exit")
    leaves(hasty)
    assert "held by a task" in joined(hasty)


def test_a_task_that_holds_the_kernel_is_named_also_if_it_floods_the_terminal(hasty):
    hasty.enter("spawn p.py:hog noise")
    hasty.wait_for("task 1 holds the kernel")
    answers(hasty)
    hasty.type(CTRL_D)
    leaves(hasty)


def squeezed(terminal: Terminal) -> str:
    """What the screen shows, without its blanks."""
    return "".join(terminal.text.split())


def joined(terminal: Terminal) -> str:
    """What the screen shows, with long lines put together again."""
    return "".join(row.ljust(terminal.screen.columns) for row in terminal.lines)


def test_after_a_kernel_panic_the_prompt_is_there_and_restart_gives_a_new_kernel(terminal):
    terminal.enter("spawn p.py:panic")
    terminal.wait_for("restart gives a new one")
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("the kernel has panicked")
    terminal.wait_last(PROMPT)
    terminal.enter("restart")
    terminal.wait_for("a new kernel")
    terminal.wait_last(PROMPT)
    terminal.enter("spawn countdown 1")
    terminal.wait_line("  1 │ 1")
    terminal.wait_last(PROMPT)
    terminal.enter("exit")
    leaves(terminal)


# -- typing


def test_lines_typed_ahead_run_when_their_turn_comes(terminal):
    with teller(terminal, "told_to {port}") as tell:
        terminal.enter("wait 1")
        terminal.wait_last("Ctrl-C gives the prompt back")
        terminal.type("help nothing\rhelp no")
        terminal.wait_typed("help no")
        tell.sendall(b".")
        terminal.wait_typed(f"{PROMPT} help no")
    terminal.enter("where")
    terminal.wait_for("'nowhere'")
    shown = terminal.text
    assert shown.index("wait 1") < shown.index("help nothing") < shown.index("'nothing'")


def test_a_pasted_text_of_several_lines_runs_line_by_line(terminal):
    terminal.type("\x1b[200~help one1\nhelp two2; help three3\r\nhelp four4\x1b[201~")
    terminal.wait_last("      help four4")
    assert "'one1'" not in terminal.text
    terminal.type("\r")
    for name in ("one1", "two2", "three3", "four4"):
        terminal.wait_for(f"no command and no program '{name}'")
    terminal.wait_last(PROMPT)


def test_lines_pasted_into_a_terminal_that_does_not_say_so_run_too(terminal):
    terminal.type("help one1\rhelp two2\nhelp three3\r")
    for name in ("one1", "two2", "three3"):
        terminal.wait_for(f"no command and no program '{name}'")


def test_a_mistake_is_underlined_under_the_typed_word(terminal):
    terminal.enter("  spwan countdown 3 # a comment")
    terminal.wait_for("did you mean")
    row = terminal.lines.index("        ^^^^^")
    assert terminal.lines[row + 1] == "no command 'spwan'; did you mean spawn?"
    terminal.enter("stack x")
    terminal.wait_for("takes the number of a task")
    row = terminal.lines.index(f"{PROMPT} stack x")
    assert terminal.lines[row + 1] == "            ^"


def test_a_mistake_below_other_answers_comes_with_its_line(terminal):
    terminal.enter("help help; spwan x")
    terminal.wait_for("did you mean spawn?")
    row = terminal.lines.index("help help; spwan x")
    assert terminal.lines[row + 1] == "           ^^^^^"


def test_wide_characters_keep_their_columns(terminal):
    terminal.enter("help 程序 📦; spwan")
    terminal.wait_for("did you mean spawn?")
    typed = next(row for row in terminal.screen.display if row.startswith(f"{PROMPT} help"))
    assert "程序" in typed.replace(" ", "")
    terminal.enter("""spawn p.py:says "'程序\\n'" """)
    terminal.wait(lambda: "│程序" in joined(terminal).replace(" ", ""), "it")
    terminal.type("help 程")
    terminal.wait(lambda: terminal.typed.replace(" ", "").endswith("help程"), "what is typed")
    terminal.type("\x7fx\r")
    terminal.wait_for("no program 'x'")


def test_the_line_before_is_one_key_away(terminal):
    terminal.enter("help no-such-thing")
    terminal.wait_for("no command and no program")
    terminal.type(UP + "s\r")
    terminal.wait_for("'no-such-things'")


def test_tab_completes_a_command_and_the_menu_survives_output(terminal):
    with teller(terminal, "told {port} 50") as tell:
        terminal.type("sp" + TAB)
        terminal.wait_typed(f"{PROMPT} spawn")
        terminal.type(" ec" + TAB)
        terminal.wait(lambda: "echo_load" in terminal.text, "the menu")
        tell.sendall(b".")
        terminal.wait_for("line 50")
        terminal.wait(lambda: "echo_load" in terminal.text, "the menu")
        terminal.type(CTRL_C)
        terminal.wait_last(PROMPT)


# -- what tasks read

QUESTION = "a number from 1 to 100?"


def invitation(tid: int) -> str:
    return f"task {tid} waits for: > your answer"


def test_a_question_is_shown_and_answered_at_the_prompt(terminal):
    terminal.enter("spawn guess --number 42")
    terminal.wait_line(f"  1 │ {QUESTION}")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.enter("> 50")
    terminal.wait_for("  1 │ too large")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    assert f"{PROMPT} > 50" in terminal.lines
    terminal.enter("> 42")
    terminal.wait_for("  1 │ yes, after 2 tries")
    terminal.wait_last(PROMPT)


def test_the_invitation_makes_room_for_what_is_typed_and_comes_back(terminal):
    terminal.enter("spawn guess")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.type("he")
    terminal.wait_last(f"{PROMPT} he")
    terminal.type(CTRL_C)
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.enter("kill 1")
    terminal.wait_last(PROMPT)


def test_a_question_does_not_damage_the_line_being_typed(terminal):
    with teller(terminal, "told_to {port}") as tell:
        terminal.enter("spawn p.py:asks_when_told")
        terminal.wait_for("task 2")
        terminal.wait_last(PROMPT)
        terminal.type("help no-such")
        terminal.wait_last(f"{PROMPT} help no-such")
        tell.sendall(b".")
        terminal.wait_line("  2 │ your name?")
        terminal.wait_last(f"{PROMPT} help no-such")
        terminal.enter("-thing")
        terminal.wait_for("no command and no program 'no-such-thing'")


def test_a_line_for_a_task_goes_there_while_a_command_waits_for_that_task(terminal):
    terminal.enter("spawn guess --number 42; wait 1; help no1")
    terminal.wait_last(invitation(1))
    terminal.type("> 50\r")
    terminal.wait_for("too large")
    terminal.type("\x1b[200~> 60\n> 42\x1b[201~\r")
    terminal.wait_for("yes, after 3 tries")
    terminal.wait_for("no command and no program 'no1'")
    terminal.wait_last(PROMPT)


def test_several_tasks_ask_and_each_can_be_answered(terminal):
    terminal.enter("spawn guess --number 42; spawn guess 9 --number 3")
    terminal.wait_line(f"  1 │ {QUESTION}")
    terminal.wait_line("  2 │ a number from 1 to 9?")
    terminal.wait(lambda: "waits for" in terminal.last, "the invitation")
    terminal.enter("2> 3")
    terminal.wait_for("  2 │ yes, after 1 try")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.enter("eof")
    terminal.wait_for("  1 │ it was 42")
    terminal.wait_last(PROMPT)


def test_a_line_for_nobody_is_kept_or_refused_and_that_is_said(terminal):
    terminal.enter("> 42")
    terminal.wait_for("it is kept for the next that does")
    terminal.enter("7> 42")
    terminal.wait_for("no task 7; type tasks for those there are")
    terminal.enter("spawn guess --number 42")
    terminal.wait_for("yes, after 1 try")
    terminal.wait_last(PROMPT)


def test_under_a_flood_a_question_is_asked_and_answered(terminal):
    terminal.enter("spawn p.py:flood; spawn guess --number 42")
    terminal.wait(lambda: terminal.last.endswith(invitation(2)), "the invitation")
    terminal.enter("> 42")
    terminal.wait_for("task 2 (guess --number 42) ended")


def test_after_a_restart_nobody_is_said_to_wait(terminal):
    terminal.enter("spawn guess")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.enter("restart")
    terminal.wait_for("a new kernel")
    terminal.wait_last(PROMPT)
    terminal.enter("spawn guess --number 42")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.enter("> 42")
    terminal.wait_for("yes, after 1 try")


def test_who_leaves_leaves_questions_open(terminal):
    terminal.enter("spawn guess")
    terminal.wait_last(f"{PROMPT} {invitation(1)}")
    terminal.type(CTRL_D)
    leaves(terminal)


def test_a_question_fits_on_a_narrow_terminal(folder):
    with console(folder, columns=40) as terminal:
        terminal.enter("spawn guess --number 42")
        terminal.wait_last(f"{PROMPT} {invitation(1)}")
        assert f"  1 │ {QUESTION}" in terminal.lines
        terminal.enter("> 42")
        terminal.wait_for("yes, after 1 try")


def test_a_terminal_that_can_only_print_shows_questions_too(folder):
    with console(folder, env={"TERM": "dumb"}) as terminal:
        terminal.enter("spawn guess --number 42")
        terminal.wait_line(f"  1 │ {QUESTION}")
        terminal.wait_line(invitation(1))
        terminal.wait_last(PROMPT)
        terminal.enter("> 42")
        terminal.wait_for("yes, after 1 try")
        terminal.wait_last(PROMPT)


def test_lines_for_tasks_can_be_prepared(folder):
    with console(folder, "-i", "-c", "spawn guess --number 42; wait\n> 50\n> 42") as terminal:
        terminal.wait_for("yes, after 2 tries")
        terminal.wait_last(PROMPT)


def test_without_a_prompt_a_task_reads_the_terminal_itself(folder):
    command = ["pyos", "-c", "spawn guess --number 42; wait"]
    with Terminal(command, cwd=folder) as terminal:
        terminal.wait_last(QUESTION)
        terminal.type("50\r")
        terminal.wait_for("too large")
        terminal.wait_last(QUESTION)
        terminal.type("42\r")
        terminal.wait_for("yes, after 2 tries")
        leaves(terminal)


# -- commands from the command line


def test_i_and_c_run_the_commands_and_then_give_the_prompt(folder):
    with console(folder, "-i", "-c", "spawn countdown 2; wait 1\nhelp no1") as terminal:
        terminal.wait_for("no command and no program 'no1'")
        assert f"{PROMPT} spawn countdown 2; wait 1" in terminal.lines
        assert "  1 │ 1" in terminal.lines
        answers(terminal)


def test_i_and_a_file_run_its_commands_and_then_give_the_prompt(folder):
    (folder / "commands").write_text("help no1\n\n# a comment\nspawn countdown 2; wait\nhelp no2\n")
    with console(folder, "-i", "commands") as terminal:
        terminal.wait_for("no command and no program 'no2'")
        terminal.wait_last(PROMPT)
        assert "'no1'" in terminal.text and "  1 │ 1" in terminal.lines
        answers(terminal)


def test_ctrl_c_ends_what_the_command_line_asked_for_and_gives_the_prompt(folder):
    command = ["pyos", "-ic", "spawn p.py:sleeper; wait\nhelp no1"]
    with Terminal(command, cwd=folder) as terminal:
        terminal.wait_last("Ctrl-C gives the prompt back")
        terminal.type(CTRL_C)
        terminal.wait_last(PROMPT)
        assert "not run: help no1" in terminal.lines
        assert "no command" not in terminal.text


# -- screens of all kinds


def test_more_tasks_than_rows_are_shown_in_part(terminal):
    terminal.enter("spawn p.py:crowd 1000; wait 1")
    terminal.wait_for("crowded")
    terminal.wait_last(PROMPT)
    terminal.enter("tasks")
    terminal.wait_for("more: tasks --all")
    terminal.wait_last(PROMPT)
    assert f"{PROMPT} tasks" in terminal.lines  # so nothing has scrolled out of sight
    rows = [line for line in terminal.lines if "blocked" in line]
    assert f"… and {1000 - len(rows)} more: tasks --all" in terminal.lines


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (40, 12), (20, 8)])
def test_a_terminal_of_any_size_will_do(folder, columns, rows):
    with console(folder, columns=columns, rows=rows) as terminal:
        terminal.enter("spawn p.py:sleeper")
        terminal.wait_for("task 1")
        terminal.enter("tasks")
        terminal.wait_for("TID")
        terminal.wait_last(PROMPT)
        terminal.enter("stack 1")
        terminal.wait_for("blocked")
        terminal.type("help no-such-thing-in-any-house\r")
        terminal.wait(lambda: "in-any-house'" in "".join(terminal.lines), "the whole line")
        terminal.type(CTRL_D)
        leaves(terminal)


def test_no_color_is_obeyed(folder):
    with console(folder, env={"NO_COLOR": "1"}) as terminal:
        terminal.enter("spawn crash; spwan")
        terminal.wait_for("did you mean spawn?")
        terminal.wait_for("see stack 1")
        colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
        assert colours == {"default"}


def test_a_terminal_that_can_only_print_is_sent_nothing_but_text(folder):
    with console(folder, env={"TERM": "dumb"}) as terminal:
        terminal.stream.escape = terminal.stream.csi = {}
        with teller(terminal, "told {port} 3") as tell:
            terminal.type("help no-such-")
            tell.sendall(b".")
            terminal.wait_for("  1 │ line 3")
            terminal.wait_last(PROMPT)
            terminal.enter("thing")
            terminal.wait_for("no command and no program 'no-such-thing'")
            terminal.wait_last(PROMPT)  # else its echo may come first: the terminal makes it itself
            terminal.enter("wait 1")
            tell.sendall(b".")
            terminal.wait_for("line 6")
            terminal.type(CTRL_C)
            terminal.wait_for("given up")
            terminal.wait_last(PROMPT)
            terminal.type("spwan")
            terminal.wait_last(f"{PROMPT} spwan")
            terminal.type(CTRL_C)
            terminal.wait_last(PROMPT)
            answers(terminal)
        terminal.type(CTRL_D)
        leaves(terminal)
        assert "\x1b" not in terminal.text and "[0m" not in terminal.text


def test_the_suspended_console_comes_back(folder):
    shell = ["bash", "--norc", "-i"]
    with Terminal(shell, cwd=folder, env={"PS1": "shell> "}) as terminal:
        terminal.wait_last("shell>")
        terminal.enter(f"{sys.executable} -m pyos_shell")
        terminal.wait_last(PROMPT)
        terminal.type("help no-such")
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        terminal.enter("fg")
        terminal.wait_last(f"{PROMPT} help no-such")
        terminal.enter("-thing")
        terminal.wait_for("no command and no program 'no-such-thing'")


def test_stderr_that_a_user_has_sent_to_a_file_goes_there(folder):
    command = ["bash", "-c", f"exec {sys.executable} -m pyos_shell 2>errors"]
    code = "import sys; print(1); print(2, file=sys.stderr)"
    with (
        console(folder, command=command) as terminal,
        teller(terminal, f"child {{port}} '{code}'") as tell,
    ):
        tell.sendall(b".")
        terminal.wait_line("  - │ 1")
        terminal.wait_for("the child has ended with 0")
    assert (folder / "errors").read_text() == "2\n"
