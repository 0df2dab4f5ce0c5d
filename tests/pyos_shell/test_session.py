"""Laws of command lines: each gets an answer or a message, and the next one runs."""

import pytest

from kernel import KernelStopped
from pyos_shell.system import GivenUp, Leave


def test_a_mistake_does_not_keep_the_rest_of_the_line_from_running(shell):
    shown = shell.fails("nonsense; spawn countdown 1; wait 1; kill x; spawn countdown 2; wait 2")
    assert shell.printed == "1\n2\n1\n"
    assert "no command 'nonsense'; type help for all of them" in shown
    assert "TID takes the number of a task, as `tasks` shows it, not 'x'" in shown


def test_what_is_shown_is_data_or_a_message(shell):
    shell.run("tasks; nonsense; spawn countdown 1; wait 1")
    assert dict(zip(shell.shown, shell.data, strict=True)) == {
        "no tasks; start one: spawn countdown 5   what there is: programs": True,
        "tasks; nonsense; spawn countdown 1; wait 1": False,
        "       ^^^^^^^^": False,
        "no command 'nonsense'; type help for all of them": False,
        "task 1: countdown 1": False,
    }


@pytest.mark.parametrize(
    "line",
    ["nonsense", "spawn countdown x", "kill", "wait 7", "spawn 'x", "stack 9", "log x", "help me"],
)
def test_a_failure_is_remembered_whatever_comes_later(shell, line):
    shell.run(line)
    shell.run("ps; spawn countdown 1; wait 1")
    assert shell.session.failed


@pytest.mark.parametrize("line", ["", "  ", "# nothing", ";;", "ps", "wait", "help", "programs"])
def test_what_succeeds_is_no_failure(shell, line):
    shell.run(line)
    assert not shell.session.failed


def test_leaving_ends_the_line(shell):
    with pytest.raises(Leave):
        shell.run("exit; nonsense")
    assert not shell.session.failed


def test_lines_are_ended_by_newlines_only(shell):
    """Other signs that Python takes for line ends may stand in a word."""
    shown = shell.run("help one\x0btwo\x1c\u2028three\nhelp four")
    assert sum("no command and no program" in line or "too many" in line for line in shown) == 2
    assert shown[-1] == "no command and no program 'four'"


def test_a_backslash_at_its_end_continues_a_line(shell):
    shell.succeeds("spawn \\\n countdown \\\r\n 2\nwait")
    assert shell.printed == "2\n1\n"


def test_the_place_of_a_mistake_is_marked_in_the_line_where_it_is(shell):
    shown = shell.fails("ps; spawn countdown \\\n  two\nps")
    assert shown[1:4] == ["  two", "  ^^^", "N takes a whole number, not 'two'"]


def test_a_line_is_given_up_as_a_whole(shell):
    shell.system.give_up()
    with pytest.raises(GivenUp):
        shell.run("spawn countdown 1; spawn countdown 2")
    assert shell.shown == ["given up"]
    assert shell.printed == ""


def test_an_answer_that_is_given_up_in_the_middle_says_so(shell):
    show = shell.session.show

    def give_up(lines, data):
        if data:
            raise GivenUp
        show(lines, data)

    shell.session.show = give_up
    with pytest.raises(GivenUp):
        shell.run("tasks")
    assert shell.shown == ["given up"]


def test_a_kernel_that_has_stopped_is_one_line(shell):
    shell.machine.shutdown()
    for line in ("tasks", "spawn countdown", "kill 1", "wait", "stack 1"):
        (shown,) = shell.fails(line)
        assert shown == f"{KernelStopped.__name__}: the kernel has stopped"
