"""Laws of the commands about the console itself."""

import pytest

from pyos_shell.command import aliases, commands
from pyos_shell.program import built_in_names
from pyos_shell.system import Leave

from ..shell import SAMPLES


def test_help_lists_every_command_by_its_topic_and_says_how_to_start(shell):
    lines = shell.succeeds("help")
    names = [line.strip().split("  ")[0] for line in lines[:-2]]
    assert ", ".join(names).split(", ") == [*commands(), "[TID]> LINE", "help lines"]
    said = "  begin with: spawn countdown 5   about each: help --all, help spawn"
    assert lines[-1] == said


def test_help_on_all_has_a_line_about_every_command(shell):
    lines = shell.succeeds("help --all")
    assert [line.split()[0] for line in lines[:-2]] == [*commands(), "[TID]>", "help"]
    for each, line in zip(commands().values(), lines, strict=False):
        assert each.signature.summary in line


@pytest.mark.parametrize("topic", [*commands(), *aliases()])
def test_help_tells_all_about_a_command(shell, topic):
    signature = commands()[aliases().get(topic, topic)].signature
    usage, empty, summary, *_ = shell.succeeds(f"help {topic}")
    assert (usage, empty, summary) == (f"  {signature.usage}", "", f"  {signature.summary}")


@pytest.mark.parametrize("program", built_in_names())
def test_help_tells_all_about_a_program(shell, program):
    lines = shell.succeeds(f"help {program}")
    assert lines[0].startswith(f"  spawn {program}")
    assert "" in lines


def test_help_explains_the_options(shell):
    assert "  host: the address to listen on; 0.0.0.0 lets other machines in" in shell.succeeds(
        "help echo_server"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("help spwan", "no command and no program 'spwan'; did you mean spawn?"),
        ("help countdwon", "no command and no program 'countdwon'; did you mean countdown?"),
        ("help xyzzy", "no command and no program 'xyzzy'"),
        ("help spawn countdown", "'countdown' is one too many"),
    ],
)
def test_help_on_what_there_is_not_says_what_was_meant(shell, line, message):
    assert message in shell.fails(line)


def test_restart_ends_every_task_and_begins_anew(shell):
    shell.run(f"spawn {SAMPLES}/programs.py:sleeper; spawn {SAMPLES}/programs.py:sleeper")
    former = shell.machine
    assert shell.succeeds("restart") == ["a new kernel, without any task"]
    assert not former.thread.is_alive()
    assert "task 2 (programs.py:sleeper) killed" in shell.reported
    assert shell.succeeds("spawn countdown 1; wait")[0] == "task 1: countdown 1"
    assert shell.printed == "1\n"


@pytest.mark.parametrize("line", ["exit", "quit"])
def test_exit_and_quit_leave(shell, line):
    with pytest.raises(Leave):
        shell.run(line)


@pytest.mark.parametrize("line", ["exit 1", "quit now"])
def test_exit_takes_no_argument_and_stays_where_there_is_one(shell, line):
    assert "usage: exit" in shell.fails(line)


def test_help_tells_how_lines_are_put_together(shell):
    assert any(line.strip().startswith("help lines") for line in shell.run("help"))
    shown = "\n".join(shell.succeeds("help lines"))
    assert all(sign in shown for sign in (";", "&&", "|", ">", ">>", "$?", "$!", "--json"))
