"""Laws of who tells where it is when no thread can run: he speaks then, and only then."""

import faulthandler
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial

import pytest

from kernel import KillTask, Machine, NewTask, Scheduler, SystemCall, system_call
from kernel.watchdog import QUIET
from pyos_shell import deadman as module
from pyos_shell.deadman import DeadManSwitch
from pyos_shell.output import Output

from .shell import GUARD, environment, until

posix = pytest.mark.skipif(os.name != "posix", reason="platform: no named pipes")

#: Whoever reads so keeps the interpreter's lock until something comes.
PROGRAM = """
import ctypes, os


def wild():
    pipe, room = os.open("pipe", os.O_RDWR), ctypes.create_string_buffer(1)
    yield
    ctypes.PyDLL(None).read(pipe, room, 1)
    print("tamed")
"""
WHERE = 'p.py", line 8 in wild'

#: `pyos`, which has less patience.
IMPATIENT = [
    sys.executable,
    "-c",
    "import sys; from pyos_shell import deadman; deadman.PATIENCE = 0.2; "
    "from pyos_shell.cli import main; sys.exit(main())",
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.py").write_text(PROGRAM)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def tame(folder):
    """Let the program go on."""
    with open(folder / "pipe", "wb", buffering=0) as pipe:
        pipe.write(b".")


@posix
def test_the_line_is_named_while_nothing_can_run(folder):
    command = [*IMPATIENT, "-c", "spawn p.py:wild; wait"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, cwd=folder, env=environment({}), text=True
    )
    guard = threading.Timer(GUARD, process.kill)
    guard.start()
    with process:
        try:
            assert any(WHERE in line for line in process.stderr)
            tame(folder)
            rest = process.stderr.read()
            assert process.wait(GUARD) == 0
        finally:
            guard.cancel()
            process.kill()
    assert "nothing in this process could run for" in rest


@posix
def test_on_a_terminal_it_is_named_too_and_then_the_prompt_is_as_it_was(folder):
    from .terminal import Terminal

    command = [*IMPATIENT, "--no-history"]
    with Terminal(command, cwd=folder, columns=200, rows=90) as terminal:
        terminal.wait_last("pyos>")
        terminal.enter("spawn p.py:wild")
        terminal.wait_for(WHERE)
        tame(folder)
        terminal.wait_for("nothing in this process could run for")
        terminal.wait_for("task 1 (p.py:wild) ended")
        terminal.wait_last("pyos>")
        terminal.enter("tasks")
        terminal.wait_for("no tasks")


#: A regular expression gone wild; it returns, again and again.
WILD = """
import re


def wild():
    yield
    try:
        while True:
            re.match("(a|a)*b", "a" * 21)
    finally:
        print("put in order")


def polite():
    while True:
        yield
"""


def test_the_line_of_a_wild_regular_expression_is_named_and_a_kill_lands_when_it_returns(tmp_path):
    (tmp_path / "p.py").write_text(WILD)
    command = [*IMPATIENT, "-c", "spawn p.py:polite; spawn p.py:wild; kill 2; wait 2; tasks"]
    done = subprocess.run(
        command, capture_output=True, cwd=tmp_path, env=environment({}), text=True, timeout=GUARD
    )
    assert 'p.py", line 9 in wild' in done.stderr
    assert "put in order" in done.stdout
    assert "task 2 (p.py:wild) killed" in done.stderr + done.stdout
    assert "p.py:polite" in done.stdout, "the other goes on"


# -- when he is silent


class Watched:
    """A kernel that is awake or asleep as a test wants, and a clock that is turned by hand."""

    def __init__(self, monkeypatch):
        self.quiet = 0
        self.watchdog = self
        self.time = 100.0
        self.done = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.time)
        monkeypatch.setattr(
            faulthandler, "dump_traceback_later", lambda *_, **__: self.done.append("set")
        )
        monkeypatch.setattr(
            faulthandler, "cancel_dump_traceback_later", lambda: self.done.append("cancelled")
        )
        self.output = Output()
        self.switch = DeadManSwitch()
        self.switch.fd = 99

    def look(self, seconds, quiet=0):
        """A look, so much later; what was done."""
        self.time += seconds
        self.quiet = quiet
        before = len(self.done)
        self.switch.look(self, self.output)
        return self.done[before:]

    @property
    def told(self):
        return [line.text for line in self.output.log(None)]


@pytest.fixture
def watched(monkeypatch):
    return Watched(monkeypatch)


def test_while_the_kernel_is_awake_it_is_put_off_twice_a_second(watched):
    assert watched.look(0) == ["set"]
    assert [watched.look(0.1) for _ in range(4)] == [[]] * 4
    assert watched.look(0.2) == ["set"]
    assert watched.told == []


def test_once_nobody_looks_any_more_as_the_kernel_sleeps_it_is_not_set(watched):
    watched.look(0)
    assert watched.look(0.1, quiet=QUIET - 1) == []
    assert watched.look(0.1, quiet=QUIET) == ["cancelled"]
    assert watched.look(0.1, quiet=QUIET) == []
    watched.time += 1_000
    watched.switch.hold()  # as it wakes
    assert watched.look(0.1) == []
    assert watched.told == []


def test_for_how_long_nothing_ran_is_told_as_soon_as_somebody_can(watched):
    watched.look(0)
    watched.look(7.5)
    watched.look(0.1)
    (told,) = watched.told
    assert told.startswith("nothing in this process could run for 7.5 s")


def test_where_there_is_nothing_to_write_to_it_is_not_set(watched):
    watched.switch.fd = None
    assert watched.look(0) == []


def test_what_has_no_descriptor_is_nothing_to_write_to(watched, tmp_path):
    with watched.switch.writing_to(Output()):
        assert watched.switch.fd == 99
    with open(tmp_path / "stacks", "w") as file, watched.switch.writing_to(file):
        assert watched.switch.fd == file.fileno()
    assert watched.switch.fd == 99


@posix
def test_who_is_stopped_by_ctrl_z_is_not_stuck(watched, monkeypatch):
    watched.look(0)
    former = signal.getsignal(signal.SIGTSTP)
    monkeypatch.setattr(os, "kill", lambda *_: watched.done.append(watched.look(1_000)))
    try:
        watched.switch.suspend(signal.SIGTSTP, None)
    finally:
        signal.signal(signal.SIGTSTP, former)
    assert watched.done[-2:] == ["cancelled", []]
    assert watched.look(1_000) == ["set"]
    assert watched.told == []


@contextmanager
def switched(file):
    """A machine that runs, and its switch."""
    switch, machine = DeadManSwitch(), Machine(Scheduler(stdin=False))
    machine.observe(partial(switch.look, machine, Output()), switch.hold)
    with open(file, "w") as out, switch.writing_to(out), machine:
        yield switch, machine
    assert switch.held is None


def busy():
    while True:
        yield


@system_call
class Break(SystemCall):
    """Takes the kernel down."""

    def run(self, kernel, caller):
        kernel.alarms = None


@pytest.mark.parametrize("end", ["rest", "panic", "shutdown"])
def test_however_the_kernel_comes_to_rest_it_is_not_left_set(tmp_path, end):
    with switched(tmp_path / "stacks") as (switch, machine):
        tid = machine.call(NewTask(busy()))
        until(lambda: switch.held is not None)
        if end == "rest":
            machine.call(KillTask(tid))
        elif end == "panic":
            machine.submit(Break())
            machine.submit(KillTask(tid))
        else:
            machine.shutdown()
        until(lambda: switch.held is None)
        if end != "rest":
            machine.thread.join(GUARD)
            assert switch.held is None
    assert (tmp_path / "stacks").read_text() == ""
