"""Laws of consoles on the machine of any program: they change nothing about the program."""

import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

if sys.platform == "win32":
    pytest.skip("platform: there are no Unix sockets", allow_module_level=True)

import pyos_shell
from kernel import Machine, NewTask, Scheduler, WaitTask
from pyos_shell import server

from .attached import Attached
from .shell import ROOT, until
from .terminal import GUARD, Terminal

PROMPT = "pyos>"

PROGRAM = """
import os, sys, threading
import pyos_shell
from kernel import *


def ticker():
    number = 0
    while True:
        number += 1
        print("tick", number)
        yield Sleep(0.01)


def main(where):
    with Machine() as machine:
        machine.call(NewTask(ticker(), "ticker"))
        print("before")
        if where == "thread":
            thread = threading.Thread(target=pyos_shell.embed, args=[machine])
            thread.start()
            thread.join()
        else:
            pyos_shell.embed(machine)
        print("after", "ticker" in [task.program for task in machine.call(ListTasks()).tasks])
    print("threads:", *sorted(each.name for each in threading.enumerate()))
    print("the same:", sys.stdout is sys.__stdout__, sys.stdin is sys.__stdin__)


main(sys.argv[1])
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return str(tmp_path / "socket")


@pytest.fixture
def machine():
    with Machine(Scheduler(stdin=False)) as machine:
        yield machine


def speaker(text):
    print(text)
    yield


# -- embed


@pytest.mark.parametrize("where", ["main", "thread"])
def test_embed_gives_a_prompt_and_afterwards_everything_back(tmp_path, where):
    with Terminal(["-c", PROGRAM, where], cwd=tmp_path) as terminal:
        terminal.wait_last(PROMPT)
        terminal.wait_for("│ tick")
        terminal.enter("stop 1")
        terminal.wait_for("task 1 is being stopped")
        terminal.wait_last(PROMPT)
        terminal.enter("wait 1")
        terminal.wait_last("Ctrl-C gives the prompt back")
        terminal.type("\x03")
        terminal.wait_last(PROMPT)
        refused = "this machine belongs to a program, and ends with it"
        for number, line in enumerate(("restart", "shutdown"), 1):
            terminal.enter(line)
            terminal.wait(lambda n=number: terminal.history.count(refused) == n, refused)
            terminal.wait_last(PROMPT)
        terminal.enter("exit")
        assert terminal.wait_exit() == 0, terminal.history
        assert not list(terminal.changed_settings())
        for line in ("before", "after True", "threads: MainThread", "the same: True True"):
            assert f"{line}\n" in f"{terminal.history}\n"


def test_embed_without_a_terminal_says_what_there_is_instead(machine):
    with pytest.raises(RuntimeError, match=r"needs a terminal; without one .*listen"):
        pyos_shell.embed(machine)


# -- listen


def test_a_key_keeps_busy_tasks_out_of_the_way_until_it_is_to_be_seen(machine, path):
    boosts, boost = [], machine.boost

    def noted():
        boosts.append(boost())
        return boosts[-1]

    machine.boost = noted
    with pyos_shell.listen(machine, path), Attached(path) as console:
        console.wait_for("pyos> ")
        assert not boosts
        console.type("x")
        console.wait_for("x")
        assert boosts
        until(lambda: boosts[-1].over)


def test_what_the_program_prints_goes_where_it_went_and_to_the_consoles(machine, path, capsys):
    stdout = sys.stdout
    with pyos_shell.listen(machine, path), Attached(path) as console:
        console.wait_for("pyos> ")
        machine.call(WaitTask(machine.call(NewTask(speaker("from a task")))))
        print("from the program", end="", flush=True)
        print("\nunfinished", end="")
        for text in ("from a task", "ended", "from the program", "unfinished"):
            console.wait_for(text)
    assert sys.stdout is stdout
    assert capsys.readouterr() == ("from a task\nfrom the program\nunfinished", "")
    print("as before")
    assert capsys.readouterr().out == "as before\n"


def test_two_sockets_of_one_machine_share_what_is_printed(machine, path, monkeypatch):
    monkeypatch.setattr(server, "FAREWELL", GUARD)  # however slow we are to read the last of all
    stdout = sys.stdout
    with (
        ExitStack() as stack,
        pyos_shell.listen(machine, path) as first,
        pyos_shell.listen(machine, f"{path}2", read_only=True),
        Attached(path) as one,
    ):
        one.wait_for("pyos> ")
        other = stack.enter_context(Attached(f"{path}2"))
        other.wait_for("for looking")
        one.enter("spawn countdown 1")
        one.wait_for("(countdown 1) ended")
        other.wait_for("console 1: spawn countdown 1")
        other.wait_for("(countdown 1) ended")
        closing = threading.Thread(target=first.close)
        closing.start()
        one.wait_end()
        closing.join()
        assert "The program serves no more consoles" in one.all
        assert sys.stdout is not stdout
        other.enter("tasks")
        other.wait_for("no tasks; start one")
    assert sys.stdout is stdout


def test_close_may_be_called_twice_and_from_any_thread(machine, path):
    listening = pyos_shell.listen(machine, path)
    thread = threading.Thread(target=listening.close)
    thread.start()
    thread.join()
    listening.close()
    pyos_shell.listen(machine, path).close()


def test_consoles_outlive_the_machine_and_say_so(machine, path):
    with pyos_shell.listen(machine, path), Attached(path) as console:
        console.wait_for("pyos> ")
        machine.shutdown()
        console.enter("tasks")
        console.wait_for("the kernel has stopped")
        console.enter("exit")
        assert console.wait_end() == 0


def test_a_machine_that_has_not_been_booted_has_no_consoles(path):
    with pytest.raises(RuntimeError, match="not been booted"):
        pyos_shell.listen(Machine(), path)
    with Machine() as machine:
        pyos_shell.listen(machine, path).close()  # the path is free again


def test_reports_are_made_no_more_when_the_last_console_is_closed(machine, path):
    before = dict(machine.kernel.trace.sinks)
    with pyos_shell.listen(machine, path):
        assert machine.kernel.trace.sinks != before
    until(lambda: machine.kernel.trace.sinks == before)


def test_to_import_the_shell_costs_nothing():
    code = "import sys, pyos_shell; print('prompt_toolkit' in sys.modules, 'kernel' in sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=GUARD
    )
    assert child.stdout == "False False\n"
    with pytest.raises(AttributeError):
        _ = pyos_shell.nonsense
