"""Laws of files that are edited."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pyos_shell import programfile
from pyos_shell.programfile import NotEditable, open_program

TEXTS = some.text(some.characters(codec="utf-8", exclude_characters="\0\r"), max_size=60)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(TEXTS, some.sampled_from(["\n", "\r\n"]), some.booleans())
def test_what_is_not_changed_is_saved_byte_for_byte(tmp_path_factory, text, newline, mark):
    path = tmp_path_factory.mktemp("f") / "p.py"
    text = "# Python\n" + text.replace("coding", "")
    data = text.replace("\n", newline).encode("utf-8-sig" if mark else "utf-8")
    path.write_bytes(data)
    file = open_program(str(path))
    assert file.text == text
    file.save(file.text)
    assert path.read_bytes() == data


def test_an_encoding_that_is_declared_is_kept():
    data = "# -*- coding: latin-1 -*-\nname = 'Zoë'\n".encode("latin-1")
    Path("p.py").write_bytes(data)
    file = open_program("p")
    assert "Zoë" in file.text
    file.save(file.text)
    assert Path("p.py").read_bytes() == data
    with pytest.raises(NotEditable, match=r"iso-8859-1 has no '→', which is in line 3"):
        file.save(file.text + "→")
    assert Path("p.py").read_bytes() == data, "the file was touched"


def test_a_new_file_has_a_program_that_runs(shell):
    for name in ("dance", "my-dance", "2nd"):
        file = open_program(name)
        assert file.is_new
        assert not file.path.exists(), "opened, but not saved"
        file.save(file.text.replace("Sleep(1)", "Sleep(0)"))
        shell.succeeds(f"run {name} 1")


def test_a_built_in_program_is_opened_as_a_copy():
    file = open_program("countdown")
    assert file.is_new and file.path == Path("countdown.py")
    assert "Count down from N to 1" in file.text


def test_what_somebody_else_writes_is_noticed_once_each_time():
    Path("p.py").write_text("a = 1\n", "utf-8")
    file = open_program("p")
    assert not file.changed_meanwhile()
    for text in ("a = 12345\n", "a = 123456\n"):
        Path("p.py").write_text(text, "utf-8")
        assert file.changed_meanwhile()
        assert not file.changed_meanwhile()
    file.save("a = 2\n")
    assert not file.changed_meanwhile()
    Path("p.py").unlink()
    assert file.changed_meanwhile()
    assert file.is_new


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("b", b"a = '\xff'\n", "b.py: it is no utf-8"),
        ("u", b"#\n#\na = '\xff'\n", "u.py is no utf-8, as line 3 shows"),
        ("c", b"# coding: klingon\n", "c.py: unknown encoding: klingon"),
        ("n", b"a = '\0'\n", "n.py is no text"),
        ("l", b"#" * 10_000_000, "l.py has 10,000,000 bytes, too many for here: edit --external"),
    ],
)
def test_what_cannot_be_edited_is_said_in_a_line(name, data, said):
    Path(f"{name}.py").write_bytes(data)
    with pytest.raises(NotEditable) as caught:
        open_program(name)
    assert str(caught.value) == said


def test_a_folder_is_no_file():
    Path("d.py").mkdir()
    with pytest.raises(NotEditable, match=r"d.py is a directory"):
        open_program("d")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000, "~nobody-of-this-name/p"])
def test_a_name_that_no_file_can_have_is_said_in_a_line(name):
    with pytest.raises(NotEditable, match="cannot read") as caught:
        open_program(name)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_said_in_a_line():
    file = open_program(f"missing{os.sep}p")
    with pytest.raises(NotEditable, match=r"cannot write .*No such file or directory"):
        file.save("a = 1\n")


def test_the_template_is_a_program():
    compile(programfile.TEMPLATE.format(name="p"), "p", "exec")
