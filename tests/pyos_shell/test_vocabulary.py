"""Laws of the names: all of the kernel's are known, whoever has wanted which before."""

import subprocess
import sys

import kernel
from pyos_shell.vocabulary import CALLS, ERRORS

from .shell import environment


def test_every_call_and_every_error_is_known_by_its_name():
    for name in dir(kernel):
        value = getattr(kernel, name)
        is_class = isinstance(value, type)
        is_call = is_class and issubclass(value, kernel.SystemCall)
        assert (name in CALLS) == (is_call and value is not kernel.SystemCall)
        assert (name in ERRORS) == (is_class and issubclass(value, BaseException))
    assert CALLS["Recv"] is kernel.Recv
    assert ERRORS["KeyError"] is KeyError
    assert "dict" not in ERRORS


def test_who_asks_for_none_waits_for_none():
    program = (
        "import sys, pyos_shell.commands; print('kernel.syscalls.channels' in sys.modules);"
        "from pyos_shell.vocabulary import CALLS; print(len(CALLS) > 50, CALLS['ChanSend'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment({})
    )
    assert done.stdout.split() == [
        "False",
        "True",
        "<class",
        "'kernel.syscalls.channels.ChanSend'>",
    ]
