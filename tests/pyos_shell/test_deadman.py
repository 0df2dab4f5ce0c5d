"""Laws of who tells where it is when no thread can run: he speaks then, and only then."""

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
linux = pytest.mark.skipif(sys.platform != "linux", reason="platform: an alarm by the clock")

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
TOLD = "nothing in this process could run for"

#: `pyos`, which has less patience, but several looks in that time.
PATIENCE = 0.5
IMPATIENT = [
    sys.executable,
    "-c",
    "import sys, kernel.watchdog; kernel.watchdog.TELL = 0; "
    f"from pyos_shell import deadman; deadman.PATIENCE = {PATIENCE}; "
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


@contextmanager
def impatient(line, folder):
    """`pyos` at work on this line; what it says comes through `stderr`."""
    process = subprocess.Popen(
        [*IMPATIENT, "-c", line],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment({}),
        text=True,
    )
    guard = threading.Timer(GUARD, process.kill)
    guard.start()
    with process:
        try:
            yield process
        finally:
            guard.cancel()
            process.kill()


@posix
def test_the_line_is_named_while_nothing_can_run(folder):
    with impatient("spawn p.py:wild; wait", folder) as process:
        assert any(WHERE in line for line in process.stderr)
        tame(folder)
        rest = process.stderr.read()
        assert process.wait(GUARD) == 0
    assert TOLD in rest


@posix
def test_on_a_terminal_it_is_named_too_and_then_the_prompt_is_as_it_was(folder):
    from .terminal import Terminal

    command = [*IMPATIENT, "--no-history"]
    with Terminal(command, cwd=folder, columns=200, rows=90) as terminal:
        terminal.wait_last("pyos>")
        terminal.enter("spawn p.py:wild")
        terminal.wait_for(WHERE)
        tame(folder)
        terminal.wait_for(TOLD)
        terminal.wait_for("task 1 (p.py:wild) ended")
        terminal.wait_last("pyos>")
        terminal.enter("tasks")
        terminal.wait_for("no tasks")


#: A regular expression gone wild. It returns, but takes longer than the patience, on a machine of
#: whatever speed; then others follow that are short, or the kill would take many seconds.
WILD = """
import itertools, re, time
from kernel import *


def wild():
    yield
    try:
        go_wild(LONG)
        while True:
            go_wild(SHORT)
    finally:
        print("put in order")


def in_a_thread():
    yield RunInThread(go_wild, LONG)


def go_wild(length):
    begun = time.thread_time()
    re.match("(a|a)*b", "a" * length)
    return time.thread_time() - begun


SHORT = next(n for n in itertools.count(10) if min(go_wild(n) for _ in range(3)) > 0.04)
LONG = SHORT + 5
"""
IN_MATCH = 'p.py", line 22 in go_wild'
POLITE = "def polite():\n    while True: yield\n"


@pytest.fixture
def wilderness(tmp_path):
    (tmp_path / "p.py").write_text(WILD)
    (tmp_path / "q.py").write_text(POLITE)
    return tmp_path


def test_the_line_of_a_wild_regular_expression_is_named_and_a_kill_lands_when_it_returns(
    wilderness,
):
    command = [*IMPATIENT, "-c", "spawn q.py:polite; spawn p.py:wild; kill 2; wait 2; tasks"]
    done = subprocess.run(
        command, capture_output=True, cwd=wilderness, env=environment({}), text=True, timeout=GUARD
    )
    assert f"{IN_MATCH}\n" in done.stderr
    assert 'p.py", line 9 in wild' in done.stderr
    assert "put in order" in done.stdout
    assert "task 2 (p.py:wild) killed" in done.stderr + done.stdout
    assert "q.py:polite" in done.stdout, "the other goes on"


def test_the_line_of_one_in_a_thread_is_named_which_has_the_lock_before_anybody_looks(wilderness):
    with impatient("spawn q.py:polite; spawn p.py:in_a_thread; wait 2", wilderness) as process:
        said = process.stderr.read()
        assert process.wait(GUARD) == 0
    assert IN_MATCH in said
    assert TOLD in said


#: Whoever runs without a pause, and answers what comes through a pipe.
LIVELY = """
import os


def lively():
    ping, pong = os.open("ping", os.O_RDWR | os.O_NONBLOCK), os.open("pong", os.O_RDWR)
    while True:
        yield
        try:
            os.write(pong, os.read(ping, 1))
        except BlockingIOError:
            pass
"""


@linux
def test_a_busy_process_that_is_stopped_again_and_again_lives_on_and_no_stack_is_written(tmp_path):
    (tmp_path / "p.py").write_text(LIVELY)
    os.mkfifo(tmp_path / "ping")
    os.mkfifo(tmp_path / "pong")
    with (
        impatient("spawn p.py:lively; wait", tmp_path) as process,
        open(tmp_path / "ping", "wb", buffering=0) as ping,
        open(tmp_path / "pong", "rb", buffering=0) as pong,
    ):
        for _ in range(6):
            ping.write(b".")
            assert pong.read(1) == b"."
            os.kill(process.pid, signal.SIGSTOP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.1 * PATIENCE)
            os.kill(process.pid, signal.SIGCONT)
        ping.write(b".")
        assert pong.read(1) == b"."
        process.terminate()
        said = process.stderr.read()
    assert TOLD in said
    assert "most recent call" not in said


# -- when he is silent


#: Of whom no test has changed it.
PATIENCE_OF_ALL = module.PATIENCE


class Watched:
    """A kernel that is awake or asleep as a test wants, a clock that is turned by hand, and an
    alarm that notes what is done to it.
    """

    def __init__(self, monkeypatch):
        self.quiet = 0
        self.watchdog = self
        self.time = 100.0
        self.done = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.time)
        self.output = Output()
        self.switch = DeadManSwitch()
        self.switch.fd = 99
        self.switch.alarm = self

    def arm(self, seconds, fd):
        assert (seconds, fd) == (PATIENCE_OF_ALL, 99)
        self.done.append("armed")

    def disarm(self):
        self.done.append("disarmed")

    def cover(self):
        self.done.append("covered")

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
    assert watched.look(0) == ["armed"]
    assert [watched.look(0.1) for _ in range(4)] == [[]] * 4
    assert watched.look(0.2) == ["armed"]
    assert watched.told == []


def test_once_nobody_looks_any_more_as_the_kernel_sleeps_it_is_not_set(watched):
    watched.look(0)
    assert watched.look(0.1, quiet=QUIET - 1) == []
    assert watched.look(0.1, quiet=QUIET) == ["disarmed"]
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


def test_who_has_never_set_it_has_no_alarm_and_needs_no_look(watched):
    watched.switch.alarm = None
    assert watched.look(0) == []
    assert watched.switch.alarm is None
    watched.switch.release()


def test_a_thread_that_begins_is_covered_as_long_as_it_is_set(watched):
    watched.switch.cover()
    assert watched.done == []
    watched.look(0)
    watched.switch.cover()
    assert watched.done == ["armed", "covered"]


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
    assert watched.done[-2:] == ["disarmed", []]
    assert watched.look(1_000) == ["armed"]
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
