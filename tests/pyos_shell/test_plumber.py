"""Laws of pipelines: `spawn a | b > FILE`."""

from pathlib import Path

import pytest

from kernel import ListTasks

from .shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"

OWN = '''
from kernel import *
import sys


def numbers(most: int = 10**9):
    """Print numbers for ever."""
    for number in range(most):
        print(number)
        yield


def parent():
    """Have a child print and read."""
    tid = yield NewTask(child())
    yield WaitTask(tid)
    print("parent")


def child():
    print("child read", (yield ReadLine()))


def deaf():
    """Never read."""
    yield Sleep(1000)


def both():
    """Print on both."""
    print("to stdout")
    print("to stderr", file=sys.stderr)
    sys.stdout.buffer.write(b"bytes\\n")
    yield


def tidy():
    """Say something at the end."""
    try:
        yield Sleep(1000)
    finally:
        print("tidied up")


def crashes():
    """Crash behind its first line."""
    print("one line")
    yield
    raise ValueError("no more")
'''


@pytest.fixture
def own(shell):
    Path("own.py").write_text(OWN)
    return shell


def rows(shell):
    """The rows of `tasks` by tid: state and what the task waits for."""
    tasks = shell.system.machine.call(ListTasks()).tasks
    return {row.tid: (row.state, row.reason) for row in tasks}


def test_what_a_stage_prints_the_next_reads_and_the_last_prints_on_the_screen(shell):
    assert shell.succeeds("spawn countdown 12 | grep 1 | count; wait")[0] == (
        "tasks 1, 2, 3: countdown 12 | grep 1 | count"
    )
    assert shell.printed == "4 lines, 4 words\n"


def test_the_stages_are_as_many_tasks_and_each_has_its_arguments(shell):
    shell.succeeds("spawn countdown 3 --pause=0 | grep 2 --invert; wait")
    assert shell.printed == "3\n1\n"
    assert "task 2 (grep 2 --invert) ended" in shell.reported


def test_a_function_in_a_file_is_a_stage_too(own):
    own.succeeds("spawn own.py:numbers 3 | own.py:parent | upper; wait")
    assert own.printed == "CHILD READ 0\nPARENT\n"


def test_what_children_print_goes_where_their_parent_prints(own):
    own.succeeds("spawn own.py:parent | upper")
    until(lambda: len(rows(own)) == 3)
    until(lambda: any(reason == "a line" for _, reason in rows(own).values()))
    own.succeeds("> hello")
    own.succeeds("wait")
    assert own.printed == "CHILD READ HELLO\nPARENT\n"


def test_a_stage_whose_reader_has_ended_is_ended_without_noise(own):
    own.succeeds("spawn own.py:numbers | head 3 && wait")
    assert own.printed == "0\n1\n2\n"
    assert "killed" not in own.reported and "crashed" not in own.reported
    assert str(own.wait(1)) == "killed: nobody reads what it prints any more"


def test_a_full_pipe_holds_its_writer_up_and_tasks_says_why(own):
    own.succeeds("spawn own.py:numbers | own.py:deaf")
    until(lambda: rows(own)[1] == ("blocked", "room in the pipe to task 2"))
    own.succeeds("kill 2; wait 1")
    own.fails("wait 2")
    assert rows(own) == {}


@pytest.mark.parametrize("victim", [1, 2, 3])
def test_a_kill_of_one_stage_ends_them_all(own, victim):
    own.succeeds("spawn own.py:numbers | grep x | upper")
    own.run(f"kill {victim}; wait")
    assert rows(own) == {} and not own.output.routes and not own.machine.kernel.inputs


def test_a_stage_that_crashes_is_told_of_and_the_others_end(own):
    own.succeeds("spawn own.py:numbers | own.py:crashes | upper")
    own.fails("wait")
    assert own.printed == "ONE LINE\n"
    assert "task 2 (own.py:crashes) crashed: ValueError: no more" in own.reported


def test_stderr_goes_into_no_pipe_and_bytes_do(own):
    own.succeeds("spawn own.py:both | upper; wait")
    assert own.printed == "TO STDOUT\nBYTES\n"


def test_the_first_stage_reads_what_is_typed(shell):
    shell.succeeds("spawn upper | grep A")
    until(lambda: rows(shell)[1][1] == "a line")
    shell.succeeds("> abc\n1> xyz\n> bac")
    shell.succeeds("eof && wait")
    assert shell.printed == "ABC\nBAC\n"


def test_two_pipelines_do_not_meet(shell):
    shell.succeeds("spawn countdown 2 | upper > one; spawn countdown 3 | upper > two; wait")
    assert Path("one").read_text() == "2\n1\n"
    assert Path("two").read_text() == "3\n2\n1\n"


def test_many_pipelines_leave_nothing_behind(shell):
    shell.succeeds("; ".join(["spawn countdown 1 | head 1"] * 100) + "; wait")
    assert shell.printed == "1\n" * 100
    kernel = shell.machine.kernel
    until(lambda: not kernel.tasks)
    assert not kernel.inputs and not shell.output.routes
    assert all(len(sinks) <= 1 for sinks in kernel.trace.sinks.values())


# -- files


def test_what_tasks_print_goes_to_the_file_and_nothing_of_it_to_the_screen(shell):
    shell.succeeds("spawn countdown 3 > f && wait; spawn countdown 1 >> f && wait")
    assert Path("f").read_text() == "3\n2\n1\n1\n"
    assert shell.printed == ""


def test_a_file_is_emptied_even_if_nothing_is_printed(shell):
    Path("f").write_text("before")
    shell.succeeds("spawn countdown 0 > f && wait")
    assert Path("f").read_text() == ""


def test_what_a_task_prints_in_its_cleanup_is_in_the_file(own):
    own.succeeds("spawn own.py:tidy > f")
    until(lambda: rows(own))
    until(lambda: "sleep" in rows(own)[1][1])
    own.succeeds("kill 1")
    own.run("wait")
    assert Path("f").read_text() == "tidied up\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="platform: no /dev/full here")
def test_a_full_disk_is_the_error_of_the_task_that_prints(shell):
    shell.succeeds("spawn countdown 3 > /dev/full")
    shell.fails("wait")
    assert "task 1 (countdown 3) crashed: OSError: No space left on device" in shell.reported


def test_after_a_restart_tasks_with_the_same_numbers_print_on_the_screen(shell):
    shell.succeeds("spawn upper | upper > f")
    shell.succeeds("restart; spawn countdown 1 && wait; spawn countdown 2 && wait")
    assert shell.printed == "1\n2\n1\n"


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("spawn countdown | nonsense", "nonsense", "no program 'nonsense'"),
        ("spawn countdown | spawn upper", "spawn", "behind | stands a program, without spawn"),
        ("spawn countdown x | upper", "x", "N takes a whole number"),
        ("spawn countdown | grep a b", "b", "'b' is one too many"),
        ("spawn countdown | upper > no/f", "no/f", "cannot write to no/f: No such file"),
        ("tasks | grep x", "grep x", "tasks has no pipe: | joins the stages of spawn"),
        ("spawn script.py | upper", "script.py", "a script has no pipe and no file"),
    ],
)
def test_a_mistake_in_any_stage_is_underlined_and_nothing_is_started(shell, line, place, said):
    Path("script.py").write_text("from kernel import *\n")
    shown = shell.fails(line)
    marks = shown[1]
    start, end = marks.index("^"), len(marks)
    assert line[start:end] == place
    assert shown[2].startswith(said)
    assert shell.system.environment.last_tid is None
    assert rows(shell) == {}


def test_one_name_is_not_for_many_tasks(shell):
    assert shell.fails("spawn --name x countdown | upper") == [
        "--name is for one task, and here are 2"
    ]


def test_a_kernel_that_has_stopped_leaves_no_file_open(shell):
    shell.machine.shutdown()
    shell.fails("spawn countdown 1 | upper > f")
    assert not shell.output.routes
