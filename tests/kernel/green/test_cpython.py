"""CPython's own tests of modules that block pass in a green program, where they are installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from kernel import green_script

from .running import run_all, write

SCRIPT = """
import io, sys, unittest
def all_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite): yield from all_of(each)
        else: yield each
module = __import__(sys.argv[1], fromlist=["tests"])
found = all_of(unittest.defaultTestLoader.loadTestsFromModule(module))
tests = [each for each in found if not each.id().startswith(tuple(sys.argv[2:]))]
told = io.StringIO()
result = unittest.TextTestRunner(told, verbosity=2).run(unittest.TestSuite(tests))
assert result.testsRun and result.wasSuccessful(), told.getvalue()
"""

#: The modules with tests, and which of these are left out.
MODULES = [
    ("test_sched",),
    ("test_socketserver",),
    ("test_threadedtempfile",),
    # What these print is made by the interpreter, and goes to its own stdout.
    ("test_threading_local", "_threading_local"),
]


@pytest.mark.skipif(find_spec("test.test_sched") is None, reason="CPython's tests are not there")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module[0])
def test_the_tests_of_a_module_pass(tmp_path, module):
    name, *left_out = module
    script = write(tmp_path, {"script.py": SCRIPT})
    (status,) = run_all(green_script(str(script), f"test.{name}", *left_out))
    assert status.ok, status
