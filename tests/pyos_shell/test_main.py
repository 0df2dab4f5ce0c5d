"""Laws of the start: whenever Ctrl-C comes, it is no traceback."""

import os
import signal
import subprocess
import sys

import pytest

from .shell import GUARD, environment

START = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.{handler})
sys.meta_path.insert(0, Interrupting())
sys.argv = ["pyos", "-c", "spawn countdown 1; wait"]
runpy.run_module("pyos_shell", run_name="__main__")
"""


def started(name, handler):
    """`pyos`, which is interrupted when it imports this module."""
    return subprocess.run(
        [sys.executable, "-c", START.format(name=name, handler=handler)],
        capture_output=True,
        text=True,
        env=environment({}),
        timeout=GUARD,
    )


@pytest.mark.skipif(os.name != "posix", reason="platform: another one has no such signal")
@pytest.mark.parametrize("name", ["pyos_shell.cli", "pyos_shell.render", "kernel.scheduler"])
def test_a_ctrl_c_while_it_is_imported_ends_it_in_silence(name):
    done = started(name, "default_int_handler")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.skipif(os.name != "posix", reason="platform: another one has no such signal")
def test_who_ignores_ctrl_c_goes_on_ignoring_it():
    done = started("pyos_shell.cli", "SIG_IGN")
    assert (done.returncode, done.stdout) == (0, "1\n")
