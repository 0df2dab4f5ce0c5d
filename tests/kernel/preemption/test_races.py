"""Laws of kills and interruptions that come just too late: they reach nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter

import pytest

from kernel import (
    KillTask,
    NewTask,
    Scheduler,
)

from ..net import GUARD
from ..support import ROOT, start
from .hogs import SHORT, interrupts, plain_loop, trial, until

ROUNDS = 500


class Impatient:
    """Asks for whatever task is in a step, all the time, as no watchdog would.

    (Not on 3.11: there to walk the frames of a thread that runs on crashes the interpreter, once
    in some million times.)
    """

    def __init__(self, machine):
        self.machine = machine
        self.stopped = False
        self.asked = 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        kernel, preemption = self.machine.kernel, self.machine.kernel.preemption
        while not self.stopped and sys.version_info >= (3, 12):
            frame = sys._current_frames().get(self.machine.thread.ident)
            turn = Scheduler.turn_at(frame, kernel)
            if turn.task is not None:
                preemption.ask(turn, frame, give_way=False)
                self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stopped = True
        self.thread.join(GUARD)


def test_a_kill_that_comes_as_a_task_ends_never_reaches_another():
    outcomes = Counter()
    with trial() as t:

        def bystander():
            try:
                while not t.log:
                    for _ in range(50):
                        pass
                    yield
            except BaseException as error:
                return error
            return "unharmed"

        def short(length):
            for _ in range(length):
                pass
            yield
            for _ in range(length):
                pass

        bystanders = [t.start(bystander()) for _ in range(3)]
        with Impatient(t.machine) as impatient:
            for number in range(ROUNDS):
                made = t.machine.submit(NewTask(short(number % 200 * 10)))
                killed = t.machine.submit(KillTask(made.result(GUARD)))
                outcomes[killed.result(GUARD)] += 1
            until(lambda: impatient.asked > 10 or sys.version_info < (3, 12))
        t.log.append("stop")
        assert [t.wait(tid).value for tid in bystanders] == ["unharmed"] * 3
        t.goes_on()
        assert len(t.machine.kernel.tasks) == 1, "a task that was killed is still there"
    assert outcomes.total() == ROUNDS


@interrupts
def test_two_machines_in_one_process_interrupt_their_tasks_each_for_itself():
    with trial(SHORT) as one, trial(SHORT) as other:
        tids = [(t, t.start_hog(plain_loop)) for t in (one, other)]
        for t, tid in tids:
            t.interrupted(tid, times=3)
        assert other.kill(tids[1][1]).killed
        one.interrupted(tids[0][1], times=5)
        assert one.log == []
        assert one.kill(tids[0][1]).killed


def test_a_scheduler_within_a_task_is_let_be_and_its_tasks_get_no_error():
    with trial(SHORT if sys.version_info >= (3, 12) else None) as t:

        def inner():
            yield
            t.begun.set()
            while not t.log:
                pass
            return "unharmed"

        def program():
            yield
            nested = start(inner())
            nested.mainloop()
            return nested.find(1).value

        t.begun.clear()
        tid = t.start(program())
        assert t.begun.wait(GUARD)
        killed = t.machine.submit(KillTask(tid))
        until(lambda: t.machine.kernel.preemption.wanted.task is not None)
        holder = t.machine.holder()
        assert holder.tid == tid, "the task that the machine knows, not one of the other scheduler"
        t.log.append("stop")
        assert killed.result(GUARD) in (True, False)
        assert t.wait(tid).killed or t.wait(tid).value == "unharmed"
        t.goes_on()


EXITS = """
import sys, threading
sys.path.insert(0, {root!r})
from kernel import *

def hog():
    yield
    begun.set()
    while True:
        pass

def stubborn():
    yield
    begun.set()
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

machine = Machine().boot()
{preempt}
for program in (hog, stubborn, hog):
    begun = threading.Event()
    machine.submit(NewTask(program()))
    if program is hog or {many}:
        begun.wait(30)
print("leaves")
"""


@pytest.mark.parametrize("slice", [None, pytest.param(SHORT, marks=interrupts)])
def test_an_interpreter_that_ends_while_hogs_run_does_not_crash(slice):
    many = slice is not None
    program = EXITS.format(root=ROOT, many=many, preempt=f"machine.call(Preempt({slice}))" * many)
    if not many:
        program = program.replace("(hog, stubborn, hog)", "(hog,)")
    for _ in range(5):
        child = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=GUARD
        )
        assert (child.returncode, child.stdout) == (0, "leaves\n"), child.stderr
        assert "Fatal" not in child.stderr


@interrupts
@pytest.mark.skipif(not hasattr(os, "fork"), reason="platform: no fork")
def test_a_child_that_a_task_forks_goes_its_own_way():
    with trial(SHORT) as t:
        hog = t.start_hog(plain_loop)
        t.interrupted(hog)

        def forks():
            yield
            child = os.fork()
            if not child:
                total = sum(range(1000))
                os._exit(total % 251)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        assert t.wait(t.start(forks())).value == sum(range(1000)) % 251
        t.interrupted(hog, times=4)
        assert t.kill(hog).killed
