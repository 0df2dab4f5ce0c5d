"""Runs a module of CPython's own tests of asyncio in a task: `python cpython.py test_streams`.

Nothing in the tests is changed but how they get their loop, where they make one of a certain kind:
they ask `asyncio` for it. Prints how many ran, and what failed, as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
import unittest
from collections.abc import Iterator
from typing import Any

from kernel import Scheduler, hosted

#: The tests that are not run, by their names, and why.
LEFT_OUT = {
    r"signal_handl(er|ing)": "the signals of the process are the console's (docs/asyncio.md)",
    r"Subprocess(Safe|Fast|MultiLoop)Watcher": "such a watcher handles the signal SIGCHLD",
    r"SubprocessThreadedWatcher": "time: they are run with the watcher that Python takes by itself",
    r"(?<!E)PollEventLoopTests|SelectEventLoopTests": "time: to a task all selectors are the same",
    r"EventLoopTests\.test_subprocess": "time: test_subprocess has the like",
    r"test_kill_issue43884|test_read_stdout_after|send_signal_race": "time: they sleep for seconds",
    r"PolicyTests|HandleTests|SubprocessTransportTests": "no loop is in it, or one that is a dummy",
}


def cases(suite: Any) -> Iterator[Any]:
    """The single tests of a suite."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from cases(each)
        else:
            yield each


def is_left_out(test: Any) -> bool:
    return any(re.search(pattern, test.id()) for pattern in LEFT_OUT)


def prepare(module: Any) -> None:
    """Have the tests take the loop, and the watcher of processes, that they are given."""
    for value in vars(module).values():
        for name in ("create_event_loop", "new_loop"):
            if hasattr(value, name):
                setattr(value, name, lambda self: asyncio.new_event_loop())
    if sys.version_info < (3, 14):
        for name in ("SafeChildWatcher", "FastChildWatcher"):
            setattr(asyncio, name, asyncio.ThreadedChildWatcher)


def run(name: str) -> Any:
    """The program: the tests of a module, one after the other."""
    module = importlib.import_module(f"test.test_asyncio.{name}")
    prepare(module)
    tests = cases(unittest.defaultTestLoader.loadTestsFromModule(module))
    suite = unittest.TestSuite(test for test in tests if not is_left_out(test))
    with open("/dev/null", "w") as nowhere:
        return unittest.TextTestRunner(nowhere).run(suite)


def main(name: str) -> None:
    sched = Scheduler()
    tid = sched.new(hosted(run, name))
    sched.mainloop()
    status = sched.find(tid).status
    assert status is not None and status.ok, status
    result: Any = status.value
    failed = {test.id(): error for test, error in [*result.errors, *result.failures]}
    print(json.dumps({"ran": result.testsRun, "failed": failed}))


if __name__ == "__main__":
    main(sys.argv[1])
