"""The laws of consoles that come from the nursery: each is a process like any other."""

import signal
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .terminal import GUARD, Terminal

SHOWS = """
import os, sys
from kernel import *

def shows():
    print(os.getcwd(), os.environ["WORD"], sys.argv[1:], sys.path[0])
    print([stream.isatty() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)])
    print(os.getpid(), os.getsid(0), os.tcgetpgrp(1))
    yield
"""


def shown(command, tmp_path):
    """What a program sees of its process."""
    (tmp_path / "p.py").write_text(SHOWS)
    command = [*command, "-c", "spawn p.py:shows; wait"]
    with Terminal(command, cwd=tmp_path, columns=200, env={"WORD": "word"}) as terminal:
        assert terminal.wait_exit() == 0
        return terminal.text.replace(str(terminal.process.pid), "PID")


def test_a_program_sees_of_it_what_it_sees_of_one_that_was_started(tmp_path):
    started = [sys.executable, "-W", "always", "-m", "pyos_shell"]
    born = shown(["pyos"], tmp_path)
    assert "PID PID PID" in born
    assert born == shown(started, tmp_path)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_how_it_ends_is_told(number, status):
    with Terminal(["pyos"]) as terminal:
        terminal.wait_last("pyos>")
        with pytest.raises(subprocess.TimeoutExpired):
            terminal.process.wait(0)
        terminal.process.send_signal(number)
        assert terminal.process.wait(GUARD) == status
        terminal.process.send_signal(number)  # it is gone, and that is no error
        assert terminal.process.wait() == status
