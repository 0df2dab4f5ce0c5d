"""Laws of commands: one declaration gives parsing, checking and help."""

import inspect
from pathlib import Path

import pytest
from wcwidth import wcswidth

from pyos_shell import commands as package
from pyos_shell.command import aliases, bind, command, commands, find
from pyos_shell.line import Word
from pyos_shell.mistake import Mistake
from pyos_shell.program import built_in, built_in_names
from pyos_shell.statement import parse


@pytest.fixture
def table(monkeypatch):
    """An empty table of commands."""
    from pyos_shell import command as module

    monkeypatch.setattr(module, "COMMANDS", {})
    monkeypatch.setattr(module, "ALIASES", {})
    return module


def word(text):
    return Word(text, 0, len(text))


def test_a_function_declared_is_a_command_by_its_name_and_by_its_other_words(table):
    @command("list", "dir")
    def ls(system, path: str = ".", *, all: bool = False):
        """Show files."""
        return system, path, all

    assert ls("me", "there") == ("me", "there", False)  # it stays a function
    for name in ("ls", "list", "dir"):
        assert find(word(name)).signature.usage == "ls [PATH=.] [--all]"
    (statement,) = parse("dir there --all")
    assert bind(statement).run("the system") == ("the system", "there", True)


def test_a_command_may_have_a_name_that_python_keeps_for_itself(table):
    @command(name="exit")
    def leave(system):
        """Leave."""

    assert find(word("exit")).name == "exit"
    with pytest.raises(Mistake):
        find(word("leave"))


def test_a_wrong_argument_is_refused_before_anything_happens(table):
    calls = []

    @command()
    def double(system, number: int):
        """Double a number."""
        calls.append(number)

    (statement,) = parse("double two")
    with pytest.raises(Mistake) as caught:
        bind(statement)
    assert (caught.value.start, caught.value.end) == (7, 10)
    assert caught.value.usage == "usage: double NUMBER"
    assert not calls


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("spwan", "spawn"), ("SPAWN", "spawn"), ("tas", "tasks"), ("Quit", "quit"), ("killl", "kill")],
)
def test_an_unknown_command_says_what_was_meant_probably(typed, meant):
    with pytest.raises(Mistake, match=f"^no command '{typed}'; did you mean {meant}\\?$"):
        find(word(typed))


@pytest.mark.parametrize("typed", ["xyzzy", "", "中文", "x" * 1000])
def test_a_command_like_no_other_is_sent_to_help(typed):
    with pytest.raises(Mistake, match="type help for all of them"):
        find(word(typed))


def test_help_lists_the_commands_by_topic():
    assert list(commands()) == [
        *("spawn", "wait"),
        *("run", "fg", "bg"),
        *("kill", "stop", "cont"),
        "nice",
        *("pause", "resume", "step", "slow"),
        "preempt",
        "break",
        "eof",
        *("send", "throw"),
        *("py", "reload"),
        *("tasks", "stack", "inspect", "why", "files"),
        *("programs", "list", "log"),
        "trace",
        "top",
        "edit",
        *("alias", "unalias"),
        *("source", "play"),
        *("help", "restart", "exit", "shutdown"),
    ]
    assert aliases() == {"breaks": "break", "ps": "tasks", "quit": "exit"}
    folder = Path(package.__file__).parent
    assert package.__all__ == sorted({file.stem for file in folder.glob("*.py")} - {"__init__"})


FUNCTIONS = {name: each.function for name, each in commands().items()} | {
    name: built_in(name).function for name in built_in_names()
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_command_and_program_explains_itself_on_a_projector(name):
    doc = inspect.getdoc(FUNCTIONS[name]) or ""
    summary, *rest = doc.split("\n")
    assert summary[0].isupper()
    assert summary.endswith(".")
    assert len(summary) <= 50
    assert all(wcswidth(line) <= 78 for line in rest)
    assert rest[:1] in ([], [""])


@pytest.mark.parametrize("name", ["countdown", "echo_server", "server.py", "p.py:f"])
def test_a_program_in_a_commands_place_is_told_how_to_start(name):
    with pytest.raises(Mistake) as raised:
        find(word(name))
    assert raised.value.message == f"'{name}' is a program; start it: spawn {name}"


# -- who may touch the system


def test_only_what_is_known_to_look_is_let_to_those_who_may_not_touch():
    looking = {name for name, each in commands().items() if each.looks}
    assert looking == {
        *("help", "log", "programs", "list", "wait", "exit"),
        *("tasks", "stack", "inspect", "why", "files", "top", "trace"),
    }
    assert {name: each.unless for name, each in commands().items() if each.unless} == {
        "trace": ("file",)
    }


def test_a_command_that_does_not_say_so_touches(table):
    @command()
    def touches(system): ...

    @command(looks=True)
    def looks(system): ...

    @command(looks=True, unless=("file",))
    def both(system, *, file: str = "", quiet: bool = False): ...

    looking = {
        line: bind(parse(line)[0]).looks
        for line in ("touches", "looks", "both", "both --quiet", "both --file x", "both --file=x")
    }
    assert [line for line, only_looks in looking.items() if only_looks] == [
        "looks",
        "both",
        "both --quiet",
    ]
