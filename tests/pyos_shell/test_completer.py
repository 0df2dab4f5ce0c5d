"""Laws of completion: what the Tab key offers."""

import asyncio
import threading
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from kernel import Machine, Register, Scheduler, SetBreak, Sleep, WaitAllBlocked
from pyos_shell.candidates import candidates
from pyos_shell.command import ALIASES, COMMANDS, command
from pyos_shell.completer import CommandCompleter
from pyos_shell.live import Live
from pyos_shell.parameter import Kind
from pyos_shell.program import built_in_names
from pyos_shell.statement import parse
from pyos_shell.tid import Tid

EVENT = CompleteEvent()


def offered(text: str, live: Live | None = None) -> dict[str, str]:
    """What may be typed in place of the last word, with what is said about it."""
    completions = CommandCompleter(live).get_completions(Document(text), EVENT)
    return {
        text[: len(text) + each.start_position] + each.text: each.display_meta_text
        for each in completions
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- names


@pytest.mark.parametrize("begun", ["", "tasks;", "tasks; ", "  ", "'x y'; "])
def test_a_statement_begins_with_any_command_or_another_name_of_one(begun):
    assert list(offered(begun)) == [begun + name for name in (*COMMANDS, *ALIASES)]


def test_each_command_comes_with_its_summary_and_another_name_with_what_it_is_for():
    assert offered("")["kill"] == COMMANDS["kill"].signature.summary
    assert offered("")["ps"] == "the same as tasks"


def test_what_is_typed_already_narrows_the_choice():
    assert list(offered("sp")) == ["spawn"]
    assert list(offered("tasks; sta")) == ["tasks; stack"]
    assert offered("xyz") == {}


def test_letters_from_the_middle_will_do_where_nothing_begins_with_them():
    assert list(offered("spawn oserv")) == ["spawn echo_server"]
    assert list(offered("spawn prodcons")) == ["spawn producer_consumer"]


@pytest.mark.parametrize("begun", ["spawn ", "spawn  ", "tasks;spawn ", "spawn --name x "])
def test_spawn_is_offered_the_built_in_programs_each_with_a_line_about_it(folder, begun):
    found = offered(begun)
    programs = [each for each in found if "--" not in each.removeprefix(begun)]
    assert programs == [begun + name for name in built_in_names()]
    assert all(found[each] for each in programs)


def test_help_is_offered_commands_and_programs():
    names = (*COMMANDS, *ALIASES, "lines", *built_in_names(), "--all")
    assert list(offered("help ")) == [f"help {name}" for name in names]
    assert list(offered("help ec")) == ["help echo_load", "help echo_server"]


# -- options


def test_a_program_is_offered_its_own_options_with_what_is_said_about_them():
    found = offered("spawn echo_server 0 --h")
    assert list(found) == ["spawn echo_server 0 --host"]
    assert found["spawn echo_server 0 --host"].startswith("the address to listen on")
    assert offered("spawn countdown 3 --h") == {}


@pytest.mark.parametrize("name", ["tasks", "ps"])
def test_a_command_is_offered_its_options_under_each_of_its_names(name):
    assert list(offered(f"{name} --a")) == [f"{name} --all"]
    assert {f"{name} --tree", f"{name} --json"} <= set(offered(f"{name} --"))


SIGNALS = ["TERM", "KILL", "INT", "STOP", "CONT", "USR1", "USR2"]


@pytest.mark.parametrize("begun", ["kill 3 --signal ", "kill --signal ", "kill 3 --signal="])
def test_an_option_that_takes_a_choice_is_offered_what_there_is(begun):
    assert list(offered(begun)) == [begun + name for name in SIGNALS]


@pytest.mark.parametrize("letters", ["K", "k", "Ki"])
def test_letters_count_in_either_case(letters):
    assert list(offered(f"kill 3 --signal {letters}")) == ["kill 3 --signal KILL"]


def test_an_option_that_has_been_given_is_not_offered_again():
    assert list(offered("kill 3 ")) == ["kill 3 --signal"]
    assert offered("kill 3 --signal KILL ") == {}


def test_a_new_command_is_completed_by_what_its_signature_says(monkeypatch):
    class Colour(Enum):
        RED = 1
        BLUE = 2

    monkeypatch.setattr("pyos_shell.command.COMMANDS", dict(COMMANDS))
    monkeypatch.setitem(COMMANDS, "paint", None)

    def paint(system, what: Colour, *, where: Path = Path(), nicely: bool = False):
        """Paint.

        nicely: with care
        """

    monkeypatch.setitem(COMMANDS, "paint", COMMANDS["kill"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(COMMANDS, "paint", None)
        command(name="paint")(paint)
        assert list(offered("paint ")) == [
            "paint red",
            "paint blue",
            "paint --where",
            "paint --nicely",
        ]
        assert offered("paint --n") == {"paint --nicely": "with care"}


@pytest.mark.parametrize("begun", ["spawn countdown 3 | ", "tasks; spawn countdown | "])
def test_behind_a_pipe_programs_are_offered(begun):
    assert f"{begun}upper" in offered(begun)
    assert f"{begun}tasks" not in offered(begun)


def test_behind_a_sign_for_a_file_files_are_offered(folder):
    (folder / "table").touch()
    assert list(offered("tasks > ")) == ["tasks > table"]
    assert list(offered("tasks >> ta")) == ["tasks >> table"]


def test_behind_and_a_command_is_offered():
    assert list(offered("tasks && sp")) == ["tasks && spawn"]


def test_the_names_that_a_user_has_made_are_offered_with_what_they_stand_for():
    live = Live(NoMachine, {"go": "spawn countdown 3"})
    assert offered("go", live) == {"go": "stands for spawn countdown 3"}
    assert offered("go ", live) == {}


def NoMachine():  # noqa: N802 - it stands for a class
    raise AssertionError("nobody is to ask for the machine")


# -- what is not completed


@pytest.mark.parametrize("line", ["> ", "> sp", "3> x; sp"])
def test_what_a_task_is_to_read_is_not_completed(line):
    assert offered(line) == {}


@pytest.mark.parametrize("line", ["spwan ", "# sp", "tasks # sp", "tasks; # "])
def test_in_a_comment_and_behind_a_word_that_is_no_command_nothing_is_offered(line):
    assert offered(line) == {}


# -- files


def test_a_program_may_be_a_file_of_python_or_a_function_of_one(folder):
    (folder / "server.py").write_text(
        "def serve(port: int):\n    '''Serve.'''\n    yield\ndef other(): yield\n", "utf-8"
    )
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.py").write_text("async def f(): pass\n", "utf-8")
    (folder / "sub" / "notes.txt").touch()
    assert "spawn server.py" in offered("spawn ")
    assert list(offered("spawn serv")) == ["spawn server.py"]
    assert list(offered("spawn su")) == ["spawn supervised_crasher", "spawn sub/"]
    assert list(offered("spawn sub/")) == ["spawn sub/deep.py"]
    assert list(offered("spawn sub/deep.py:")) == ["spawn sub/deep.py:f"]
    assert offered("spawn server.py:s") == {"spawn server.py:serve": "Serve."}
    assert offered("spawn server.py:other --x") == {}


def test_a_function_of_a_file_has_its_options_offered_and_the_file_is_not_run(folder):
    (folder / "p.py").write_text("1 / 0\ndef f(*, port: int = 3):\n    yield\n", "utf-8")
    assert list(offered("spawn p.py:f ")) == ["spawn p.py:f --port"]


@pytest.fixture
def app(folder):
    (folder / "app.py").write_text(
        "1 / 0\nasync def main(*, port: int = 3):\n    '''Serve.'''\ndef other(): pass\n", "utf-8"
    )
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("async def top(): pass\n", "utf-8")
    (folder / "pack" / "part.py").write_text("async def deep(): pass\n", "utf-8")
    (folder / "notes.txt").touch()
    return folder


STARTS = ["spawn", "spawn --asyncio", "run --asyncio", "spawn --name x --asyncio"]


@pytest.mark.parametrize("start", STARTS)
def test_behind_the_colon_of_a_module_its_functions_are_offered_and_it_is_not_imported(app, start):
    assert offered(f"{start} app:") == {
        f"{start} app:main": "Serve.",
        f"{start} app:other": "",
    }
    assert list(offered(f"{start} app.py:m")) == [f"{start} app.py:main"]
    assert list(offered(f"{start} pack:")) == [f"{start} pack:top"]
    assert list(offered(f"{start} pack.part:")) == [f"{start} pack.part:deep"]
    assert list(offered(f"{start} app:main ")) == [f"{start} app:main --port"]


def test_a_module_that_is_installed_is_found_like_one_in_the_current_folder(app):
    assert "spawn --asyncio json:dumps" in offered("spawn --asyncio json:du")


@pytest.mark.parametrize("name", ["", "nowhere", "app..x", "a/b", "é\0", "x" * 5000, "pack."])
def test_what_is_no_module_has_nothing_behind_its_colon(app, name):
    assert offered(f"spawn --asyncio {name}:") == {}


@pytest.mark.parametrize(
    "start", ["spawn --asyncio", "run --asyncio", "spawn --green", "run --green"]
)
def test_behind_asyncio_and_green_files_are_offered_and_no_program_that_is_none_of_theirs(
    app, start
):
    assert list(offered(f"{start} a")) == [f"{start} app.py"]
    assert list(offered(f"{start} pack/")) == [f"{start} pack/__init__.py", f"{start} pack/part.py"]
    assert f"{start} countdown" not in offered(f"{start} ")
    assert list(offered(f"{start} countd")) == []


def test_a_green_script_has_no_functions_offered_and_what_is_behind_a_pipe_is_as_ever(app):
    assert offered("spawn --green app.py:") == {}
    assert "spawn --green app.py | upper" in offered("spawn --green app.py | up")


def test_a_name_with_a_blank_is_quoted_and_found_between_quotes(folder):
    (folder / "my programs").mkdir()
    (folder / "my programs" / "p.py").touch()
    assert list(offered("spawn my")) == ["spawn 'my programs/'"]
    assert list(offered("spawn 'my programs/")) == ["spawn 'my programs/p.py'"]


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=30) | st.lists(st.sampled_from(["spawn", "--x", "'", "#", "=", ";", " "])))
def test_whatever_is_typed_completion_only_offers_what_can_be_parsed(text):
    text = text if isinstance(text, str) else " ".join(text)
    for line in offered(text):
        parse(line)


# -- whatever there is a finite set of


#: What may be anything, so that nothing can be offered; behind a program, its own arguments are.
ANYTHING = {
    "spawn --name",
    "spawn ARGUMENTS",
    "run ARGUMENTS",
    "step N",
    "send MESSAGE",
    "throw TEXT",
    "py EXPRESSION",
    "stack --source",
    "log --last",
    "trace --rate",
    "alias ARGUMENTS",
}


def named():
    yield Register("greeter")
    yield Sleep(1000)


@pytest.fixture
def full(folder):
    """A system that has something of everything."""
    (folder / "p.py").write_text("def serve():\n    text = 1\n    yield text\n", "utf-8")
    scheduler = Scheduler(stdin=False)
    scheduler.new(named(), "greeter.py")
    with Machine(scheduler) as machine:
        machine.call(WaitAllBlocked())
        machine.call(SetBreak("countdown"))
        live = Live(lambda: machine, {"go": "spawn countdown 3"})
        asyncio.run(live.refresh())
        yield live


def test_every_argument_is_offered_what_there_is_unless_it_may_be_anything(full):
    without = {
        f"{command.name} {parameter.label}"
        for command in COMMANDS.values()
        for parameter in command.signature.parameters
        if parameter.kind is not Kind.FLAG and not list(candidates(parameter, "", full))
    }
    assert without == ANYTHING


@pytest.mark.parametrize(
    ("line", "completed", "about"),
    [
        ("kill 1 -", "kill 1 -INT", "interrupts it"),
        ("kill 1 --signal ", "kill 1 --signal STOP", "lets it take no step, as `stop` does"),
        ("tasks -", "tasks -age", "--sort age"),
        ("tasks --program gr", "tasks --program greeter.py", "1 task"),
        ("nice 1 ", "nice 1 5", "1/2 of the turns of a new task"),
        ("nice 1 -", "nice 1 -20", "16 times the turns of a new task"),
        ("throw 1 Time", "throw 1 TimeoutError", "Timeout expired"),
        ("trace o", "trace off", "trace no more"),
        ("trace Rec", "trace Recv", "Waits for data on a socket"),
        ("slow o", "slow off", "as fast as ever"),
        ("break Rec", "break Recv", "Waits for data on a socket"),
        ("break countd", "break countdown", "Count down from N to 1"),
        ("break greet", "break 1", "blocked"),
        ("break p.py:", "break p.py:2", "text = 1"),
        ("break off ", "break off 1", "on countdown, hits 0"),
        ("send gr", "send greeter", "task 1"),
        ("send 1", "send 1", "blocked"),
        ("source p", "source p.py", ""),
        ("play p", "play p.py", ""),
        ("edit p.p", "edit p.py", ""),
        ("edit p", "edit p", ""),
        ("unalias ", "unalias go", "stands for spawn countdown 3"),
        ("alias x sp", "alias x spawn", "Start a program"),
        ("help p.py:", "help p.py:serve", ""),
    ],
)
def test_an_argument_is_offered_with_a_line_about_it(full, line, completed, about):
    found = offered(line, full)
    assert completed in found
    assert found[completed].startswith(about)


@pytest.mark.parametrize("file", ["no-such.py", "broken.py", "notes.txt", "folder.py"])
def test_of_a_file_without_lines_of_python_none_is_offered(folder, file):
    (folder / "broken.py").write_text("def (", "utf-8")
    (folder / "notes.txt").touch()
    (folder / "folder.py").mkdir()
    assert offered(f"break {file}:") == {}


def test_a_choice_that_is_given_already_is_not_offered_behind_a_dash():
    assert list(offered("kill 3 --signal KILL -")) == ["kill 3 --signal KILL --json"]


# -- tasks


def sleeper(seconds=1000.0):
    yield Sleep(seconds)


def completed(text: str, live: Live) -> list[tuple[str, str, str]]:
    """What the menu shows that is opened now: what is put in, and the two columns."""

    async def complete():
        found = CommandCompleter(live).get_completions_async(Document(text), EVENT)
        return [(each.text, each.display_text, each.display_meta_text) async for each in found]

    return asyncio.run(complete())


@pytest.fixture
def live():
    scheduler = Scheduler(stdin=False)
    scheduler.new(sleeper(), "echo_server")
    scheduler.new(sleeper(), "countdown")
    with Machine(scheduler) as machine:
        machine.call(WaitAllBlocked())
        yield Live(lambda: machine)


def test_the_tasks_that_live_now_are_offered_with_program_state_and_age(live):
    first, second = completed("kill ", live)[:2]
    assert first[:2] == ("1", "1  echo_server")
    assert second[:2] == ("2", "2  countdown")
    assert first[2].startswith("blocked  0.0s  sleep")


def test_a_task_is_found_by_its_program(live):
    assert [text for text, *_ in completed("kill echo", live)] == ["1"]
    assert [text for text, *_ in completed("kill 1 2", live)] == ["2"]


def test_where_a_task_holds_the_kernel_the_last_answer_must_do(live):
    assert len(completed("why ", live)) == 2
    let_go, held = threading.Event(), threading.Event()

    def hog():
        held.set()
        let_go.wait()
        yield

    machine = live.machine()
    machine.kernel.inbox.put(Arrival(lambda: machine.kernel.new(hog())))
    held.wait()
    try:
        assert [text for text, *_ in completed("why ", live)] == ["1", "2"]
    finally:
        let_go.set()


class Arrival:
    """Something to be done on the kernel's thread."""

    def __init__(self, work):
        self.work = work

    def arrive(self):
        self.work()

    def refuse(self, reason):
        raise reason


def test_of_a_kernel_that_has_stopped_the_last_answer_must_do():
    machine = Machine()
    with machine:
        pass
    assert [text for text, *_ in completed("kill ", Live(lambda: machine))] == ["--signal"]


def test_a_number_of_a_task_is_offered_by_its_type_alone(live):
    asyncio.run(live.refresh())
    assert [each.text for each in Tid.candidates("", live)] == ["1", "2"]
    assert list(Tid.candidates("", None)) == []
