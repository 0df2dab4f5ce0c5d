"""`pyos`, `python -m pyos_shell`, and `python3 pyos_shell` in a fresh checkout."""

import os
import sys

if not __package__:  # run as a directory: by any Python, even one too old or without our packages
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from pyos_shell import bootstrap

    python = bootstrap.python_for()
    if python != sys.executable:
        bootstrap.become([python, "-P", "-m", "pyos_shell"] + sys.argv[1:])

from pyos_shell.cli import main

if __name__ == "__main__":
    sys.exit(main())
