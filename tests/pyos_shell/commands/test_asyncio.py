"""Laws of programs of asyncio's at the prompt."""

from __future__ import annotations

import json
import re
import socket
import sys

import pytest

import kernel

from ..shell import GUARD, SAMPLES, pyos, until

PROGRAMS = f"{SAMPLES}/asyncio_programs.py"


def start(shell, line):
    """Spawn a program, and wait until all of it is blocked; the rows of `tasks`."""
    shell.succeeds(f"spawn --asyncio {PROGRAMS}:{line}")
    return until(lambda: settled(shell))


def settled(shell):
    rows = [row for row in shell.succeeds("tasks")[1:] if not row.startswith("…")]
    return rows if rows and all(" blocked " in row for row in rows) else None


def test_it_runs_unchanged_and_real_clients_talk_to_it(shell):
    shell.succeeds(f"spawn --asyncio {PROGRAMS}:server 0 --greeting port")
    port = int(until(lambda: re.search(r"port (\d+)\n", shell.printed))[1])
    with socket.create_connection(("127.0.0.1", port), GUARD) as client:
        client.sendall(b"abc\n")
        assert client.makefile("rb").readline() == b"ABC\n"
    shell.succeeds("kill 1")
    assert str(shell.wait(1)) == "killed"


def test_its_asyncio_tasks_stand_below_it_with_what_they_await(shell):
    rows = start(shell, "workers 2")
    assert [row.split()[0] for row in rows] == ["1", "1.1", "1.2", "1.3"]
    assert "asyncio: 3 tasks" in rows[0] and "asyncio_programs.py:workers 2" in rows[0]
    assert "TaskGroup.__aexit__" in rows[1]
    assert re.search(r"sleep (1000|999)\.\d s left +worker-0 worker", rows[2])


def test_a_crowd_of_them_does_not_hide_the_other_tasks(shell):
    shell.succeeds("spawn countdown 1000 --pause 1000")
    start(shell, "workers 500")
    start(shell, "workers 1")
    rows = shell.succeeds("tasks")
    numbers = [row.split()[0] for row in rows[1:-1]]
    assert numbers == ["1", "2", *(f"2.{n}" for n in range(1, 11)), "3", "3.1", "3.2"]
    assert rows[-1] == "… and 491 more: tasks --all"
    assert len(shell.succeeds("tasks --all")) == 1 + 1 + 502 + 3


def test_a_tree_has_them_on_its_branches(shell):
    start(shell, "workers 1")
    rows = shell.succeeds("tasks --tree")
    assert "├─ workers" in rows[2]
    assert "└─ worker-0 worker" in rows[3]


def test_on_a_narrow_screen_each_has_its_number(shell):
    start(shell, "workers 1")
    shell.width = 20
    rows = shell.succeeds("tasks")
    assert all(len(row) <= 20 for row in rows)
    assert [row.split()[0] for row in rows[1:]] == ["1", "1.1", "1.2"]


def test_json_has_their_numbers_too(shell):
    start(shell, "workers 1")
    (line,) = shell.succeeds("tasks --json")
    tasks = json.loads(line)["tasks"]["tasks"]
    assert [(task["tid"], task["inner"]) for task in tasks] == [(1, 0), (1, 1), (1, 2)]
    (line,) = shell.succeeds("stack 1.2 --json")
    stack = json.loads(line)["stack"]
    assert (stack["tid"], stack["inner"]) == (1, 2)


def test_the_stack_of_one_and_of_all(shell):
    start(shell, "workers 1")
    one = shell.succeeds("stack 1.2")
    assert one[0] == "task 1.2 worker-0 worker  blocked"
    assert "asyncio_programs.py:" in one[1]
    assert one[-1].startswith("  awaits sleep ")
    whole = shell.succeeds("stack 1")
    assert whole[0].startswith("task 1 asyncio_programs.py:workers 1  blocked")
    assert whole[-2].startswith("  1.1 workers  blocked  TaskGroup")
    assert whole[-1].startswith("  1.2 worker-0 worker  blocked  sleep")


@pytest.mark.parametrize(
    ("line", "mark"),
    [("list 1.2", "await asyncio.sleep(1000)"), ("list 1", "async with asyncio.TaskGroup()")],
)
def test_its_own_source_is_listed_with_the_line_where_it_stands(shell, line, mark):
    start(shell, "workers 1")
    file, *rows = shell.succeeds(line)
    assert file.endswith("asyncio_programs.py")
    assert any("→" in row and mark in row for row in rows)


def test_one_can_be_cancelled(shell):
    start(shell, "workers 2")
    assert shell.succeeds("kill 1.2") == ["asyncio task 1.2 is being cancelled"]
    rows = until(lambda: settled(shell))
    assert [row.split()[0] for row in rows] == ["1", "1.1", "1.3"]


def test_a_kill_is_a_cancellation_and_what_it_awaits_in_finally_is_done(shell):
    start(shell, "workers 2")
    shell.succeeds("kill 1")
    assert str(shell.wait(1)) == "killed"
    assert "workers have gone home" in shell.printed


def test_an_interrupt_is_one_too(shell):
    start(shell, "plain a b")
    shell.succeeds("kill -INT 1")
    assert str(shell.wait(1)) == "ended"
    assert shell.printed.endswith("workers have gone home\ninterrupted\n")


def test_a_crash_is_told_like_any_other(shell):
    shell.succeeds(f"spawn --asyncio {PROGRAMS}:crashing")
    shell.wait(1)
    assert "crashed: ValueError: no; see stack 1" in until(lambda: shell.reported)
    assert 'raise ValueError("no")' in "\n".join(shell.succeeds("stack 1"))


def test_one_that_was_started_without_the_option_says_what_is_missing(shell):
    shell.succeeds(f"spawn {PROGRAMS}:workers")
    shell.wait(1)
    said = "no running event loop; start an asyncio program with --asyncio; see stack 1"
    assert said in until(lambda: shell.reported)


def test_what_it_prints_goes_down_a_pipe(shell):
    shell.succeeds(f"spawn --asyncio {PROGRAMS}:counting 3 | count; wait $!")
    assert shell.printed == "3 lines, 3 words\n"


@pytest.mark.parametrize(
    ("line", "marked", "message"),
    [
        ("P:nothing", "P:nothing", "there is no function nothing in P"),
        ("P:value", "P:value", "P:value is no function"),
        ("P:Main", "P:Main", "P:Main is a class"),
        ("P:numbers", "P:numbers", "numbers is an async generator"),
        ("no_such_module:main", "no_such_module:main", "there is no module no_such_module"),
        ("countdown", "countdown", "--asyncio takes a function in a module or file"),
        ("P", "P", "--asyncio takes a function in a module or file, such as P:main"),
        ("nothing", "nothing", "--asyncio takes a function in a module or file, such as module:"),
        ("P:workers many", "many", "COUNT takes a whole number, not 'many'"),
        ("P:workers 1 2", "2", "'2' is one too many"),
        ("P:plain --no", "--no", "no option --no"),
    ],
)
@pytest.mark.parametrize("command", ["spawn", "run"])
def test_what_is_wrong_is_underlined_and_nothing_starts(
    shell, monkeypatch, command, line, marked, message
):
    monkeypatch.chdir(SAMPLES)
    line, marked, message = (
        text.replace("P", "asyncio_programs.py") for text in (line, marked, message)
    )
    source = f"{command} --asyncio {line}"
    typed, marks, said, *_ = shell.fails(source)
    assert typed == source
    assert marks == " " * source.rindex(marked) + "^" * len(marked)
    assert message in said
    assert shell.succeeds("tasks")[0].startswith("no tasks")


def test_without_greenlet_it_says_what_is_missing(shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "greenlet", None)
    monkeypatch.delitem(sys.modules, "kernel.greenlets", raising=False)
    monkeypatch.delattr(kernel, "greenlets", raising=False)
    assert (
        "need greenlet: pip install greenlet"
        in shell.fails(f"spawn --asyncio {PROGRAMS}:counting")[-1]
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("stack 1.9", "no asyncio task 1.9; type tasks for those there are"),
        ("kill 1.9", "no asyncio task 1.9; type tasks for those there are"),
        ("kill 9.1", "no task 9; type tasks for those there are"),
        ("kill -9 1.1", "an asyncio task can be cancelled only: kill 1.1"),
    ],
)
def test_one_that_is_not_there_is_told(shell, line, message):
    start(shell, "workers 1")
    assert shell.fails(line)[-1] == message


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: stops as the step ends")
def test_of_one_that_has_stopped_in_the_midst_of_a_step_that_place_is_listed(shell):
    lines = (SAMPLES / "asyncio_programs.py").read_text().split("\n")
    shell.succeeds(f"break {PROGRAMS}:{lines.index('        print(number)') + 1}")
    shell.succeeds(f"spawn --asyncio {PROGRAMS}:counting 3")
    until(lambda: "stops by break" in shell.reported)
    assert any("→" in row and "print(number)" in row for row in shell.succeeds("list 1"))
    assert [row.split()[2] for row in shell.succeeds("tasks")[1:]] == ["stopped", "stopped"]


@pytest.mark.parametrize("word", ["1.", ".1", "1.0", "1.x", "1.1.1", "0.1"])
def test_what_is_no_number_of_one_is_underlined(shell, word):
    _, marks, said, *_ = shell.fails(f"stack {word}")
    assert marks == " " * len("stack ") + "^" * len(word)
    assert said == f"TID takes the number of a task, as `tasks` shows it, not '{word}'"


def test_other_commands_take_tasks_only(shell):
    said = "TID takes the number of a task here: 1, which 1.1 is in"
    assert shell.fails("inspect 1.1")[:3] == ["inspect 1.1", "        ^^^", said]


# -- pyos --asyncio


def test_without_a_terminal_it_runs_to_its_end():
    done = pyos("--asyncio", "asyncio_programs:counting", "2")
    title = "task 1: asyncio_programs:counting 2\ntask 1 (asyncio_programs:counting 2) ended\n"
    assert (done.stdout, done.stderr, done.returncode) == ("0\n1\n", title, 0)


def test_what_looks_like_the_beginning_of_an_option_of_pyos_is_the_programs():
    done = pyos("--asyncio", "asyncio_programs:counting", "--li", "3")
    assert "no option --li" in done.stderr and "pyos: error" not in done.stderr
    assert done.returncode == 1


def test_its_failure_is_that_of_pyos():
    done = pyos("--asyncio", "asyncio_programs:crashing")
    assert "crashed: ValueError: no" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing:main"], "there is no module nothing"),
        (["asyncio_programs:nothing"], "there is no function nothing in asyncio_programs"),
        (["asyncio_programs:value"], "asyncio_programs:value is no function"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(arguments, message):
    done = pyos("--asyncio", *arguments)
    assert done.returncode == 1
    _, marks, said = done.stderr.splitlines()
    assert set(marks) == {" ", "^"}
    assert message in said


def test_without_a_program_it_says_what_is_missing():
    done = pyos("--asyncio")
    assert (done.returncode, done.stderr) == (
        2,
        "pyos: --asyncio takes a function in a module or file: --asyncio module:main\n",
    )
