"""Laws of the check while a line is typed: it says what running would say, and not too early."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import Machine
from pyos_shell.check import check, check_typed
from pyos_shell.command import bind, commands
from pyos_shell.live import Live
from pyos_shell.mistake import Mistake
from pyos_shell.statement import parse

from .shell import Shell

PROGRAMS = '''
from kernel import *


def sleeper(seconds: float = 1000.0, *, loud: bool = False):
    """Sleep."""
    yield Sleep(seconds)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


def underlined(line: str) -> str | None:
    """What is underlined in a line."""
    mistake = check(line)
    return None if mistake is None else line[mistake.start : mistake.end]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   # nothing",
        "tasks; ps --all",
        "spawn countdown 3; kill 1 2 --signal INT; wait",
        "spawn --name x echo_server 0 --host ::1",
        "spawn p.py:sleeper 3 --loud",
        "spawn p.py",
        "spawn package.module:function what --ever",
        "help spawn; help echo_server; help ps; help '>'; help lines",
        "> spwan",
        "3> 'x",
        "spawn countdown 3 | upper | count > 'a file'",
        "tasks > table && kill $! ; tasks >> table",
        "spawn countdown $! && tasks --json",
    ],
)
def test_a_right_line_has_no_mistake(folder, line):
    assert check(line) is None


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("spwan countdown", "spwan"),
        ("tasks; spwan", "spwan"),
        ("echo_server", "echo_server"),
        ("tasks --al", "--al"),
        ("tasks x", "x"),
        ("stack x", "x"),
        ("stack 1 2", "2"),
        ("kill 3 --signal BANG", "BANG"),
        ("kill 3 --signal=BANG", "BANG"),
        ("spawn cuontdown", "cuontdown"),
        ("spawn countdown x", "x"),
        ("spawn countdown 3 4", "4"),
        ("spawn countdown --n 3", "--n"),
        ("spawn q.py:sleeper", "q.py:sleeper"),
        ("spawn p.py:sleepr", "p.py:sleepr"),
        ("spawn p.py:sleeper soon", "soon"),
        ("spawn p.py:sleeper --quiet", "--quiet"),
        ("help nothing", "nothing"),
        ("kill", ""),
        ("kill 3 --signal", "--signal"),
        ("help 'x", "'"),
        ("spawn countdown 3 | uper", "uper"),
        ("spawn countdown 3 | grep x y z", "y"),
        ("spawn countdown 3 |", "|"),
        ("tasks | upper", "upper"),
        ("tasks > a b", "b"),
        ("tasks >", ">"),
        ("tasks && spwan", "spwan"),
        ("&& tasks", "&&"),
        ("kill $x", "$x"),
    ],
)
def test_the_place_of_a_mistake_is_known_without_running_the_line(folder, line, place):
    assert underlined(line) == place


def test_nothing_is_run_and_no_file_is_imported(folder):
    (folder / "p.py").write_text("open('ran', 'w')\ndef f(n: int):\n    yield\n", "utf-8")
    assert underlined("spawn p.py:f x") == "x"
    assert not (folder / "ran").exists()


WORDS = [
    *commands(),
    *("ps", "spwan", "countdown", "echo_server", "--all", "--name", "--name=x", "--signal", "KILL"),
    *("1", "99", "x", "-5", "''", "--", ";", "#", "nothing.py:f", "a.b:c"),
]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
def test_the_check_finds_just_the_mistakes_that_binding_finds(line):
    expected = None
    try:
        for statement in parse(line):
            bind(statement)
    except Mistake as mistake:
        expected = mistake
    found = check(line)
    if found is not None and expected is not None:
        assert found.start <= expected.start
        if found.start == expected.start and found.usage == expected.usage:
            assert (found.message, found.end) == (expected.message, expected.end)
    elif found is not None:  # in what a command does with its words: a program, a topic
        assert "program" in found.message or found.usage != ""
    else:
        assert expected is None


@pytest.mark.parametrize("line", ["spawn nothing", "spawn countdown x", "help x", "spawn x.py:f"])
def test_what_running_says_of_programs_and_topics_the_check_has_said_before(line):
    with Shell() as shell:
        shell.fails(line)
        mistake = check(line)
        assert mistake.message in shell.shown
        if mistake.usage:
            assert mistake.usage in shell.shown


# -- while it is typed


def typed(line: str) -> Mistake | None:
    """What is said of a line whose cursor is where the `^` is."""
    return check_typed(line.replace("^", ""), line.index("^"))


@pytest.mark.parametrize(
    "line",
    [
        "spw^",
        "spawn cou^",
        "spawn countdown x^",
        "spawn --na^",
        "kill ^",
        "kill^",
        "kill 3 --signal ^",
        "kill 3 --signal KI^",
        "tasks; ki^",
        "help 'x^",
        "spawn 'a b ^",
        "spw^n; tasks",
        "spawn countdown 3 | ^",
        "spawn countdown 3 | up^",
        "tasks && ^",
        "tasks > ^",
        "tasks > tab^",
        "kill $^",
    ],
)
def test_what_is_still_being_typed_is_no_mistake(line):
    assert typed(line) is None


@pytest.mark.parametrize(
    "line", ["spwan ^", "spawn countdown x ^", "kill x; tasks^", "kill; tasks ^", "tasks --al ^"]
)
def test_what_has_been_finished_is_judged(line):
    assert typed(line) is not None


def test_a_mistake_under_the_cursor_does_not_hide_another_one():
    assert typed("spw^n; kill x").message.startswith("TID takes")


def test_a_word_that_is_being_typed_is_not_looked_for_on_the_disk(monkeypatch):
    def fail(*_):
        raise AssertionError("the disk has been asked")

    monkeypatch.setattr("pyos_shell.program.existing", fail)
    assert typed("spawn path/to/fi^") is None


# -- tasks


def test_a_task_that_has_never_been_is_a_mistake_and_one_that_has_ended_is_none():
    with Shell() as shell:
        shell.succeeds("spawn countdown 1; wait 1")
        live = Live(lambda: shell.machine)
        assert check("stack 1", live) is None
        assert check("stack 2", live).message == "no task 2; type tasks for those there are"
        assert check("stack 2") is None


def test_a_task_that_the_line_itself_may_start_is_no_mistake():
    with Machine() as machine:
        assert check("spawn countdown 3; wait 1", Live(lambda: machine)) is None
