"""CPython's own tests of asyncio pass in a task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from ..net import GUARD, ROOT

if sys.platform == "win32" or sys.version_info >= (3, 14):
    pytest.skip("platform: these tests are other ones there", allow_module_level=True)

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cpython.py")

#: The modules, and how many of their tests run at least.
MODULES = {
    "test_streams": 60,
    "test_sock_lowlevel": 12,
    "test_server": 3,
    "test_subprocess": 25,
    "test_events": 40,
}


@pytest.mark.parametrize("module", MODULES)
def test_cpythons_own_tests_pass(module):
    """What is left out, and why, stands in `cpython.LEFT_OUT`."""
    if find_spec("test") is None or find_spec("test.test_asyncio") is None:
        pytest.skip("platform: this Python comes without its tests")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT, module],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": ROOT},
        timeout=2 * GUARD,
    )
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert result["failed"] == {}
    assert result["ran"] >= MODULES[module]
