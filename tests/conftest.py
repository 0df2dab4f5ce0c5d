"""What all tests share."""

import gc
import os
import signal
import sys
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

#: The same cases each time, and none that fails because the machine has other things to do.
settings.register_profile(
    "pyos", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pyos")


def pytest_configure() -> None:
    """Started in the background by a shell, we ignore Ctrl-C, and so would every child."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Our children are to be like a user's: their streams are buffered, and the first one compiles
    # PyOS for all of them. There are a thousand, and each would take longer for that than to run.
    os.environ.pop("PYTHONUNBUFFERED", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    gc.disable()  # while pytest rewrites the tests, which makes millions of objects but no garbage


def pytest_collection_finish() -> None:
    """No collection of garbage looks at what is there for good: the modules and all their tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


def forbid_skip(report: Any) -> None:
    """On the gate nothing is left out but what the platform cannot do, and says so."""
    if not report.skipped or hasattr(report, "wasxfail") or "PYOS_GATE" not in os.environ:
        return
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    if not reason.startswith("platform:"):
        report.outcome = "failed"
        report.longrepr = f"a skip that the gate does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    forbid_skip(report)
    return report
