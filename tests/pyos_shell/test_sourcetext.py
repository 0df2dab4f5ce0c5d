"""Laws of finding source: nothing of it is run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kernel import FrameInfo
from pyos_shell import sourcetext
from pyos_shell.line import Word
from pyos_shell.mistake import Mistake
from pyos_shell.program import built_in_names
from pyos_shell.system import Failure


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of(text):
    return sourcetext.of_program(Word(text, 0, len(text)))


@pytest.mark.parametrize("name", built_in_names())
def test_every_built_in_program_has_a_source(name):
    assert any(f"def {name}(" in line for line in of(name).lines)


def test_a_module_is_found_from_the_current_folder_without_importing_it(folder):
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "module.py").write_text("raise SystemExit\n\ndef f():\n    yield\n")
    found = of("package.module:f")
    assert (found.first, found.lines) == (3, ["def f():", "    yield"])
    assert "package" not in sys.modules
    with pytest.raises(Mistake, match=r"no module package\.other"):
        of("package.other:f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"def f(:", "p.py is no program"),
        (b"\xff\xfe\x00", "it is no text"),
        (b"# coding: nonsense\n", "it is no text"),
        (b"\0", "p.py is no program"),
    ],
)
def test_what_is_no_program_says_so_in_a_line(folder, content, message):
    (folder / "p.py").write_bytes(content)
    with pytest.raises(Failure, match=message) as raised:
        of("p.py:f")
    assert "\n" not in str(raised.value)


def test_lines_are_counted_as_python_does_and_a_form_feed_ends_none(folder):
    (folder / "p.py").write_bytes(b"x = 1\r\n\x0c\ny = '\xe2\x80\xa8'\ndef f():\n    yield")
    found = of("p.py:f")
    assert (found.first, found.lines) == (4, ["def f():", "    yield"])
    assert sourcetext.whole(found).lines[:3] == ["x = 1", "\x0c", "y = '\u2028'"]


def test_a_file_larger_than_anybody_writes_is_not_read(folder):
    with open(folder / "p.py", "wb") as file:
        file.truncate(10**12)
    with pytest.raises(Failure, match="more than 1,000,000 bytes"):
        of("p.py")


def test_a_module_in_another_language_has_no_source():
    with pytest.raises(Failure, match="is not written in Python"):
        of("array:f") if "array" not in sys.builtin_module_names else of("namespace:f")


def test_a_file_that_is_gone_is_a_failure(folder):
    frame = FrameInfo("f", str(folder / "gone.py"), 3, 1)
    with pytest.raises(Failure, match="cannot be read: No such file"):
        sourcetext.of_task([frame], whole=False)


def test_a_file_that_has_changed_marks_no_line_that_is_not_there(folder):
    file = folder / "p.py"
    file.write_text("def f():\n    yield\n")
    found = sourcetext.of_task([FrameInfo("f", str(file), 99, 90)], whole=False)
    assert found.marked == ()
    found = sourcetext.of_task([FrameInfo("f", str(file), 99, 1)], whole=True)
    assert found.marked == () and Path(found.file) == file


def test_a_task_that_stands_in_the_code_of_a_script_shows_all_of_the_script(folder):
    file = folder / "p.py"
    file.write_text("n = 0\nwhile True:\n    n += 1\n")
    found = sourcetext.of_task([FrameInfo("<module>", str(file), 3, 1)], whole=False)
    assert found.lines == ["n = 0", "while True:", "    n += 1"]
    assert (found.marked, found.hint) == ((3,), "")
