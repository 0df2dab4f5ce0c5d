"""Laws of the commands that start tasks and wait for them."""

import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from kernel import GetStack, ListTasks
from pyos_shell import loader
from pyos_shell.system import GivenUp

from ..shell import GUARD, SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"
COUNTDOWN = "countdown [N=10] [--pause=0.0]"
TYPED = "P:typed NUMBER [HALF=0.5] [WORDS…] [--flag] [--name=x]"


def usage_of(shell, line):
    """Run a line that is refused: the marks, what is said, and the usage."""
    before = shell.machine.kernel.last_tid
    source, marks, said, *usage = shell.fails(line)
    assert source == line
    assert shell.machine.kernel.last_tid == before, "something was started"
    assert shell.printed == ""
    return marks, said, *usage


def written(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")


# -- spawn


def test_a_built_in_program_is_started_by_its_name(shell):
    assert shell.succeeds("spawn countdown 2; wait 1") == ["task 1: countdown 2"]
    assert shell.printed == "2\n1\n"
    assert shell.reported == "task 1 (countdown 2) ended\n"


def test_tids_begin_at_1_and_go_on_whatever_is_refused(shell):
    shell.run(
        "spawn nonsense; spawn countdown x; spawn countdown 1; spawn crash y; spawn countdown 1"
    )
    assert shell.shown.count("task 1: countdown 1") == 1
    assert shell.shown[-1] == "task 2: countdown 1"


@pytest.mark.parametrize("place", ["p.py", "./p.py", "sub folder/程序.py", "sub folder/../p.py"])
def test_a_function_in_a_file_is_started_wherever_the_file_is(shell, place):
    written("sub folder/x", "")
    written(place, "def 主(word: str):\n    print(__file__, word)\n    yield\n")
    (line,) = shell.succeeds(f"spawn '{place}:主' 字; wait")
    assert line == f"task 1: {Path(place).name}:主 字"
    assert shell.printed == f"{Path(place).resolve()} 字\n"
    shell.succeeds(f"spawn '{Path(place).resolve()}:主' 字; wait")


def test_a_function_in_a_package_of_the_current_folder_is_started(shell):
    written("package/module.py", "from .beside import word\ndef f():\n    print(word)\n    yield\n")
    written("package/beside.py", "word = 'beside'\n")
    assert shell.succeeds("spawn package.module:f; wait") == ["task 1: package.module:f"]
    assert shell.printed == "beside\n"


def test_arguments_become_what_the_signature_says(shell):
    shell.succeeds(f"spawn {PROGRAMS}:typed 0x10 .25 a 'b c' --flag --name=-x; wait")
    shell.succeeds(f"spawn {PROGRAMS}:typed 1; wait")
    assert shell.printed.splitlines() == [
        "(16, 0.25, ('a', 'b c'), True, '-x')",
        "(1, 0.5, (), False, 'x')",
    ]


def test_an_async_def_is_a_program_and_so_is_a_decorated_function(shell):
    shell.succeeds(f"spawn {PROGRAMS}:asynchronous 7; wait")
    shell.succeeds(f"spawn {PROGRAMS}:decorated x y; wait")
    assert shell.printed == "asynchronous 7\ncalling decorated\ndecorated x y\n"


def test_options_before_the_program_are_spawns_and_those_after_it_the_programs(shell):
    shell.run(f"spawn --name first {PROGRAMS}:typed 1 --name second; wait")
    assert shell.reported == "task 1 (first) ended\n"
    assert shell.printed.endswith("'second')\n")


@pytest.mark.parametrize(
    ("line", "marked", "said", "usage"),
    [
        (
            "spawn",
            "",
            "PROGRAM is missing",
            "spawn [--name NAME] [--asyncio] [--green] PROGRAM [ARGUMENTS…]",
        ),
        ("spawn --nam x countdown", "--nam", "no option --nam; did you mean --name?", None),
        ("spawn --name", "--name", "--name takes a value", None),
        (
            "spawn countdown x",
            "x",
            "N takes a whole number, not 'x'",
            "countdown [N=10] [--pause=0.0]",
        ),
        ("spawn countdown 3 4", "4", "'4' is one too many", "countdown [N=10] [--pause=0.0]"),
        ("spawn countdown --pause", "--pause", "--pause takes a value", None),
        ("spawn countdown --pause x", "x", "--pause takes a number, not 'x'", None),
        ("spawn countdown --n 3", "--n", "no option --n; N is given without a name", None),
        ("spawn countdown --name x", "--name", "no option --name", None),
        (
            "spawn P:typed",
            "",
            "NUMBER is missing",
            "P:typed NUMBER [HALF=0.5] [WORDS…] [--flag] [--name=x]",
        ),
        ("spawn P:typed 1 --flag=yes", "--flag=yes", "--flag takes no value", None),
        ("spawn --name x countdown x", "x", "N takes a whole number, not 'x'", None),
    ],
)
def test_a_wrong_argument_is_refused_at_its_place_with_the_programs_usage(
    shell, line, marked, said, usage
):
    line = line.replace("P:", f"{PROGRAMS}:")
    marks, message, shown = usage_of(shell, line)
    start = line.rindex(marked) if marked else len(line)
    assert marks == " " * start + "^" * max(1, len(marked))
    assert message == said
    assert usage is None or shown == f"usage: {usage.replace('P:', f'{PROGRAMS}:')}"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("countdwon", "no program 'countdwon'; did you mean countdown?"),
        ("xyz", "no program 'xyz'; type programs for all of them"),
        ("nowhere.py:f", "the file nowhere.py does not exist"),
        ("P:flod", "there is no function flod in P; did you mean flood?"),
        ("P:xyz", "there is no function xyz in P"),
        (
            "P:Thing",
            "P:Thing is a class",
        ),
        (
            "P:number",
            "P:number is no function",
        ),
        (
            "P:asynchronous_generator",
            "P:asynchronous_generator is an async generator",
        ),
        (
            "os:getcwd",
            "os:getcwd is a function in C",
        ),
        (
            "os:path",
            "os:path is no function",
        ),
        ("nothing_of_this_name:f", "there is no module nothing_of_this_name"),
        ("json.nothing.at.all:f", "there is no module json.nothing"),
        ("json:nothing", "there is no function nothing in json"),
    ],
)
def test_what_is_no_program_is_refused_at_its_place(shell, program, said):
    os.chdir(SAMPLES)
    program, said = (text.replace("P", "programs.py") for text in (program, said))
    marks, message = usage_of(shell, f"spawn {program}")
    assert marks == " " * 6 + "^" * len(program)
    right = ": a program is a generator function, an async def or a plain function"
    assert message.removesuffix(right) == said


PLAIN = """
from functools import wraps
from kernel import *

def worker(number: int, *, pause: float = 0.0):
    \"\"\"Doubles a number.\"\"\"
    print(sorted([2, 1], key=lambda each: (call(Sleep(pause)), each)[1]))
    return 2 * number

def generator():
    yield Sleep(0)
    return "in the end"

@wraps(generator)
def decorated(*arguments):
    return generator(*arguments)

async def coroutine():
    return await generator_in_it()

async def generator_in_it():
    await Sleep(0)
    return "in the end"

def returns_coroutine():
    return coroutine()

def waiter():
    call(Sleep(60))
"""


def test_a_plain_function_is_a_program_like_any_other(shell):
    written("plain.py", PLAIN)
    shell.succeeds("spawn plain.py:worker 21 --pause 0.001; wait")
    assert shell.printed == "[1, 2]\n"
    assert shell.reported == "task 1 (plain.py:worker 21 --pause 0.001) ended: 42\n"
    told = shell.succeeds("help plain.py:worker")
    assert "  Doubles a number." in told and "  NUMBER   a whole number" in told
    shell.succeeds("spawn plain.py:waiter")
    until(lambda: shell.machine.call(GetStack(2)).call)
    assert shell.succeeds("stack 2")[-2] == "      call(Sleep(60))"


@pytest.mark.parametrize("function", ["generator", "decorated", "coroutine", "returns_coroutine"])
def test_what_a_function_returns_is_gone_on_with_if_it_is_a_program(shell, function):
    written("plain.py", PLAIN)
    shell.succeeds(f"spawn plain.py:{function}; wait")
    assert shell.reported == f"task 1 (plain.py:{function}) ended: 'in the end'\n"


def test_a_plain_function_with_a_wrong_number_of_arguments_is_refused_at_its_place(shell):
    written("plain.py", PLAIN)
    for line, said in (
        ("spawn plain.py:worker", "NUMBER is missing"),
        ("spawn plain.py:worker 1 2", "'2' is one too many"),
    ):
        assert usage_of(shell, line)[1] == said


def test_without_greenlet_a_plain_function_is_refused_in_one_line(shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "greenlet", None)
    monkeypatch.delitem(sys.modules, "kernel.greenlets", raising=False)
    monkeypatch.delattr("kernel.greenlets", raising=False)
    written("plain.py", PLAIN)
    (said,) = shell.fails("spawn plain.py:waiter")
    assert said.endswith("need greenlet: pip install greenlet")


def test_a_file_is_loaded_as_it_is_now(shell):
    for number in (1, 2):
        written("p.py", f"def f():\n    print({number})\n    yield\n")
        shell.succeeds("spawn p.py:f; wait")
    assert shell.printed == "1\n2\n"


def test_a_syntax_error_is_shown_with_its_line(shell):
    written("p.py", "def f():\n    yield (\n")
    place, source, marks, message = shell.fails("spawn p.py:f")
    assert place == f'  File "{Path("p.py").resolve()}", line 2'
    assert (source, marks) == ("    yield (", "          ^")
    assert message == "SyntaxError: '(' was never closed"


def test_an_error_at_import_is_the_programs_own_traceback(shell):
    written("p.py", "def f():\n    g()\n\ndef g():\n    raise LookupError('here')\n\nf()\n")
    shown = shell.fails("spawn p.py:f")
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[-1] == "LookupError: here"
    places = [line for line in shown if line.startswith("  File ")]
    file = Path("p.py").resolve()
    assert places == [
        f'  File "{file}", line {line}, in {name}'
        for line, name in [(7, "<module>"), (2, "f"), (5, "g")]
    ]


def test_an_error_of_a_plain_function_ends_its_task(shell):
    shell.fails(f"spawn {PROGRAMS}:fails_when_called; wait")
    assert "crashed: LookupError: no such luck" in shell.reported
    assert len(shell.run("stack 1")) == 3


def test_a_module_that_a_program_does_not_find_is_the_programs_error(shell):
    written("p.py", "import nothing_of_this_name\n")
    assert shell.fails("spawn p.py:f")[-1] == (
        "ModuleNotFoundError: No module named 'nothing_of_this_name'"
    )
    written("package/q.py", "import package.nothing\n")
    assert shell.fails("spawn package.q:f")[-1].startswith("ModuleNotFoundError")


def test_a_file_that_takes_too_long_is_a_mistake(shell, monkeypatch):
    monkeypatch.setattr(loader, "DEADLINE", 0.1)
    for text, program in [
        ("while True: pass\n", "p.py:f"),
        ("while True: pass\n", "p.py"),
    ]:
        written("p.py", text)
        marks, said = usage_of(shell, f"spawn {program}")
        assert said == f"{program} is still loading after 0.1 s: given up"
        assert marks == "      " + "^" * len(program)


def test_loading_can_be_given_up(shell):
    written("p.py", "while True: pass\n")
    threading.Timer(0, shell.system.give_up).start()
    with pytest.raises(GivenUp):
        shell.run("spawn p.py:f; spawn countdown 1")
    assert shell.shown == ["given up"]


def test_a_port_in_use_and_an_address_of_another_machine_are_one_line(shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shell.run(f"spawn echo_server {port}; wait; spawn echo_server 0 --host 203.0.113.1; wait")
    in_use, elsewhere = shell.reported.splitlines()
    assert f"crashed: OSError: the port is in use: 127.0.0.1:{port}" in in_use
    assert "crashed: OSError: the address is not of this machine: 203.0.113.1:0" in elsewhere
    shell.succeeds("spawn countdown 1; wait")


# -- wait


@pytest.mark.parametrize("line", ["wait 1 2", "wait", "wait 2; wait 1"])
def test_waiting_for_tasks_that_end_well_succeeds(shell, line):
    shell.succeeds(f"spawn countdown 1; spawn countdown 2; {line}")
    assert shell.run("tasks")[0].startswith("no tasks")


@pytest.mark.parametrize("line", ["wait 1", "wait", "wait 2 1"])
@pytest.mark.parametrize("early", [False, True], ids=["alive", "ended"])
def test_waiting_for_a_task_that_crashes_fails_however_early_it_did(shell, line, early):
    shell.run("spawn crash; spawn countdown 1")
    if early:
        shell.wait(1)
    shell.fails(line)


def test_a_crash_that_was_waited_for_is_nobodys_news_any_more(shell):
    shell.run("spawn crash; spawn crash")
    shell.fails("wait 1")
    shell.fails("wait")
    shell.succeeds("wait")


def test_waiting_for_a_killed_task_fails(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper; kill 1")
    shell.fails("wait 1")


def test_how_a_child_ends_is_its_parents_affair(shell):
    written(
        "p.py",
        "from kernel import *\n"
        "def child():\n    1 / 0\n    yield\n"
        "def parent():\n    yield NewTask(child())\n    yield Sleep(0.001)\n",
    )
    shell.succeeds("spawn p.py:parent; wait")
    shell.fails("wait 2")


def test_waiting_for_all_waits_for_the_children_too(shell):
    written(
        "p.py",
        "from kernel import *\n"
        "def child():\n    yield Sleep(0.01)\n    print('child')\n"
        "def parent():\n    yield NewTask(child())\n",
    )
    shell.succeeds("spawn p.py:parent; wait")
    assert shell.printed == "child\n"


def test_waiting_for_nobody_is_no_failure(shell):
    assert shell.succeeds("wait") == ["there is no task to wait for"]


def test_waiting_for_a_task_that_never_was_fails(shell):
    assert shell.fails("wait 7") == ["no task 7; type tasks for those there are"]


def test_on_a_screen_an_end_of_long_ago_is_told_again(shell):
    shell.run("spawn crash; wait")
    shell.width = 80
    (line,) = shell.fails("wait 1")
    assert line == "task 1 (crash) crashed: ZeroDivisionError: division by zero"


def test_a_wait_that_is_given_up_leaves_the_tasks_alone(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper; spawn {PROGRAMS}:sleeper")
    threading.Timer(0, shell.system.give_up).start()
    with pytest.raises(GivenUp):
        shell.run("wait; nonsense")
    assert shell.shown[-1] == "given up"
    assert [task.tid for task in shell.machine.call(ListTasks(), GUARD).tasks] == [1, 2]


@pytest.mark.parametrize("line", ["wait 1", "wait"])
def test_nobody_waits_for_tasks_of_a_system_that_is_held_up(shell, line):
    shell.succeeds("pause; spawn countdown 1")
    assert shell.fails(line) == ["the system is paused, so no task ends; resume goes on"]
    shell.succeeds(f"resume; {line}; pause; wait 1")
    assert shell.printed == "1\n"


# -- scripts that block


BLOCKING = """
import sys, threading, time
def work():
    time.sleep(0.001)
    print("thread", sys.argv[1:])
thread = threading.Thread(target=work)
thread.start()
thread.join()
for line in sys.stdin:
    print("read", line.strip())
sys.exit(3)
"""


def test_a_green_script_blocks_nobody_but_itself(shell):
    written("script.py", BLOCKING)
    shell.succeeds("spawn --green script.py a --b")
    until(lambda: shell.machine.call(GetStack(1)).reason == "a line")
    shell.succeeds("spawn countdown 1; wait 3; eof 1")
    shell.fails("wait 1")
    assert shell.printed == "thread ['a', '--b']\n1\n"
    assert shell.reported.endswith("task 1 (script.py a --b) ended: 3\n")


def test_a_green_script_is_a_stage_of_a_pipeline(shell):
    written("script.py", "import time\nfor n in range(2): time.sleep(0.001); print('line', n)\n")
    shell.succeeds("spawn --green script.py | upper; wait")
    assert shell.printed == "LINE 0\nLINE 1\n"


def test_a_green_script_is_killed_with_its_threads(shell):
    written("script.py", BLOCKING)
    shell.succeeds("spawn --green --name green script.py")
    until(lambda: shell.machine.call(GetStack(1)).reason == "a line")
    shell.fails("kill 1; wait")
    assert shell.reported.endswith("task 1 (green) killed\n")


@pytest.mark.parametrize("program", ["countdown", "script.py:work", "os:getcwd"])
def test_with_green_goes_a_script_only(shell, program):
    written("script.py", BLOCKING)
    marks, said = usage_of(shell, f"spawn --green {program}")
    assert (marks, said) == (" " * 14 + "^" * len(program), "with --green goes a script, FILE.py")


def test_a_green_script_with_a_mistake_is_shown_as_any_other(shell):
    written("script.py", "def f(:\n")
    assert shell.fails("spawn --green script.py")[-1].startswith("SyntaxError: ")
    assert shell.machine.kernel.last_tid == 0


def test_a_green_script_runs_in_the_foreground(shell):
    written("script.py", BLOCKING)
    shell.run("eof; run --green script.py x")
    assert shell.printed == "thread ['x']\n"
