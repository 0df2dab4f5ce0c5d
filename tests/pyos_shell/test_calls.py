"""Laws of what the kernel offers: all of it is known, whatever has been imported before."""

import subprocess
import sys

from kernel import SystemCall
from pyos_shell.calls import known_calls

from .shell import GUARD, ROOT


def test_every_call_is_known_by_its_name():
    class Nothing(SystemCall):
        pass

    assert {"Recv", "Sleep", "Nothing"} <= set(known_calls())
    assert known_calls()["Nothing"] is Nothing


def test_a_call_and_an_error_are_known_though_nobody_has_imported_them_yet():
    program = (
        "import pyos_shell.commands\n"
        "from pyos_shell.calls import kernel_calls\n"
        "from pyos_shell.commands.messages import errors\n"
        "print(kernel_calls()['Recv'].__name__, errors()['PipeBroken'].__name__)\n"
        "print(errors()['TimeoutError'].__name__, 'Socket' in kernel_calls())"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=GUARD
    )
    assert child.stdout == "Recv PipeBroken\nTimeoutError False\n", child.stderr
