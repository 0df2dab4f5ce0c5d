"""Many connections at once: the clients are real, and in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from kernel import Listen, ListTasks, Machine, NewTask
from pyos_shell.descriptors import raise_descriptor_limit

from .net import GUARD, PROGRAMS, serve

#: The machine may be slow; what hangs is still ended.
LONG = 8 * GUARD


@contextmanager
def clients(program: str, *arguments: int) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, f"{PROGRAMS}/{program}.py", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def has_ended(process: subprocess.Popen[str]) -> bool:
    """Whether it has, or does within the time in which a person looks again."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.05)
    return process.returncode is not None


@pytest.fixture
def server():
    raise_descriptor_limit()
    with Machine() as machine:
        listener = machine.call(Listen(("127.0.0.1", 0)), GUARD)
        machine.call(NewTask(serve(listener)), GUARD)
        yield machine, listener.getsockname()[1]


def test_1000_clients_at_once_get_every_byte_back_while_the_console_is_answered(server, capsys):
    machine, port = server
    waits = []
    with (
        clients("echo_clients", port, 500, 25, 1) as first,
        clients("echo_clients", port, 500, 25, 2) as second,
    ):
        for process in (first, second):
            while not has_ended(process):
                begun = time.perf_counter()
                machine.call(ListTasks(first=20), LONG)
                waits.append(time.perf_counter() - begun)
        assert [process.communicate(timeout=LONG)[0] for process in (first, second)] == [
            "12500\n",
            "12500\n",
        ]
        assert (first.returncode, second.returncode) == (0, 0)
    with capsys.disabled():
        print(f"\n  {len(waits):,} answers meanwhile, the slowest after {max(waits) * 1000:.0f} ms")


def test_3_000_idle_connections_are_held_and_live(server):
    resource = pytest.importorskip("resource", reason="platform: no limits on descriptors")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4_000:
        pytest.skip("platform: fewer than 4,000 descriptors are allowed here")
    machine, port = server
    with (
        clients("idle_connections", port, 1_500) as first,
        clients("idle_connections", port, 1_500) as second,
    ):
        both = (first, second)
        assert [process.stdout.readline() for process in both] == ["open\n"] * 2
        while machine.call(ListTasks(first=1), LONG).total < 3_001:
            pass  # the last ones are still being accepted
        for process in both:
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.stdout.readline() for process in both] == ["echoed 150\n"] * 2
        assert machine.call(ListTasks(first=1), LONG).total == 3_001
