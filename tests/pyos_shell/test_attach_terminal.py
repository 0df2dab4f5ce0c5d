"""Laws of consoles that are attached, on real terminals: as the first one, and apart from it."""

import os
import signal
import sys
from contextlib import contextmanager

import pytest

if sys.platform == "win32":
    pytest.skip("platform: there is no pseudo-terminal", allow_module_level=True)

from .shell import pyos, running
from .terminal import GUARD, Terminal, leaves

PYOS = [sys.executable, "-m", "pyos_shell"]
PROMPT = "pyos>"

PROGRAMS = """
import time
from kernel import *


def flood():
    while True:
        for number in range(1_000):
            print("flood", number)
        yield


def hog():
    yield
    time.sleep(10_000)


@system_call
class Break(SystemCall):
    def run(self, kernel, caller):
        kernel.alarms = None


def panic():
    yield Break()


def waits():
    print("waiting")
    yield Sleep(1000)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.py").write_text(PROGRAMS)
    return tmp_path


@contextmanager
def console(folder, *arguments, **options):
    """A console at its first prompt."""
    with Terminal(["pyos", *arguments], cwd=folder, **options) as terminal:
        terminal.wait_last(PROMPT)
        yield terminal


@pytest.fixture
def owner(folder):
    """The console of the process that listens."""
    with console(folder, "--listen", "s") as terminal:
        yield terminal


@pytest.fixture
def guest(folder, owner):
    """A console that is attached to it."""
    with console(folder, "attach", "s") as terminal:
        yield terminal


def batch(folder, *arguments, stdin=""):
    """`pyos attach` without a terminal."""
    return pyos("attach", "s", *arguments, stdin=stdin, cwd=folder)


# -- one system, several consoles


def test_what_tasks_print_appears_everywhere_and_an_answer_on_its_own_console_only(owner, guest):
    guest.enter("spawn countdown 1; programs")
    guest.wait_for("web_server")
    for terminal in (owner, guest):
        terminal.wait_for("task 1 (countdown 1) ended")
        assert terminal.history.count("  1 │ 1") == 1
    assert "console 2: spawn countdown 1; programs" in owner.history
    assert "web_server" not in owner.history
    assert "console 2" not in guest.history


def test_what_runs_in_the_foreground_of_a_console_is_plain_there_and_labelled_on_the_other(
    owner, guest
):
    for tid, here, there in ((1, owner, guest), (2, guest, owner)):
        here.enter("run p.py:waits")
        here.wait_line("waiting")
        there.wait_line(f"  {tid} │ waiting")
    for tid, here, there in ((1, owner, guest), (2, guest, owner)):
        here.type("\x03")
        here.wait_last(PROMPT)
        there.wait_for(f"  {tid} │ task {tid} (p.py:waits)")  # its end is no news here
        for line in here.history.splitlines():
            assert not line.startswith(f"  {tid} │"), line


def test_who_only_looks_is_not_told_of_to_others(owner, guest):
    guest.enter("tasks")
    guest.wait_for("no tasks; start one")
    guest.enter("kill 7")
    owner.wait_for("console 2: kill 7")
    assert "console 2: tasks" not in owner.history


def test_each_console_has_a_width_an_environment_and_a_line_of_its_own(folder, owner):
    with console(folder, "attach", "s", columns=30, rows=10) as narrow:
        owner.type("help no-such")
        owner.wait_typed(f"{PROMPT} help no-such")
        narrow.enter("alias hi = help hi")
        narrow.enter("spawn countdown 1")
        narrow.wait_for("task 1 (countdown 1)")
        owner.wait_for("task 1 (countdown 1) ended")
        owner.wait_typed(f"{PROMPT} help no-such")
        owner.type("\x03")
        owner.enter("hi")
        owner.wait_for("no command 'hi'")
        assert all(len(line) <= 30 for line in narrow.lines)


def test_a_console_that_leaves_leaves_the_system_running(owner, guest):
    guest.enter("spawn echo_server 0")
    guest.wait_for("listening")
    guest.enter("exit")
    leaves(guest)
    assert "the system goes on" in guest.history
    owner.enter("tasks")
    owner.wait_for("accept 127.0.0.1:")


def test_ctrl_d_leaves_too(guest):
    guest.type("\x04")
    leaves(guest)


@pytest.mark.parametrize("where", ["owner", "guest"])
def test_shutdown_ends_the_system_and_every_console(owner, guest, where, folder):
    {"owner": owner, "guest": guest}[where].enter("spawn echo_server 0; shutdown")
    leaves(owner)
    leaves(guest)
    assert "The system has ended." in guest.history
    assert not os.path.exists(folder / "s")


def test_ctrl_c_stops_the_command_of_its_own_console_only(owner, guest):
    owner.enter("spawn echo_server 0; wait 1")
    owner.wait_last("Ctrl-C gives the prompt back")
    guest.enter("wait 1")
    guest.wait_last("Ctrl-C gives the prompt back")
    guest.type("\x03")
    guest.wait_for("given up")
    guest.wait_last(PROMPT)
    owner.type("\x03")
    owner.wait_for("given up")
    owner.enter("help nothing")
    owner.wait_for("no command and no program 'nothing'")
    assert "Ctrl-D or exit leaves" not in owner.history, "there was nothing left to give up"


def test_a_held_kernel_is_named_on_every_console_and_none_is_lost(owner, guest):
    guest.enter("spawn p.py:hog")
    for terminal in (owner, guest):
        terminal.wait_for("holds the kernel")
    guest.enter("tasks")
    guest.wait_last("Ctrl-C gives the prompt back")
    guest.type("\x03")
    guest.wait_last(PROMPT)
    guest.enter("exit")
    leaves(guest)


def test_after_a_panic_a_restart_on_one_console_is_one_for_all(owner, guest):
    guest.enter("spawn p.py:panic")
    for terminal in (owner, guest):
        terminal.wait_for("restart gives a new one")
    guest.enter("restart")
    guest.wait_for("a new kernel")
    owner.wait_last(PROMPT)
    owner.enter("spawn countdown 1")
    for terminal in (owner, guest):
        terminal.wait_for("task 1 (countdown 1) ended")


def test_under_a_flood_a_slow_console_and_a_fast_one_both_answer(folder, owner):
    with console(folder, "attach", "s", rate=200_000) as slow:
        owner.enter("spawn p.py:flood")
        for terminal in (slow, owner):
            terminal.wait_for("lines dropped")
            terminal.enter("help nothing")
            terminal.wait_for("no command and no program 'nothing'")
        slow.enter("kill 1")
        slow.wait_for("(p.py:flood) killed")


# -- top, on the whole screen


def test_top_is_on_the_whole_screen_of_its_own_console_and_others_are_told_what_it_does(
    owner, guest
):
    owner.enter("spawn p.py:waits")
    for terminal in (owner, guest):
        terminal.wait_for("  1 │ waiting")
        terminal.wait_last(PROMPT)
    before = guest.text
    guest.enter("top")
    guest.wait(lambda: any("p.py:waits" in row and "%" in row for row in rows(guest)), "top")
    assert "SHARE" not in owner.history and "console 2" not in owner.history
    for columns in (40, 20, 80):
        guest.resize(columns, 24)
        guest.wait(lambda: any(row.startswith("  1    0%") for row in rows(guest)), "task 1")
        assert all(len(row) <= columns for row in rows(guest))
    guest.type("s")
    guest.wait_for("task 1 is being stopped")
    owner.wait_for("console 2: stop 1")
    guest.type("kt")
    owner.wait_for("console 2: kill 1")
    owner.wait_for("task 1 (p.py:waits) killed")
    guest.type("q")
    guest.wait_for("task 1 (p.py:waits) killed")
    guest.wait_last(PROMPT)
    assert guest.text.startswith(f"{before} top\n")


def rows(terminal):
    """The rows of the screen, also those that are marked."""
    return [terminal.screen.row(number) for number in range(terminal.screen.lines)]


# -- the audience


def wait_refused(audience, times):
    """Wait until so many lines have been."""
    refused = "this console is for looking only"
    audience.wait(lambda: audience.history.count(refused) == times, f"{times} times: {refused}")


def test_the_audience_looks_and_does_not_touch(folder, owner):
    with console(folder, "attach", "s", "--read-only") as audience:
        lines = ("kill 1", "spawn countdown", "tasks > file", "restart", "> 42")
        for number, line in enumerate(lines, 1):
            audience.enter(line)
            wait_refused(audience, number)
            audience.wait_last(PROMPT)
        owner.enter("spawn countdown 1")
        audience.wait_for("task 1 (countdown 1) ended")
        audience.enter("exit")
        leaves(audience)
    assert not (folder / "file").exists()


def test_the_audience_traces_for_itself_but_not_into_a_file(folder, owner):
    with console(folder, "attach", "s", "--read-only") as audience:
        audience.enter("trace Sleep --file calls")
        audience.wait_for("this console is for looking only: trace does more")
        audience.enter("trace Sleep")
        audience.wait_for("tracing Sleep of all tasks")
        owner.enter("trace Sleep --lives")
        owner.wait_for("births and deaths")
        owner.enter("spawn countdown 1")
        for terminal in (audience, owner):
            terminal.wait_for("  1 │ Sleep(0.0) = None")
        owner.wait_for("  1 │ ended")
        audience.enter("trace off")
        audience.wait_for("nothing is traced any more")
        assert "is born" not in audience.history
        owner.enter("spawn countdown 1")
        owner.wait_for("  2 │ ended")
        assert "2 │ Sleep" not in audience.history
    done = batch(folder, "--read-only", "-c", "trace off")
    assert (done.returncode, done.stderr) == (1, "only answers are shown here; trace at a prompt\n")
    assert not (folder / "calls").exists()


def test_the_audience_has_top_but_sends_no_signals_there(folder, owner):
    with console(folder, "attach", "s", "--read-only") as audience:
        owner.enter("spawn p.py:waits")
        audience.wait_for("waiting")
        audience.enter("top --once")
        audience.wait_for("TID SHARE STATE")
        audience.wait_last(PROMPT)
        audience.enter("top")
        audience.wait(lambda: audience.last.startswith("h help"), "top")
        for key in ("s", "c", "k"):
            audience.type(key)
            audience.wait_last("this console is for looking only")
            audience.type("r")
            audience.wait(lambda: audience.last.startswith("h help"), "the usual last line")
        audience.type("ktq")
        audience.wait_last(PROMPT)
        owner.enter("tasks")
        owner.wait_for("blocked")
        assert "console 2" not in owner.history and "killed" not in owner.history


# -- otherwise


def test_a_terminal_that_can_only_print_is_sent_nothing_but_text(folder, owner):
    with console(folder, "attach", "s", env={"TERM": "dumb"}) as dumb:
        sent = bytearray()
        take_in = dumb.take_in
        dumb.take_in = lambda data: (sent.extend(data), take_in(data))
        dumb.type("tasks\r")
        dumb.wait_for("no tasks; start one")
        dumb.type("spawn echo_server 0; wait\r")
        dumb.wait_for("listening")
        dumb.type("\x03")
        dumb.wait_for("given up")
        dumb.type("\x04")
        leaves(dumb)
        assert b"\x1b" not in sent


def test_no_color_is_the_clients(folder, owner):
    with console(folder, "attach", "s", env={"NO_COLOR": "1"}) as plain:
        plain.enter("help")
        plain.wait_for("begin with")
        cells = [cell for row in plain.screen.buffer.values() for cell in row.values()]
        assert {cell.fg for cell in cells} == {"default"}


def test_a_console_that_changes_its_size_is_drawn_anew(guest):
    guest.type("help no-such")
    guest.wait_typed(f"{PROMPT} help no-such")
    guest.resize(20, 8)
    guest.process.send_signal(signal.SIGWINCH)
    guest.type("-thing\r")
    guest.wait_for("no command and no")
    guest.wait_last(PROMPT)
    assert all(len(line) <= 20 for line in guest.lines)


def test_the_suspended_console_comes_back(folder, owner):
    with Terminal(["bash", "--norc", "-i"], cwd=folder, env={"PS1": "shell> "}) as terminal:
        terminal.wait_last("shell>")
        terminal.enter(f"{' '.join(PYOS)} attach s")
        terminal.wait_last(PROMPT)
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        owner.enter("help nothing")  # it is not stopped with it
        owner.wait_for("no command and no program 'nothing'")
        terminal.enter("fg")
        terminal.wait_last(PROMPT)
        terminal.enter("help nothing")
        terminal.wait_for("no command and no program 'nothing'")


def covered(terminal):
    """Wait until `top` is before what was there."""
    terminal.wait(lambda: terminal.screen.first is not None and "q leave" in terminal.text, "top")


def test_the_whole_screen_is_suspended_and_comes_back_too(folder, owner):
    with Terminal(["bash", "--norc", "-i"], cwd=folder, env={"PS1": "shell> "}) as terminal:
        terminal.wait_last("shell>")
        terminal.enter(f"{' '.join(PYOS)} attach s")
        terminal.wait_last(PROMPT)
        terminal.enter("top")
        covered(terminal)
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        assert terminal.screen.first is None
        terminal.enter("fg")
        covered(terminal)
        terminal.type("q")
        terminal.wait(lambda: terminal.screen.first is None, "the first screen")
        terminal.wait_last(PROMPT)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (None, 1)])
def test_however_it_ends_the_whole_screen_is_given_back(guest, owner, number, status):
    guest.enter("top")
    covered(guest)
    if number is not None:
        guest.process.send_signal(number)
    else:
        owner.process.kill()
    leaves(guest, status)
    assert guest.screen.first is None
    assert f"{PROMPT} top" in guest.lines


def test_the_whole_screen_of_a_console_changes_its_size_with_it(guest):
    guest.enter("top")
    covered(guest)
    guest.resize(30, 8)
    guest.process.send_signal(signal.SIGWINCH)
    guest.wait(lambda: "q leave" in guest.lines[7], "the last line where it belongs")
    guest.type("q")
    guest.wait_last(PROMPT)


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_to_end_gives_the_terminal_back(guest, owner, name, status):
    guest.process.send_signal(getattr(signal, name))
    leaves(guest, status)
    owner.enter("help nothing")
    owner.wait_for("no command and no program 'nothing'")


def test_a_console_that_is_killed_hurts_nobody(guest, owner):
    guest.enter("spawn echo_server 0; wait")
    guest.wait_for("listening")
    guest.process.kill()
    owner.enter("tasks")
    owner.wait_for("accept 127.0.0.1:")
    owner.enter("exit")
    leaves(owner)


def test_when_the_system_is_killed_its_consoles_say_so_in_one_line(guest, owner, folder):
    owner.process.kill()
    leaves(guest, status=1)
    assert "pyos: the system at s is gone" in guest.lines
    with console(folder, "--listen", "s"):  # what it has left behind is taken over
        assert batch(folder, "-c", "tasks").returncode == 0


def test_a_signal_that_ends_the_system_removes_the_socket(guest, owner, folder):
    owner.process.send_signal(signal.SIGTERM)
    leaves(owner, status=143)
    leaves(guest)
    assert not (folder / "s").exists()


# -- without a terminal


def test_commands_run_one_after_the_other_and_the_status_is_that_of_pyos_c(folder, owner):
    done = batch(folder, "-c", "spawn countdown 1; wait; tasks")
    assert (done.returncode, done.stderr) == (0, "task 1: countdown 1\n")
    assert done.stdout.startswith("no tasks")
    owner.wait_for("task 1 (countdown 1) ended")
    assert "a script: spawn countdown 1; wait; tasks" in owner.history
    failed = batch(folder, stdin="kill 77\nhelp exit\n")
    assert failed.returncode == 1
    assert "no task 77" in failed.stderr and "usage" not in failed.stderr
    assert failed.stdout.startswith("  exit\n")


def test_a_mistake_is_underlined_there_too(folder, owner):
    done = batch(folder, "-c", "kil 1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == ["kil 1", "^^^"]


def test_who_sees_only_answers_cannot_follow_the_log(folder, owner):
    done = batch(folder, "-c", "log --follow")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "only answers are shown here; follow the log at a prompt\n"


def test_a_client_that_is_interrupted_stops_its_command(folder, owner):
    owner.enter("spawn echo_server 0")
    owner.wait_for("listening")
    with running("attach", "s", "-c", "kill 7; wait 1", cwd=folder) as client:
        assert "no task 7" in client.stderr.readline()
        client.send_signal(signal.SIGINT)
        assert client.wait(GUARD) == 130
        assert client.stderr.read() == ""
    owner.enter("exit")
    leaves(owner)


def test_the_audience_has_no_more_rights_without_a_terminal(folder, owner):
    done = batch(folder, "--read-only", "-c", "restart")
    assert done.returncode == 1
    assert "this console is for looking only" in done.stderr


def test_where_nobody_listens_one_line_says_how_to_begin(folder):
    for make in (lambda: None, lambda: (folder / "s").write_text("")):
        make()
        done = batch(folder, "-c", "tasks")
        assert done.returncode == 1
        assert done.stderr.startswith("pyos: cannot attach to s: ")
        assert done.stderr.endswith("begin one: pyos --listen s\n")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "SIGINT"])
def test_without_a_terminal_it_serves_until_it_is_told_to_end(folder, how):
    with running("--listen", "s", "-c", "spawn countdown 1; wait", cwd=folder) as server:
        server.stdin.close()
        assert "task 1: countdown 1" in server.stderr.readline()
        with console(folder, "attach", "s") as guest:
            if how == "shutdown":
                guest.enter("shutdown")
            else:
                guest.enter("log")
                guest.wait_for("task 1 (countdown 1) ended")
                server.send_signal(getattr(signal, how))
            leaves(guest)
            assert "The system has ended." in guest.history
        assert server.wait(GUARD) == {"shutdown": 0, "SIGTERM": 143, "SIGINT": 130}[how]
        assert server.stdout.read() == "1\n"
        assert not (folder / "s").exists()


def test_the_socket_is_gone_also_where_a_task_holds_the_kernel(folder):
    done = pyos("--listen", "s", "-c", "spawn p.py:hog; shutdown", cwd=folder, hasty=True)
    assert "the kernel is held by a task" in done.stderr
    assert not (folder / "s").exists()


def test_read_only_is_about_consoles_that_are_served(folder):
    done = pyos("--read-only", "-c", "tasks", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "pyos: --read-only says what consoles may do that --listen or --ssh serves\n"
    )


def test_listening_where_a_system_listens_is_one_line(folder, owner):
    done = pyos("--listen", "s", "-c", "tasks", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pyos: a system listens at s already; join it: pyos attach s\n"
