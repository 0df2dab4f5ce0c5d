"""Ctrl-C while a `mainloop` runs on the main thread of a script: real signals, real processes."""

from __future__ import annotations

import os
import signal

import pytest

from .support import guarded, python

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="platform: no SIGINT can be sent to one process"
)

HEAD = """
import os
import signal
from kernel import *

def say(*words):
    # A handler says something in the middle of it: `print` would not have that.
    os.write(1, (" ".join(map(str, words)) + os.linesep).encode())

def sleeper(name):
    try:
        say(name, "begins")
        yield Sleep(3600)
    except KeyboardInterrupt:
        say("NEVER: it landed in a task")
    finally:
        say(name, "ends")

def run(*programs):
    sched = Scheduler(grace=3600)
    for program in programs:
        sched.new(program)
    try:
        sched.mainloop()
    except KeyboardInterrupt:
        say("interrupted with", len(sched.tasks), "tasks")
    say("handler is", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def played(program: str, *cues: str, logged: tuple[str, ...] = ()) -> list[str]:
    """What a program prints, if Ctrl-C is pressed at each of these lines of it, one after the
    other; `logged` are the first lines of what goes to stderr.
    """
    lines = []
    pending = list(cues)
    with guarded(python(HEAD + program)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if pending and lines[-1] == pending[0]:
                pending.pop(0)
                process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        errors = [line for line in process.stderr.read().splitlines() if line.startswith("task")]
        assert errors == list(logged)
    assert not pending, f"never printed: {pending}"
    return lines


def test_ctrl_c_ends_all_tasks_newest_first_and_then_leaves_mainloop():
    program = 'run(sleeper("a"), sleeper("b"), sleeper("c"))'
    assert played(program, "c begins") == [
        "a begins",
        "b begins",
        "c begins",
        "c ends",
        "b ends",
        "a ends",
        "interrupted with 0 tasks",
        "handler is True",
    ]


def test_ctrl_c_never_lands_in_a_task_that_is_in_a_step():
    program = """
def busy():
    try:
        say("busy")
        while True:
            for _ in range(1000):
                pass
            yield
    except KeyboardInterrupt:
        say("NEVER: it landed in a task")

run(busy(), busy(), sleeper("a"))
"""
    assert played(program, "a begins")[-3:] == [
        "a ends",
        "interrupted with 0 tasks",
        "handler is True",
    ]


def test_finally_may_wait_after_ctrl_c():
    program = """
def tidy():
    try:
        say("begins")
        yield Sleep(3600)
    finally:
        yield Sleep(0.01)
        say("tidied up")

run(tidy())
"""
    assert played(program, "begins")[1:] == [
        "tidied up",
        "interrupted with 0 tasks",
        "handler is True",
    ]


def test_a_second_ctrl_c_ends_by_force_what_lingers():
    program = """
def stubborn():
    try:
        say("begins")
        yield Sleep(3600)
    finally:
        say("lingers")
        yield Sleep(3600)
        say("NEVER: it waited")

run(stubborn(), stubborn())
"""
    logged = ("task 2 (stubborn) killed by force", "task 1 (stubborn) killed by force")
    assert played(program, "begins", "lingers", logged=logged)[-2:] == [
        "interrupted with 0 tasks",
        "handler is True",
    ]


def test_a_task_that_holds_the_kernel_is_left_by_a_second_ctrl_c():
    program = """
def hog():
    # Its own handler tells the test that the first one has come.
    taken = signal.getsignal(signal.SIGINT)
    def tell(number, frame):
        say("pressed")
        taken(number, frame)
    signal.signal(signal.SIGINT, tell)
    say("holds")
    while True:
        pass
    yield

run(hog())
"""
    logged = ("task 1 (hog) crashed: KeyboardInterrupt",)
    lines = played(program, "holds", "pressed", logged=logged)
    assert "pressed" in lines
    assert "interrupted with 0 tasks" in lines


def test_a_program_with_a_handler_of_its_own_keeps_it():
    program = """
def mine(number, frame):
    say("mine")

signal.signal(signal.SIGINT, mine)

def waiter():
    say("begins")
    while True:
        yield Sleep(0.01)
        if said:
            return

said = []
def mine(number, frame):
    said.append(True)

signal.signal(signal.SIGINT, mine)
run(waiter())
say("kept", signal.getsignal(signal.SIGINT) is mine)
"""
    assert played(program, "begins") == ["begins", "handler is False", "kept True"]


def test_off_the_main_thread_signals_are_left_alone():
    program = """
import threading

def program():
    yield
    say("ran", signal.getsignal(signal.SIGINT) is signal.default_int_handler)

thread = threading.Thread(target=run, args=(program(),))
thread.start()
thread.join()
"""
    assert played(program) == ["ran True", "handler is True"]


def test_an_error_that_leaves_mainloop_gives_the_handler_back():
    program = """
class Broken(Policy):
    def pick(self, ready):
        raise ZeroDivisionError

sched = Scheduler(policy=Broken())
sched.new(sleeper("a"))
try:
    sched.mainloop()
except ZeroDivisionError:
    say("handler is", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    assert played(program) == ["handler is True"]


#: A task that is in its step when the first Ctrl-C comes, and then gives way.
FIRST = """
def first():
    # Its own handler tells the test that one has come.
    taken = signal.getsignal(signal.SIGINT)
    def tell(number, frame):
        global presses
        presses += 1
        say("pressed", presses)
        taken(number, frame)
    signal.signal(signal.SIGINT, tell)
    say("begins")
    while not presses:
        pass
    yield

presses = 0
"""


def test_a_second_ctrl_c_is_no_error_of_a_task_that_did_not_hold_the_kernel_at_the_first():
    program = """
def other():
    say("the other begins")
    while presses < 2:
        pass
    say("the other goes on")
    yield

run(first(), other())
"""
    lines = played(FIRST + program, "begins", "the other begins")
    assert "the other goes on" in lines
    assert "interrupted with 0 tasks" in lines


def test_of_a_task_that_holds_the_kernel_since_the_first_ctrl_c_the_third_gets_rid():
    program = """
def hog():
    say("holds")
    while True:
        pass
    yield

run(first(), hog())
"""
    logged = ("task 2 (hog) crashed: KeyboardInterrupt",)
    lines = played(FIRST + program, "begins", "holds", "pressed 2", logged=logged)
    assert "interrupted with 0 tasks" in lines


def test_ctrl_c_ends_a_task_whose_function_is_stuck_in_a_thread_and_waits_for_no_thread():
    program = """
import threading

def stuck():
    say("stuck")
    threading.Event().wait()

def waiter():
    try:
        yield RunInThread(stuck)
    finally:
        say("waiter ends")

run(waiter())
"""
    assert played(program, "stuck") == [
        "stuck",
        "waiter ends",
        "interrupted with 0 tasks",
        "handler is True",
    ]
