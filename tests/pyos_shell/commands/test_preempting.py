"""Laws of `preempt`, and of commands while a task holds the kernel."""

import re
import sys

import pytest

from ..shell import until

interrupts = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="platform: no step is put aside before Python 3.12"
)

PROGRAM = """
import time


def spin():
    yield
    try:
        while True:
            pass
    finally:
        print("finally")


def generator():
    yield
    sum(zeros())


def zeros():
    while True:
        yield 0


def comprehension():
    yield
    [number for number in iter(int, 1) if number]


def polite():
    while True:
        yield


def square():
    total = 0
    yield
    total += 3
    squared = total * total
    return squared
"""


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "p.py"
    file.write_text(PROGRAM)
    return file


@interrupts
def test_what_is_in_force_is_told_and_changed(shell):
    assert shell.succeeds("preempt") == ["a task is interrupted after 1 s in one step"]
    assert shell.succeeds("preempt 10ms") == ["a task is interrupted after 10 ms in one step"]
    assert shell.succeeds("preempt 2.5s") == ["a task is interrupted after 2.5 s in one step"]
    off = "no task is interrupted; kill ends one all the same"
    assert shell.succeeds("preempt off") == [off]
    assert shell.succeeds("preempt") == [off]


@pytest.mark.parametrize(
    "slice", ["0s", "0ms", "2h", "3601s", "10", "ms", "-1s", "1e3s", "x", "٣s"]
)
def test_what_is_no_slice_is_a_mistake_that_says_what_is(shell, slice):
    said = shell.fails(f"preempt {slice}")
    assert any("SLICE takes" in line and "off" in line for line in said)
    assert shell.succeeds("preempt") != shell.shown[0]


def test_where_no_task_can_be_interrupted_it_says_what_to_do(shell, monkeypatch):
    if sys.version_info >= (3, 12):
        shell.succeeds("preempt")
        monkeypatch.setattr(shell.machine.kernel.preemption, "missing", "do something on 3.12")
    (said,) = shell.fails("preempt 1s")
    assert "3.12" in said
    assert shell.succeeds("preempt off") == ["no task is interrupted; kill ends one all the same"]


@interrupts
@pytest.mark.parametrize("hog", ["spin", "generator", "comprehension"])
def test_while_a_hog_runs_commands_are_answered_the_line_is_named_and_kill_ends_it(
    shell, program, hog
):
    shell.succeeds("preempt 10ms")
    shell.succeeds(f"spawn {program}:polite")
    shell.succeeds(f"spawn {program}:{hog}")
    assert len(shell.succeeds("tasks")) >= 3
    until(lambda: re.search(rf"{hog} .*p\.py:\d+", "\n".join(shell.run("stack 2"))))
    shell.succeeds("kill 2")
    assert shell.wait(2).killed
    if hog == "spin":
        assert "finally" in shell.printed
    assert "polite" in "\n".join(shell.succeeds("tasks"))


def test_a_hog_is_reported_with_its_line_and_killed_on_every_python(shell, program):
    if sys.version_info >= (3, 12):
        shell.succeeds("preempt off")
    shell.succeeds(f"spawn {program}:polite; pause; spawn {program}:spin")
    shell.system.say = lambda text: None
    shell.run("resume")
    line = PROGRAM[: PROGRAM.index("        while True")].count("\n") + 1
    place = rf"task 2 holds the kernel for 0\.\d s at .*p\.py:({line}|{line + 1})\n"
    until(lambda: re.search(place, shell.reported))
    shell.succeeds("kill 2")
    assert shell.wait(2).killed
    until(lambda: "finally" in shell.printed)


@pytest.mark.parametrize("line", ["kill 1 2", "kill 2 1", "kill 1 2 1"])
def test_of_several_the_one_that_holds_the_kernel_is_killed_first(shell, program, line):
    if sys.version_info >= (3, 12):
        shell.succeeds("preempt off")
    shell.succeeds(f"spawn {program}:polite; pause; spawn {program}:spin")
    shell.run("resume")
    until(lambda: (holder := shell.machine.holder()) and holder.tid == 2 and holder.seconds)
    shell.run(line)
    assert shell.wait(1).killed
    assert shell.wait(2).killed


def test_of_several_none_of_which_holds_the_kernel_the_order_is_that_of_the_line(shell, program):
    shell.succeeds("; ".join([f"spawn {program}:polite"] * 3))
    assert shell.succeeds("kill 2 3 1") == [f"task {tid} is being killed" for tid in (2, 3, 1)]
