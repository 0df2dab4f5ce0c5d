"""Laws of how open files are shown."""

import pytest

from kernel import FileInfo, FileList
from pyos_shell.answers import Files
from pyos_shell.render import plain, render


def shown(*rows, total=None, width=None, tid=None):
    listed = FileList(list(rows), len(rows) if total is None else total, "epoll")
    return [plain(line) for line in render(Files(listed, tid), width)]


def test_a_file_is_told_in_six_columns():
    rows = (
        FileInfo(5, "tcp", "127.0.0.1:45000", (1,), (), 2.5),
        FileInfo(12, "unix", "unnamed ← unnamed", (0, 2, 3, 4), (9,), None),
    )
    assert shown(*rows) == [
        "FILE KIND SINCE READS  WRITES ADDRESS",
        "   5 tcp  2.5s       1        127.0.0.1:45000",
        "  12 unix       - 2 3…      9 unnamed ← unnamed",
    ]


def test_what_does_not_fit_is_counted_and_nothing_says_so():
    row = FileInfo(5, "tcp", "here")
    assert shown(row, total=4)[-1] == "… and 3 more: files --all"
    assert shown() == ["no file is watched by epoll"]
    assert shown(tid=7) == ["task 7 has no open file in a variable, and waits for none"]


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (80, ["FILE", "KIND", "SINCE", "READS", "WRITES", "ADDRESS"]),
        (20, ["FILE", "READS", "ADDRESS"]),
    ],
)
def test_a_narrow_screen_loses_the_columns_that_tell_least(width, heading):
    lines = shown(FileInfo(5, "tcp", "127.0.0.1:45000", (1,), (2,), 2.5), width=width)
    assert lines[0].split() == heading
    assert all(len(line) <= width for line in lines)
