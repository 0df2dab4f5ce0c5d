"""Laws of command lines: each gets an answer or a message, and the next one runs."""

import os
import shutil
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import ClearBreak, KernelStopped, KillTask, NoSuchTask, Resume, Step, WaitTask
from pyos_shell.command import ALIASES, COMMANDS
from pyos_shell.commands.console import Leave
from pyos_shell.session import Session
from pyos_shell.system import GivenUp, System

from .shell import ROOT, SAMPLES, Shell

always = settings(derandomize=True, deadline=None)


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


# -- nonsense


PARTS = [
    *COMMANDS,
    *ALIASES,
    *("countdown", "crash", "family", "deep", "echo_load", "programs.py:say", "programs.py:plain"),
    *("programs.py:typed", "programs.py:Thing", "programs.py:number", "broken.py:f", "broken.py"),
    *("programs.py:asynchronous_generator", "programs.py:decorated", "nowhere.py", "samples:x"),
    *(
        "0",
        "1",
        "2",
        "-1",
        "3.5",
        "1e9",
        "99999999999999999999",
        "x",
        "中文",
        "🎉",
        "\x1b[2J",
        "\0",
    ),
    *("--name", "--name=x", "--pause", "--pause=0", "--seconds=0", "--all", "--no-all", "--", "-x"),
    *("'", '"', "\\", ";", "#", "''", '"a b"', "\n", "\t", "..", "/", "~", "~nobody/x.py", ":f"),
    *("C:\\x\\y.py:f", "/dev/null", "./", "a.b:c", "\ud800", "\u2028", "x" * 300),
]
lines = st.lists(st.sampled_from(PARTS), max_size=9).map(" ".join)
glued = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
spawned = lines.map(lambda rest: f"spawn {rest}")


class Impatient(System):
    """Ends whatever it is to wait for: nonsense can start what never ends, or hold all up."""

    def ask(self, call):
        if isinstance(call, (WaitTask, Step)):
            super().ask(Resume())
        if isinstance(call, WaitTask):
            with suppress(NoSuchTask):
                super().ask(KillTask(call.tid, grace=0.0))
        return super().ask(call)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """One session for all of the nonsense."""
    folder = tmp_path_factory.mktemp("nonsense")
    shutil.copy(SAMPLES / "programs.py", folder)
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "samples.py").write_text("import nothing_of_this_name\n")
    former = os.getcwd()
    os.chdir(folder)
    try:
        with Shell() as shell:
            shell.system = Impatient(shell.machine, shell.output, lambda: shell.rows)
            shell.session = Session(shell.system, shell.show, lambda: shell.width)
            yield shell
    finally:
        os.chdir(former)


@settings(always, max_examples=2_000)
@given(line=lines | glued | spawned | st.text(max_size=30), width=st.sampled_from([None, 80, 20]))
def test_nonsense_gets_a_message_never_a_traceback_and_never_ends_the_session(patient, line, width):
    shell = patient
    shell.width, shell.rows = width, 20
    shell.shown.clear()
    shell.messages.seek(0)
    shell.messages.truncate()
    before = shell.machine.kernel.last_tid
    try:
        shell.run(line)
    except Leave:
        assert "exit" in line or "quit" in line
    end_all(shell, before)
    text = "\n".join(shell.shown) + shell.reported
    assert str(ROOT / "kernel") not in text
    assert str(ROOT / "pyos_shell") not in text.replace(str(ROOT / "pyos_shell/programs"), "")


def end_all(shell, before):
    """End the tasks that were started since then, and what was set for them."""
    for call in (Resume(), ClearBreak()):
        shell.system.machine.call(call)
    for tid in range(before + 1, shell.machine.kernel.last_tid + 1):
        with suppress(NoSuchTask):  # its tid was reserved, no more
            shell.machine.call(KillTask(tid, grace=0.0))
            shell.machine.call(WaitTask(tid))
