"""`pyos`, `python -m pyos_shell`, and `python3 pyos_shell` in a fresh checkout."""

import os
import signal
import sys

if not __package__:  # run as a directory: by any Python, even one too old or without our packages
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from pyos_shell import bootstrap

    python = bootstrap.python_for()
    if python != sys.executable:
        bootstrap.become([python, "-P", "-m", "pyos_shell"] + sys.argv[1:])

former = signal.getsignal(signal.SIGINT)
if former is signal.default_int_handler:  # a Ctrl-C ends what is just being imported, in silence
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from pyos_shell.cli import main

signal.signal(signal.SIGINT, former)

if __name__ == "__main__":
    sys.exit(main())
