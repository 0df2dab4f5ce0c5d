"""Laws of the commands that send something into a task."""

import pytest

from ..shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def test_a_message_is_the_text_of_the_words(shell):
    shell.succeeds(f"spawn {PROGRAMS}:receives")
    assert shell.succeeds("send 1 hello   'big  world'; wait 1")[0] == "sent to task 1"
    assert shell.printed == "got 'hello big  world'\n"


def test_a_message_goes_to_a_name_as_well(shell):
    shell.succeeds(f"spawn {PROGRAMS}:receives mailman")
    until(lambda: shell.machine.kernel.names.owners)
    assert shell.succeeds("send mailman 3; wait 1")[0] == "sent to mailman"
    assert shell.printed == "got '3'\n"


@pytest.mark.parametrize(
    ("typed", "value"),
    [("3", "3"), ("[1, 2]", "[1, 2]"), ("\"{'a': (1, None)}\"", "{'a': (1, None)}")],
)
def test_a_message_can_be_a_value_of_python(shell, typed, value):
    shell.succeeds(f"spawn {PROGRAMS}:receives; send --py 1 {typed}; wait 1")
    assert shell.printed == f"got {value}\n"


@pytest.mark.parametrize("typed", ["x", "1 +", "len([1])", "__import__('os')", "'\0'", "(" * 999])
def test_what_is_no_value_is_a_mistake_and_nothing_is_evaluated(shell, typed):
    shell.succeeds(f"spawn {PROGRAMS}:receives")
    said = shell.fails(f'send --py 1 "{typed}"')[2]
    assert "is no value of Python" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("send 9 hi", "no task 9; type tasks for those there are"),
        ("send nobody hi", "no task goes by the name 'nobody'; type tasks for those there are"),
        ("send 1 hi", "task 1 has ended; type tasks for those there are"),
        ("throw 9 KeyError", "no task 9; type tasks for those there are"),
        ("throw 1 KeyError", "task 1 had ended before"),
        ("throw 2 UnicodeDecodeError x", "no UnicodeDecodeError can be made of this: "),
    ],
)
def test_what_cannot_be_sent_fails_and_says_why(shell, line, said):
    shell.succeeds(f"spawn countdown 1; wait; spawn {PROGRAMS}:sleeper")
    assert shell.fails(line)[-1].startswith(said)


def test_a_message_is_not_left_out(shell):
    assert shell.fails("send 1")[2:] == ["MESSAGE is missing", "usage: send [--py] TO MESSAGE…"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("throw 1 TimeoutError too  late", "TimeoutError: too late"),
        ("throw 1 KeyboardInterrupt", "KeyboardInterrupt"),
        ("throw 1 BadTrap 'as it was'", "BadTrap: as it was"),
    ],
)
def test_an_error_is_raised_in_a_task(shell, line, said):
    shell.succeeds(f"spawn {PROGRAMS}:sleeper")
    assert shell.succeeds(line) == [f"task 1 gets {said}"]
    assert type(shell.wait(1).error).__name__ == said.partition(":")[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("KeyErorr", "there is no error 'KeyErorr'; did you mean KeyError?"),
        ("print", "there is no error 'print'"),
        ("TaskKilled", "TaskKilled ends a task; kill does that"),
        ("GeneratorExit", "GeneratorExit ends a task; kill does that"),
    ],
)
def test_what_cannot_be_thrown_is_a_mistake(shell, name, said):
    shell.succeeds(f"spawn {PROGRAMS}:sleeper")
    _, marks, message, _ = shell.fails(f"throw 1 {name}")
    assert marks == " " * 8 + "^" * len(name)
    assert message == said
