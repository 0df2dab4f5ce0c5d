"""PyOS, the kernel: an operating system for Python coroutines.

    from kernel import *

    def program():
        tid = yield GetTid()
        print("Hello, I am task", tid)

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()

The star import brings the whole interface: the scheduler and the machine, the four doors, every
system call, and every error. Each name is imported when somebody wants it, as whoever wants a few
would wait for all; where it is from is read in `__init__.pyi`, which tells it to type checkers.
"""

import re
from importlib import import_module

#: Such a line tells of one name.
LINE = re.compile(r"^from (\S+) import (\w+)", re.MULTILINE)

with open(f"{__file__}i", encoding="utf-8") as stub:
    PLACES = {name: place for place, name in LINE.findall(stub.read())}

__all__ = list(PLACES)


def __getattr__(name):
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(PLACES[name], __name__), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
