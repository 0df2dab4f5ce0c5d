"""Laws of the limit of open files: as high as allowed, never lower, and never in the way."""

import subprocess
import sys
import types

import pytest

from pyos_shell.descriptors import raise_descriptor_limit

from .shell import GUARD, ROOT, environment

UNLIMITED = 2**63 - 1


class Limits(types.ModuleType):
    """A system with these limits; it grants no more than `granted`."""

    RLIMIT_NOFILE = 7
    RLIM_INFINITY = UNLIMITED

    def __init__(self, soft, hard, granted):
        super().__init__("resource")
        self.limits, self.granted = (soft, hard), granted

    def getrlimit(self, which):
        return self.limits

    def setrlimit(self, which, limits):
        if limits[0] > self.granted:
            raise ValueError("not allowed to raise maximum limit")
        self.limits = limits


@pytest.mark.parametrize(
    ("soft", "hard", "granted", "result"),
    [
        (256, 4096, 10**6, 4096),
        (4096, 4096, 10**6, 4096),
        (256, UNLIMITED, 10_240, 10_240),
        (20_000, UNLIMITED, 24_576, 20_000),
        (256, UNLIMITED, 1_000, 256),
        (256, 5_000, 1_000, 256),
    ],
)
def test_the_limit_is_raised_as_far_as_the_system_allows(monkeypatch, soft, hard, granted, result):
    limits = Limits(soft, hard, granted)
    monkeypatch.setitem(sys.modules, "resource", limits)
    raise_descriptor_limit()
    assert limits.limits == (result, hard)


def test_a_system_without_limits_has_nothing_to_raise(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    raise_descriptor_limit()


def test_a_process_gets_its_hard_limit():
    resource = pytest.importorskip("resource", reason="platform: no limits")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    lowered = min(hard, 3000) if hard != resource.RLIM_INFINITY else 3000
    program = (
        f"import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (100, {lowered}))\n"
        "from pyos_shell.cli import main; main(['-c', ''])\n"
        "print(*r.getrlimit(r.RLIMIT_NOFILE))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment({}),
        timeout=GUARD,
    )
    assert child.stdout.split() == [str(lowered), str(lowered)]
