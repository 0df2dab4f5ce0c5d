"""Laws of asking the kernel: every question is answered, and can be given up."""

import _thread
import sys
import threading

import pytest

from kernel import (
    GetTid,
    KillTask,
    ListTasks,
    NoSuchTask,
    Scheduler,
    Sleep,
    SystemCall,
    Task,
    TooManyTasks,
    WaitTask,
    system_call,
)
from pyos_shell import system
from pyos_shell.system import GivenUp, ReserveTid, System

from .shell import GUARD, Shell, until


@system_call
class Fails(SystemCall):
    """A call that raises what it is told to."""

    error: BaseException

    def run(self, kernel, caller):
        raise self.error


@system_call
class CountRequests(SystemCall):
    """Answers how many others sleep."""

    def run(self, kernel, caller):
        return len(kernel.requests - {caller})


def sleeper():
    yield Sleep(1000)


def held(enough):
    """Hold the kernel, in a call that nobody can interrupt, until an event is set."""
    yield
    enough.wait()


def started(shell, target, name="a task"):
    shell.system.start([Task(target)], name)
    return shell.system.started[-1]


def test_a_question_is_answered(shell):
    assert shell.system.ask(GetTid()) == 0


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError("too late"), NoSuchTask(3)])
def test_an_error_of_the_call_is_the_askers(shell, error):
    """A `TimeoutError` too, although waiting for the answer can raise one."""
    with pytest.raises(type(error)) as caught:
        shell.system.ask(Fails(error))
    assert str(caught.value) == str(error)


def test_a_question_that_is_given_up_leaves_its_queue(shell):
    tid = started(shell, sleeper())
    asking = threading.Timer(0, shell.system.ask, [WaitTask(tid)])
    asking.start()
    until(lambda: shell.machine.call(CountRequests()) == 1)
    failures = []
    former, threading.excepthook = threading.excepthook, lambda args: failures.append(args.exc_type)
    try:
        shell.system.give_up()
        asking.join(GUARD)
    finally:
        threading.excepthook = former
    assert failures == [GivenUp]
    assert shell.machine.call(CountRequests()) == 0
    assert [task.tid for task in shell.machine.call(ListTasks()).tasks] == [tid]


def test_ctrl_c_gives_the_question_up(shell):
    tid = started(shell, sleeper())

    def press():
        until(lambda: shell.machine.call(CountRequests()) == 1)
        _thread.interrupt_main()

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(GivenUp):
        shell.system.ask(WaitTask(tid))
    presser.join()
    assert shell.machine.call(CountRequests()) == 0


def ask_and_press_at(shell, number):
    """Ask, with a Ctrl-C at the so-manieth line of it; the answer, or None."""
    codes, lines = {System.ask.__code__, System.answer.__code__}, 0

    def trace(frame, event, argument):
        nonlocal lines
        if frame.f_code not in codes:
            return None
        lines += event == "line"
        if lines == number and event == "line":
            raise KeyboardInterrupt
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        return shell.system.ask(GetTid())
    except GivenUp:
        return None
    finally:
        sys.settrace(former)


def test_ctrl_c_at_any_line_of_a_question_gives_it_up_or_comes_behind_its_answer(shell):
    number = 4  # until then nothing has begun
    while True:
        answer = ask_and_press_at(shell, number)
        if not shell.system.given_up.is_set():
            break
        assert answer in (0, None)
        assert shell.machine.call(CountRequests()) == 0
        shell.system.given_up.clear()
        number += 1
    assert answer == 0
    assert number > 10


def test_after_ctrl_c_nothing_is_asked_any_more(shell):
    shell.system.give_up()
    with pytest.raises(GivenUp):
        shell.system.check()
    with pytest.raises(GivenUp):
        shell.system.ask(WaitTask(started_before_giving_up(shell)))


def started_before_giving_up(shell):
    return shell.machine.call(NewSleeper())


@system_call
class NewSleeper(SystemCall):
    """Answers the tid of a new task that sleeps."""

    def run(self, kernel, caller):
        return kernel.new(sleeper())


def test_who_holds_the_kernel_is_told_once_while_it_does(shell, monkeypatch):
    monkeypatch.setattr(system, "PATIENCE", 0.02)
    enough = threading.Event()
    tid = started(shell, held(enough))
    until(lambda: (holder := shell.machine.holder()) and holder.seconds)
    looks = []

    def look():
        looks.append("no answer" in shell.reported)
        if sum(looks) == 5:
            enough.set()

    monkeypatch.setattr(shell.system, "check", look)
    assert shell.system.ask(GetTid()) == 0
    (line,) = [line for line in shell.reported.splitlines() if "no answer" in line]
    assert f"task {tid} holds the kernel at {__file__}:" in line
    assert line.endswith(f"(Ctrl-C stops waiting; kill {tid} ends the task)")


def test_who_may_only_look_is_not_told_to_kill(shell, monkeypatch):
    monkeypatch.setattr(system, "PATIENCE", 0.02)
    monkeypatch.setattr(shell.system, "read_only", True)
    enough = threading.Event()
    started(shell, held(enough))
    until(lambda: (holder := shell.machine.holder()) and holder.seconds)
    monkeypatch.setattr(
        shell.system, "check", lambda: enough.set() if "no answer" in shell.reported else None
    )
    shell.system.ask(GetTid())
    assert "(Ctrl-C stops waiting)" in shell.reported
    assert "ends the task" not in shell.reported


def test_a_kernel_that_is_held_can_be_given_up_as_well(shell):
    enough = threading.Event()
    started(shell, held(enough))
    until(lambda: shell.machine.holder() is not None)
    giver = threading.Thread(target=shell.system.give_up)
    giver.start()
    with pytest.raises(GivenUp):
        shell.system.ask(GetTid())
    giver.join()
    enough.set()


# -- waiting for another thread


def test_what_is_done_is_done_at_once_and_what_is_not_has_a_deadline(shell):
    done = threading.Event()
    assert not shell.system.wait(done, 0)
    done.set()
    assert shell.system.wait(done, 0)


def test_waiting_for_another_thread_can_be_given_up(shell):
    threading.Timer(0, shell.system.give_up).start()
    with pytest.raises(GivenUp):
        shell.system.wait(threading.Event(), GUARD)


# -- starting tasks


def test_tasks_are_announced_before_they_run(shell):
    order = []

    def program():
        order.append("runs")
        yield

    shell.system.say = order.append
    shell.wait(started(shell, program(), "program"))
    assert order == ["task 1: program", "runs"]


def test_several_tasks_are_announced_together(shell):
    said = []
    shell.system.say = said.append
    shell.system.start([Task(sleeper()), Task(sleeper())], "them")
    assert said == ["tasks 1, 2: them"]
    assert shell.system.started == [1, 2]


def test_tasks_whose_announcement_fails_are_never_run(shell):
    ran = []

    def program():
        ran.append("runs")
        yield

    def fail(text):
        raise GivenUp

    shell.system.say = fail
    target = program()
    with pytest.raises(GivenUp):
        started(shell, target)
    assert not ran
    assert target.gi_frame is None  # and is closed
    assert shell.system.started == []


def test_a_full_table_refuses_a_task_before_it_is_announced():
    with Shell(Scheduler(tasks=1)) as shell:
        started(shell, sleeper())
        target = sleeper()
        with pytest.raises(TooManyTasks):
            started(shell, target)
        assert target.gi_frame is None
        shell.machine.call(KillTask(1))
        shell.wait(1)
        assert started(shell, sleeper()) == 2


def test_a_reserved_tid_is_given_to_nobody_else(shell):
    first = shell.machine.call(ReserveTid())
    assert started(shell, sleeper()) == first + 1
    with pytest.raises(NoSuchTask):
        shell.machine.call(WaitTask(first))
