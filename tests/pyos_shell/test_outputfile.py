"""Laws of `> FILE`: what goes there, what stays on the screen, and what a file cannot be."""

import os
import sys
from pathlib import Path

import pytest

from pyos_shell.line import Word
from pyos_shell.mistake import Mistake
from pyos_shell.outputfile import OutputFile
from pyos_shell.statement import Redirection


def test_what_a_command_answers_goes_to_the_file_as_it_is_without_a_screen(shell):
    shell.width = 20
    expected = shell.succeeds("programs")
    assert shell.succeeds("programs > f") == []
    lines = Path("f").read_text("utf-8").splitlines()
    assert lines != expected  # which are cut
    shell.width = None
    assert lines == shell.succeeds("programs")


def test_it_takes_the_place_of_what_was_there_or_stands_behind_it(shell):
    Path("f").write_text("before\n" * 100)
    shell.succeeds("tasks > f; tasks >> f")
    lines = Path("f").read_text().splitlines()
    assert len(lines) == 2 and set(lines) == {shell.succeeds("tasks")[0]}


def test_errors_stay_on_the_screen_and_what_was_in_the_file_is_not_lost(shell):
    Path("f").write_text("precious")
    assert shell.fails("stack 9 > f") == ["no task 9; type tasks for those there are"]
    assert shell.fails("stakc 9 > f")[-1] == "no command 'stakc'; did you mean stack?"
    assert shell.fails("kill x > f")[2].startswith("TID takes")
    assert Path("f").read_text() == "precious"


def test_what_is_no_data_is_shown_all_the_same(shell):
    assert shell.succeeds("restart > f") == ["a new kernel, without any task"]
    assert Path("f").read_text() == ""


@pytest.mark.parametrize("sign", [">", ">>"])
@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("no/f", "No such file or directory"),
        (".", "Is a directory"),
        ("''", ""),
        ("'a\0b'", "embedded null"),
        ("~nobody-of-this-name/f", "Could not determine home directory."),
    ],
)
def test_a_file_that_cannot_be_written_to_is_underlined_and_nothing_is_done(
    shell, sign, name, trouble
):
    if sys.platform == "win32":
        pytest.skip("platform: Windows has other words for it")
    shown = shell.fails(f"spawn countdown 1 {sign} {name}")
    assert "cannot write to" in shown[-1] and trouble in shown[-1]
    assert shell.fails(f"tasks {sign} {name}")[-1] == shown[-1]
    assert shell.system.environment.last_tid is None


@pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no such pipes")
def test_a_pipe_without_a_reader_or_with_one_keeps_nobody_waiting(shell):
    os.mkfifo("pipe")
    assert "cannot write to pipe: No such device" in shell.fails("tasks > pipe")[-1]
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert "cannot write to pipe: it is no file" in shell.fails("tasks > pipe")[-1]
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="platform: no /dev/full here")
def test_a_full_disk_is_one_line_and_the_command_has_failed(shell):
    assert shell.fails("tasks > /dev/full") == [
        "cannot write to /dev/full: No space left on device"
    ]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="platform: root may all"
)
def test_a_file_without_permission_is_refused(shell):
    Path("f").touch(0o400)
    assert "cannot write to f: Permission denied" in shell.fails("tasks > f")[-1]


def test_text_in_any_language_is_written_in_utf_8(shell):
    shell.succeeds("alias 中 'spawn countdown 0'; alias > f")
    assert Path("f").read_text("utf-8") == "  中  spawn countdown 0\n"


def opened(name, append=False):
    return OutputFile(Redirection(Word(name, 0, len(name)), append))


def test_half_a_character_is_replaced_and_stray_bytes_are_put_together(tmp_path):
    with opened(str(tmp_path / "f")) as file:
        file.write(1, "a\ud800b")
        file.write(1, "é".encode().decode("ascii", "surrogateescape"))
    assert (tmp_path / "f").read_bytes() == b"a?b" + "é".encode()


def test_until_something_is_written_what_was_in_the_file_stays(tmp_path):
    (tmp_path / "f").write_text("before")
    opened(str(tmp_path / "f")).close()
    assert (tmp_path / "f").read_text() == "before"
    with opened(str(tmp_path / "f")) as file:
        file.write(1, "x")
        file.write(2, "y")
    assert (tmp_path / "f").read_text() == "xy"


def test_a_file_that_is_closed_takes_nothing_and_harms_no_other(tmp_path):
    file = opened(str(tmp_path / "f"))
    file.close()
    with open(tmp_path / "other", "wb") as other, pytest.raises(OSError, match="Bad"):
        file.write(1, "x")
    assert other.closed and (tmp_path / "other").read_bytes() == b""


def test_a_name_that_nothing_can_have_is_a_mistake_at_its_place():
    with pytest.raises(Mistake) as caught:
        opened("\0")
    assert (caught.value.start, caught.value.end) == (0, 1)
