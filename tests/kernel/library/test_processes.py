"""Laws of `run_process`: a program from its start to its end."""

from __future__ import annotations

import os
from subprocess import CompletedProcess, TimeoutExpired

import pytest

from kernel import Exited, KillTask, StartProcess, TooMuchData, run_process

from ..net import descriptors, do, note, python, settle, until
from ..support import either_style, outcome, watch

CAT = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); print('err', file=sys.stderr)"
ASLEEP = "import time; time.sleep(600)"


@either_style
def test_it_answers_all_that_came_of_it(kernel, style):
    def program():
        return (yield run_process(python(CAT + "; sys.exit(3)"), b"data" * 50_000))

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    done = outcome(kernel, tid).value
    assert isinstance(done, CompletedProcess)
    assert (done.returncode, done.stdout) == (3, b"data" * 50_000)
    assert done.stderr.split() == [b"err"]
    assert done.args == python(CAT + "; sys.exit(3)")


def test_one_that_takes_too_long_is_killed(kernel):
    settle(kernel)
    before = descriptors()
    log = []
    kernel.new(note(log, run_process(python(ASLEEP), timeout=5)))
    until(kernel, lambda: len(kernel.tasks) == 4)  # those of `communicate`
    settle(kernel)
    assert log == []
    kernel.clock.advance(5)
    until(kernel, lambda: log)
    assert isinstance(log[0], TimeoutExpired)
    assert (log[0].cmd, log[0].timeout) == (python(ASLEEP), 5)
    settle(kernel)
    assert descriptors() == before
    assert not kernel.tasks


@pytest.mark.skipif(os.name == "nt", reason="platform: no zombies")
def test_one_whose_waiter_is_killed_is_killed_with_it(kernel):
    settle(kernel)
    before = descriptors()
    tid = kernel.new(note([], run_process(python(ASLEEP))))
    until(kernel, lambda: len(kernel.tasks) == 4)
    pid = int(kernel.tasks[tid + 1].name.split()[-1])
    assert do(kernel, KillTask(tid)) is True
    until(kernel, lambda: not kernel.tasks)
    assert outcome(kernel, tid).killed
    until(kernel, lambda: not exists(pid))
    settle(kernel)
    assert descriptors() == before


def exists(pid):
    """Whether the system knows of a process, even if it has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name == "nt", reason="platform: no zombies")
def test_one_whose_waiter_is_ended_by_force_is_killed_with_it(kernel):
    settle(kernel)
    before = descriptors()
    tid = kernel.new(note([], run_process(python(ASLEEP))))
    until(kernel, lambda: len(kernel.tasks) == 4)
    pid = int(kernel.tasks[tid + 1].name.split()[-1])
    kernel.trace.subscribe(lambda event: None, Exited)
    kernel.force(kernel.tasks[tid])
    until(kernel, lambda: not kernel.tasks and not exists(pid))
    assert outcome(kernel, tid).error is None
    settle(kernel)
    assert descriptors() == before


def test_one_that_prints_too_much_is_killed(kernel):
    error = do(kernel, run_process(python("while True: print('x' * 1000)"), limit=10_000))
    assert isinstance(error, TooMuchData)


def test_what_cannot_be_started_is_an_error(kernel, tmp_path):
    assert isinstance(do(kernel, run_process([tmp_path / "nothing"])), FileNotFoundError)
    assert isinstance(do(kernel, run_process("ls")), TypeError)


def test_ten_at_once(kernel):
    logs = [[] for _ in range(10)]
    for number, log in enumerate(logs):
        kernel.new(note(log, run_process(python(CAT), b"%d" % number)))
    until(kernel, lambda: all(logs))
    assert [log[0].stdout for log in logs] == [b"%d" % number for number in range(10)]


def test_a_trace_shows_the_process(kernel):
    events = watch(kernel)
    do(kernel, run_process(python("")))
    calls = [repr(getattr(event, "call", "")) for event in events]
    assert any(call.startswith(StartProcess.__name__) for call in calls)
