"""Laws of `source` and `play`."""

from pathlib import Path

import pytest

from pyos_shell.system import GivenUp, Leave


def write(name, *lines):
    Path(name).write_text("\n".join(lines) + "\n")


def test_the_commands_of_a_file_run_and_what_they_set_stays(shell):
    write("f", "# a comment", "", "alias c spawn countdown", "c 2 \\", "  --pause 0 && wait")
    assert shell.succeeds("source f && c 1; wait")[0] == "task 1: countdown 2 --pause 0"
    assert shell.printed == "2\n1\n1\n"


def test_what_is_wrong_names_the_file_and_the_line_and_the_next_one_runs(shell):
    write("f", "spawn countdown 1", "spawn \\", "  countdown x", "stack 9; wait")
    assert shell.fails("source f")[1:] == [
        "f:2:",
        "  countdown x",
        "            ^",
        "N takes a whole number, not 'x'",
        "usage: countdown [N=10] [--pause=0.0]",
        "f:4:",
        "no task 9; type tasks for those there are",
    ]
    assert shell.printed == "1\n"


def test_it_has_failed_if_one_of_its_commands_has(shell):
    write("f", "nonsense", "tasks")
    shell.fails("source f && spawn countdown 9")
    assert shell.system.environment.last_tid is None
    write("g", "tasks")
    shell.succeeds("source g && spawn countdown 0")


def test_an_earlier_failure_is_none_of_the_file_and_stays_remembered(shell):
    write("f", "tasks")
    shell.run("nonsense; source f && spawn countdown 0")
    assert shell.session.failed
    assert shell.system.environment.last_tid == 1


def test_a_file_may_run_another_and_each_mistake_names_its_own(shell):
    write("f", "source g", "nonsense")
    write("g", "", "stack 8")
    shown = shell.fails("source f")
    assert shown[:2] == ["g:2:", "no task 8; type tasks for those there are"]
    assert shown[2] == "f:2:"


def test_a_file_that_runs_itself_is_refused(shell):
    write("f", "source g")
    write("g", "source f")
    assert shell.fails("source f") == ["g:1:", "f is being read already"]


def test_a_mistake_behind_a_file_is_underlined_in_its_own_line(shell):
    write("f", "tasks")
    assert shell.fails("source f; nonsense")[1:3] == ["source f; nonsense", "          ^^^^^^^^"]


def test_leaving_in_a_file_leaves(shell):
    write("f", "exit", "nonsense")
    with pytest.raises(Leave):
        shell.run("source f; nonsense")
    assert not shell.session.failed


def test_ctrl_c_gives_the_rest_of_a_file_up(shell):
    write("f", "spawn countdown 1", "spawn countdown 2")
    shell.system.give_up()
    with pytest.raises(GivenUp):
        shell.run("source f")
    assert shell.session.places == []
    assert shell.system.environment.last_tid is None


@pytest.mark.parametrize("command", ["source", "play"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "cannot read nowhere: No such file or directory"),
        (".", "cannot read .: Is a directory"),
        ("f.py", "f.py is a program: run it with pyos -c 'spawn f.py; wait'"),
        ("latin", "cannot read latin: it is not UTF-8 text"),
        ("/dev/zero", "cannot read /dev/zero: it is no regular file"),
        ("long", "cannot read long: it has more than 1,000,000 characters"),
        ("'a\0b'", "cannot read a\\x00b: embedded null byte"),
    ],
)
def test_a_file_that_cannot_be_read_is_underlined(shell, command, name, said):
    Path("latin").write_bytes(b"\xe9\n")
    Path("long").write_text("#" * 1_000_001)
    shell.system.play = lambda lines: ""
    shown = shell.fails(f"{command} {name}")
    assert shown[-1] == said
    assert shown[1].strip(" ^") == ""


def test_where_there_is_no_prompt_nothing_is_played(shell):
    write("f", "tasks")
    assert shell.fails("play f") == ["here is no prompt to type at; run the file: source FILE"]


def test_what_is_played_are_the_lines_that_are_not_empty(shell):
    played = []
    shell.system.play = lambda lines: played.extend(lines) or "any key types"
    write("f", "# hello", "", "tasks \\", "  --all", "> 42")
    assert shell.succeeds("play f") == ["playing f: any key types"]
    assert played == ["# hello", "tasks \\\n  --all", "> 42"]
