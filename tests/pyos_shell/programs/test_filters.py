"""Laws of the stages of pipelines: `upper`, `grep`, `head`, `count`; in a pipe and alone."""

import pytest

from ..shell import pyos, until

POEM = "Roses are red\nviolets are blue\n\nand so on"


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("upper", "ROSES ARE RED\nVIOLETS ARE BLUE\n\nAND SO ON\n"),
        ("grep are", "Roses are red\nviolets are blue\n"),
        ("grep are --invert", "\nand so on\n"),
        ("grep", POEM + "\n"),
        ("head 2", "Roses are red\nviolets are blue\n"),
        ("head 99", POEM + "\n"),
        ("head 0", ""),
        ("count", "4 lines, 9 words\n"),
    ],
)
def test_alone_it_reads_what_is_given_to_it(program, printed):
    child = pyos("-c", f"spawn {program}; wait", stdin=POEM)
    assert (child.stdout, child.returncode) == (printed, 0)


@pytest.mark.parametrize("program", ["upper", "grep", "count", "head"])
def test_it_can_be_killed_while_it_waits(shell, program):
    shell.run(f"spawn {program}")
    until(lambda: any(" a line " in row for row in shell.run("tasks")))
    shell.run("kill 1")
    assert shell.wait(1).killed
    assert shell.printed == ""


def test_they_work_behind_each_other(shell):
    shell.succeeds("spawn countdown 30 | grep 2 | head 3 | upper | count; wait")
    assert shell.printed == "3 lines, 3 words\n"
