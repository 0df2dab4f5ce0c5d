"""Laws of the history: what is kept, for whom, and what if the file is not as it should be."""

import asyncio
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from pyos_shell import history as module
from pyos_shell.history import SharedHistory, SuggestLines, default_file, parsed

from .shell import python

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no modes")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pyos" / "history"


class Told(list[str]):
    """The warnings."""

    def __call__(self, text: str) -> None:
        self.append(text)


def loaded(file: Path | None, told: Told | None = None) -> list[str]:
    """The lines that a new console finds, the newest first."""
    history = SharedHistory(file, told if told is not None else Told())

    async def load() -> list[str]:
        return [line async for line in history.load()]

    return asyncio.run(load())


def keep(file: Path | None, *lines: str) -> Told:
    """Have a console keep these lines; what it warns of."""
    told = Told()
    history = SharedHistory(file, told)
    for line in lines:
        history.append_string(line)
    return told


def test_what_is_typed_is_there_the_next_time_the_newest_first(file):
    assert keep(file, "tasks", "spawn countdown 3 # ü", "a\nb") == []
    assert loaded(file) == ["a\nb", "spawn countdown 3 # ü", "tasks"]


@pytest.mark.parametrize("line", [" tasks", "\ttasks", "> secret", "3> secret", "tasks\n> secret"])
def test_what_begins_with_a_blank_or_is_for_a_task_is_not_kept(file, line):
    told = Told()
    history = SharedHistory(file, told)
    history.append_string(line)
    assert history.get_strings() == []
    assert not file.exists()


lines = st.text(st.characters(exclude_characters="\r"), min_size=1, max_size=40)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(lines.filter(lambda line: not line[0].isspace() and ">" not in line), max_size=5))
def test_any_line_comes_back_as_it_was(tmp_path_factory, typed):
    file = tmp_path_factory.mktemp("history") / "history"
    keep(file, *typed)
    expected = [line.encode("utf-8", "replace").decode() for line in reversed(typed)]
    assert loaded(file) == expected


@posix_only
def test_nobody_else_can_read_it(file):
    keep(file, "tasks")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


KEEP = """
from pathlib import Path
from pyos_shell.history import SharedHistory
told = []
history = SharedHistory(Path({file!r}), told.append)
for number in range(200):
    history.append_string("{name} %d" % number)
assert told == []
"""


def test_several_consoles_share_it_and_no_line_is_lost_or_torn(file):
    codes = [KEEP.format(file=str(file), name=name) for name in ("a", "b", "c")]
    with ThreadPoolExecutor() as pool:
        assert [(done.stderr, done.returncode) for done in pool.map(python, codes)] == [("", 0)] * 3
    found = loaded(file)
    for name in ("a", "b", "c"):
        own = [line for line in found if line.startswith(name)]
        assert own == [f"{name} {number}" for number in reversed(range(200))]
    assert len(found) == 600


# -- what has grown too large


@pytest.fixture
def small(monkeypatch):
    """Small limits."""
    monkeypatch.setattr(module, "LINES", 100)
    monkeypatch.setattr(module, "BYTES", 10_000)
    monkeypatch.setattr(module, "LARGEST", 20_000)
    monkeypatch.setattr(module, "STRANGE", 80_000)


def test_so_many_lines_are_kept_and_no_more(file, small):
    told = keep(file, *(f"line {number}" for number in range(2_000)))
    assert file.stat().st_size > module.LARGEST
    assert loaded(file, told) == [f"line {number}" for number in range(1_999, 1_899, -1)]
    assert file.stat().st_size < module.BYTES
    keep(file, "the newest")
    assert loaded(file)[:2] == ["the newest", "line 1999"]
    assert told == []
    assert list(file.parent.iterdir()) == [file]


@posix_only
def test_a_file_that_is_written_anew_is_still_only_for_its_owner(file, small):
    keep(file, *(f"line {number}" for number in range(2_000)))
    loaded(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_of_a_huge_file_only_the_end_is_read_and_that_is_said(file):
    file.parent.mkdir(parents=True)
    with open(file, "wb") as out:
        out.truncate(100_000_000)
        out.seek(100_000_000)
        out.write(b"\n\n# now\n+the last line\n")
    told = Told()
    assert loaded(file, told) == ["the last line"]
    assert len(told) == 1
    assert "has 100 MB: only its end is read" in told[0]


# -- what is not as it should be


def test_what_is_damaged_is_left_out_and_that_is_said_in_one_line(file):
    keep(file, "first")
    with open(file, "ab") as out:
        out.write(b"\x00\xff\xfe rubbish\nmore\n" * 100)
    keep(file, "last")
    told = Told()
    assert loaded(file, told) == ["last", "first"]
    assert len(told) == 1 and "damaged" in told[0] and "\n" not in told[0]


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_whatever_the_file_has_in_it_it_is_read(data, from_start):
    for line in parsed(data, from_start)[0]:
        assert isinstance(line, str)


def test_a_folder_in_its_place_gives_one_warning_and_the_console_remembers_meanwhile(file):
    file.mkdir(parents=True)
    told = Told()
    history = SharedHistory(file, told)
    assert list(history.load_history_strings()) == []
    history.append_string("tasks")
    history.append_string("help")
    assert history.get_strings() == ["tasks", "help"]
    assert len(told) == 1 and str(file) in told[0]


@posix_only
def test_a_pipe_in_its_place_keeps_nobody_waiting(file):
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    assert len(keep(file, "tasks", "help")) == 1
    told = Told()
    assert loaded(file, told) == []
    assert len(told) == 1


def test_a_file_in_the_place_of_the_folder_gives_one_warning(file):
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("")
    told = keep(file, "tasks", "help")
    assert len(told) == 1 and "cannot be written" in told[0]


@posix_only
def test_somebody_who_keeps_the_file_locked_gives_a_warning_and_no_wait(file, monkeypatch):
    import fcntl

    keep(file, "tasks")
    monkeypatch.setattr(module, "MOMENT", 0)
    with open(file) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "locked" in keep(file, "help")[0]
    assert loaded(file) == ["tasks"]


def test_without_a_file_lines_are_remembered_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert keep(None, "tasks") == []
    assert loaded(None) == []
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_it_is_where_the_system_wants_it(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_file() == Path("/state/pyos/history")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/ada")
    assert default_file() == Path("/home/ada/.local/state/pyos/history")


# -- suggestions


def suggested(typed: str, *lines: str) -> str | None:
    history = SharedHistory(None, Told())
    for line in lines:
        history.append_string(line)
    found = SuggestLines().get_suggestion(Buffer(history=history), Document(typed))
    return None if found is None else found.text


def test_the_newest_line_that_begins_so_is_suggested():
    assert suggested("spawn ", "spawn a", "spawn b", "tasks") == "b"
    assert suggested("x", "spawn a") is None
    assert suggested("", "spawn a") is None
    assert suggested("  ", "spawn a") is None


def test_a_line_of_several_rows_is_not_suggested_as_it_would_not_fit():
    assert suggested("a", "abc", "a\nb") == "bc"
