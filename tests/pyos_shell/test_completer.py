"""Laws of completion: what the Tab key offers."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from pyos_shell.command import COMMANDS
from pyos_shell.completer import CommandCompleter
from pyos_shell.program import built_in_names


def offered(text: str) -> dict[str, str]:
    """What may be typed in place of the last word, with what is said about it."""
    completions = CommandCompleter().get_completions(Document(text), CompleteEvent())
    return {
        text[: len(text) + each.start_position] + each.text: each.display_meta_text
        for each in completions
    }


@pytest.mark.parametrize("begun", ["", "tasks;", "tasks; ", "  "])
def test_a_statement_begins_with_any_command(begun):
    assert list(offered(begun)) == [begun + name for name in COMMANDS]


def test_each_command_comes_with_its_summary():
    assert offered("")["kill"] == COMMANDS["kill"].signature.summary


def test_what_is_typed_already_narrows_the_choice():
    assert list(offered("sp")) == ["spawn"]
    assert list(offered("tasks; sta")) == ["tasks; stack"]
    assert offered("xyz") == {}


@pytest.mark.parametrize("begun", ["spawn ", "spawn  ", "tasks;spawn "])
def test_spawn_is_offered_the_built_in_programs(begun):
    assert list(offered(begun)) == [begun + name for name in built_in_names()]


def test_help_is_offered_commands_and_programs():
    assert list(offered("help ")) == [f"help {name}" for name in (*COMMANDS, *built_in_names())]
    assert list(offered("help ec")) == ["help echo_load", "help echo_server"]


def test_a_program_is_offered_its_own_options():
    assert list(offered("spawn echo_server 0 --h")) == ["spawn echo_server 0 --host"]
    assert offered("spawn countdown 3 --h") == {}


@pytest.mark.parametrize("name", ["tasks", "ps"])
def test_a_command_is_offered_its_options_under_each_of_its_names(name):
    assert list(offered(f"{name} --a")) == [f"{name} --all"]
    assert f"{name} --tree" in offered(f"{name} --")


SIGNALS = ["TERM", "KILL", "INT", "STOP", "CONT", "USR1", "USR2"]


@pytest.mark.parametrize("begun", ["kill 3 --signal ", "kill --signal "])
def test_an_option_that_takes_a_choice_is_offered_what_there_is(begun):
    assert list(offered(begun)) == [begun + name for name in SIGNALS]


@pytest.mark.parametrize("letters", ["K", "k", "Ki"])
def test_letters_count_in_either_case(letters):
    assert list(offered(f"kill 3 --signal {letters}")) == ["kill 3 --signal KILL"]


def test_behind_the_choice_options_are_offered_again():
    assert list(offered("kill --signal KILL ")) == ["kill --signal KILL --signal"]


@pytest.mark.parametrize("line", ["> ", "> sp", "3> x; sp"])
def test_what_a_task_is_to_read_is_not_completed(line):
    assert offered(line) == {}


def test_a_word_that_is_no_command_is_offered_nothing():
    assert offered("spwan ") == {}
