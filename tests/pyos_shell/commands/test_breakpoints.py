"""Laws of `break`."""

import sys

import pytest

from kernel import GetStack
from pyos_shell.programs import countdown

from ..shell import GUARD, SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"
#: Whether a step can be put aside before a line of it.
AT_ONCE = sys.version_info >= (3, 12)
LINE = countdown.countdown.__code__.co_firstlineno + 6


def stops(shell):
    """What was said of stops."""
    return [line.text for line in shell.output.log(None) if " stops by break " in line.text]


def state(shell, tid):
    return shell.machine.call(GetStack(tid), GUARD).state


@pytest.mark.parametrize(
    "place", ["Sleep", "countdown", f"countdown.py:{LINE}", f"{countdown.__file__}:{LINE}"]
)
def test_a_task_stops_at_each_place_with_its_source_line_and_cont_goes_on(shell, place):
    said, here = place.rpartition("/")[2], place.endswith(f":{LINE}")
    assert shell.succeeds(f"break {place}") == [f"break 1 on {said}"]
    shell.succeeds("spawn countdown 3")
    for hits in (1, 2, 3):
        until(lambda hits=hits: len(stops(shell)) == hits)
        # Of a line it stops on itself, where that can be.
        stopped_at = f"{LINE}: print(number)" if here and AT_ONCE else "13: yield Sleep(pause)"
        assert f"countdown.py:{stopped_at}; cont 1 goes on" in stops(shell)[-1]
        assert state(shell, 1) == "stopped"
        shell.succeeds("cont 1")
    assert shell.succeeds("break")[1].split()[:2] == ["1", "3"]
    shell.succeeds("break off; wait 1")
    assert shell.printed == "3\n2\n1\n"


def test_a_task_stops_at_its_next_yield(shell):
    shell.succeeds(f"pause; spawn {PROGRAMS}:counts; spawn {PROGRAMS}:counts")
    assert shell.succeeds("break 2; resume")[0] == "break 1 on task 2"
    until(lambda: stops(shell))
    assert state(shell, 2) == "stopped"
    assert state(shell, 1) == "ready"


def test_breaks_are_listed_and_taken_back_by_number(shell):
    assert shell.succeeds("breaks")[0].startswith("no breaks; set one: break Recv")
    shell.succeeds("break Recv; break Send; break countdown")
    assert [line.split() for line in shell.succeeds("break")] == [
        ["NO", "HITS", "PLACE"],
        ["1", "0", "Recv"],
        ["2", "0", "Send"],
        ["3", "0", "countdown"],
    ]
    assert shell.succeeds("break off 2") == ["1 break taken back"]
    assert shell.fails("break off 2") == ["no breakpoint 2"]
    assert shell.succeeds("break off") == ["2 breaks taken back"]


@pytest.mark.parametrize("width", [20, 40])
def test_the_list_fits_a_narrow_screen_and_shows_the_end_of_a_place(shell, width):
    shell.succeeds(f"break {countdown.__file__}:{LINE}")
    shell.width = width
    lines = shell.succeeds("break")
    assert all(len(line) <= width for line in lines)
    assert lines[1].endswith(f":{LINE}")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("Rcv", "no call, program or line is called 'Rcv'; did you mean Recv?"),
        ("cuntdown", "no call, program or line is called 'cuntdown'; did you mean countdown?"),
        ("9", "no task 9; type tasks for those there are"),
        ("1", "task 1 has ended; type tasks for those there are"),
        ("0", "TID takes the number of a task"),
        ("gone.py:3", "the file gone.py does not exist"),
        ("countdown.py:2", "line 2 of countdown.py has no code; the next that has is 3"),
        ("countdown.py:99", "line 99 of countdown.py has no code"),
        ("Recv 3", "NUMBER goes with off only: break off 2"),
    ],
)
def test_what_is_no_place_is_a_mistake(shell, place, said):
    shell.succeeds("spawn countdown 1; wait")
    answer = shell.fails(f"break {place}")
    assert answer[1] == "      " + "^" * len(place.split()[0])
    assert answer[2].startswith(said)
    assert shell.succeeds("break")[0].startswith("no breaks")


def test_a_function_of_a_living_task_and_a_file_of_programs_are_known(shell):
    shell.succeeds(f"spawn {PROGRAMS}:sleeper")
    assert shell.succeeds(f"break {PROGRAMS.rpartition('/')[2]}:sleeper")
