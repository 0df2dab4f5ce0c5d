"""Four thousand lines, of words, quotes and operators, of tids that live and tids that do not: each
gets a result, or a diagnosis with a place in the line; never a traceback, and nothing hangs.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from kernel import ClearBreak, KillTask, ListTasks, NoSuchTask, Resume, Step, WaitTask
from pyos_shell.check import check_typed
from pyos_shell.command import aliases, commands
from pyos_shell.completer import CommandCompleter
from pyos_shell.environment import Environment
from pyos_shell.highlight import spans
from pyos_shell.hint import hint
from pyos_shell.live import Live
from pyos_shell.session import Session
from pyos_shell.system import Leave, System

from .shell import ROOT, SAMPLES, Shell

NAMES = [name for name in [*commands(), *aliases()] if name != "restart"]
PROGRAMS = ["countdown", "upper", "grep", "head", "count", "crash", "family", "guess", "deep"]
OTHERS = [
    *("programs.py:say", "programs.py:plain", "programs.py:typed", "programs.py:Thing"),
    *("programs.py:number", "programs.py:asynchronous_generator", "programs.py:decorated"),
    *("broken.py:f", "broken.py", "script.py", "nowhere.py:f", "nowhere.py", "samples:x", "spawn"),
    *("C:\\x\\y.py:f", "/dev/null", "./", "a.b:c", "..", "/", "~", "~nobody/x.py", ":f"),
]
TIDS = ["1", "2", "3", "$!", "$?", "0", "-1", "99999", "99999999999999999999", "x"]
OPTIONS = [
    "--json",
    "--all",
    "--name",
    "--name=x",
    "--signal",
    "KILL",
    "--pause",
    "--",
    "-x",
    "--no",
]
OPERATORS = [";", "&&", "|", ">", ">>", "\n"]
QUOTED = ["'a b'", '"$!"', '"a $? b"', "'$x'", "\\ ", "\\;", "''", "'|'", "# comment"]
BROKEN = ["'", '"', "$x", "\\", "\x1b[2J", "\0", "中文", "🎉", "\ud800", "\u2028", "x" * 200, "\t"]
SOURCED = "tasks\nsource sourced\nnonsense\nkill $!\n"
FILES = ["file", "other", "sourced", ".", "no\0file"]

anything = st.sampled_from(
    [*NAMES, *PROGRAMS, *OTHERS, *TIDS, *OPTIONS, *OPERATORS, *QUOTED, *BROKEN, *FILES]
)
likely = st.sampled_from([*TIDS, *OPTIONS, *PROGRAMS, *QUOTED, *FILES])


def phrase(*parts):
    """These parts, one after the other."""
    return st.tuples(*parts).map(lambda found: " ".join(filter(None, found)))


def some(part, most=3):
    return st.lists(part, max_size=most).map(" ".join)


command = phrase(st.sampled_from(NAMES), some(likely))
stage = phrase(
    st.sampled_from([*PROGRAMS, "programs.py:say", "script.py", "spawn", "no"]), some(likely, 1)
)
file = st.sampled_from(["", "", "> file", ">> file", "> .", ">", "> file x"])
stages = st.lists(stage, min_size=1, max_size=3).map(" | ".join)
pipeline = phrase(st.just("spawn"), stages, file)
alias = phrase(
    st.sampled_from(["alias a", "alias b", "alias tasks", "unalias a"]), command.map(repr)
)
used = phrase(st.sampled_from(["a", "b", "tasks"]), some(likely, 2), file)

#: Every kind of lines, and how many of it: few of those that start many tasks each.
LINES = {
    "words in any order": (1_600, st.lists(anything, max_size=9).map(" ".join)),
    "words glued together": (1_200, st.lists(anything, max_size=6).map("".join)),
    "words after spawn": (400, some(anything, 9).map("spawn {}".format)),
    "any text": (400, st.text(max_size=30)),
    "commands": (240, st.lists(phrase(command, file), min_size=1, max_size=3).map(" && ".join)),
    "pipelines": (80, pipeline),
    "aliases": (80, st.lists(alias | used, min_size=1, max_size=4).map("; ".join)),
}


#: So many are one example: Hypothesis takes longer for an example than we for a line.
AT_ONCE = 10


class Careful(Session):
    """Looks at the place of every mistake."""

    def mistaken(self, error, line):
        assert (error.start is None) == (error.end is None)
        if error.start is not None:
            assert 0 <= error.start <= error.end <= len(line)
        super().mistaken(error, line)


class Impatient(System):
    """Ends whatever it is to wait for: nonsense can start what never ends, or hold all up."""

    #: Whether the line has asked the kernel for anything.
    has_asked = False

    def ask(self, call):
        self.has_asked = True
        if isinstance(call, (WaitTask, Step)):
            super().ask(Resume())
        if isinstance(call, WaitTask):
            with suppress(NoSuchTask):
                super().ask(KillTask(call.tid, grace=0.0))
        return super().ask(call)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """One session for all of the nonsense."""
    folder = tmp_path_factory.mktemp("language")
    shutil.copy(SAMPLES / "programs.py", folder)
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "script.py").write_text("x = 1\n")
    (folder / "samples.py").write_text("import nothing_of_this_name\n")
    former = os.getcwd()
    os.chdir(folder)
    try:
        with Shell() as shell:
            shell.system = Impatient(shell.machine, shell.output, lambda: shell.rows)
            shell.system.play = lambda lines: "any key types"
            shell.session = Careful(shell.system, shell.show, lambda: shell.width)
            yield shell
    finally:
        os.chdir(former)


@pytest.mark.parametrize("kind", LINES)
def test_any_line_gets_a_result_or_a_diagnosis_in_it(patient, kind):
    number, lines = LINES[kind]

    @settings(derandomize=True, deadline=None, max_examples=number // AT_ONCE)
    @given(st.lists(lines, min_size=AT_ONCE, max_size=AT_ONCE), st.sampled_from([None, 80, 20]))
    def check(lines, width):
        for line in lines:
            run(patient, line, width)

    check()


def run(shell, line, width):
    """Run a line, and see that what it says is fit to be seen."""
    if not os.path.exists("sourced") or os.path.getsize("sourced") != len(SOURCED):
        with open("sourced", "w") as sourced:
            sourced.write(SOURCED)
    shell.width, shell.rows = width, 20
    shell.shown.clear()
    shell.messages.seek(0)
    shell.messages.truncate()
    shell.system.environment = Environment()
    shell.system.has_asked = False
    with suppress(Leave):
        shell.run(line)
    if shell.system.has_asked:
        end_all(shell)
    assert not shell.output.routes and not shell.machine.kernel.inputs
    text = "\n".join(shell.shown) + shell.reported
    assert str(ROOT / "kernel") not in text
    assert str(ROOT / "pyos_shell") not in text.replace(str(ROOT / "pyos_shell/programs"), "")
    for shown in shell.shown:
        if shown.startswith('{"'):
            json.loads(shown)


def end_all(shell):
    """End all tasks, and what was set for them; a pipeline leaves nothing behind."""
    for call in (Resume(), ClearBreak()):
        shell.machine.call(call)
    while rows := shell.machine.call(ListTasks()).tasks:
        for row in rows:
            with suppress(NoSuchTask):
                shell.machine.call(KillTask(row.tid, grace=0.0))
                shell.machine.call(WaitTask(row.tid))
    assert not shell.output.routes and not shell.machine.kernel.inputs


# -- while it is typed


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    line=st.lists(anything, max_size=7).map(" ".join)
    | st.lists(anything, max_size=5).map("".join)
    | phrase(command, stages, file),
    place=st.integers(0, 200),
)
def test_no_key_raises_an_error_wherever_the_cursor_is(patient, line, place):
    """Such an error would be the end of the console."""
    live, cursor = Live(lambda: patient.machine, {"a": "tasks"}), min(place, len(line))
    document = Document(line, cursor)
    mistake = check_typed(line, cursor, live)
    assert mistake is None or mistake.start is None or mistake.start <= mistake.end <= len(line)
    hint(line[:cursor], live)
    spans(line, live)
    for offered in CommandCompleter(live).get_completions(document, CompleteEvent()):
        assert -cursor <= offered.start_position <= 0
