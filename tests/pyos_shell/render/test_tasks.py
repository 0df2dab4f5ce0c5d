"""Laws of how the table of tasks is shown."""

import pytest
from wcwidth import wcswidth

from kernel import EndedInfo, EndedList, ExitStatus, TaskInfo, TaskList
from pyos_shell.answers import Ended, Table
from pyos_shell.render import plain, render
from pyos_shell.render.tasks import LEVELS, branches, duration

CONNECTION = "read 127.0.0.1:45000 ← 127.0.0.1:53412"


def task(tid=1, **changes):
    values = {
        "parent": 0,
        "state": "blocked",
        "reason": "",
        "age": 1.0,
        "depth": 1,
        "program": "p",
    }
    return TaskInfo(tid, **(values | changes))


def table(*rows, total=None, width=80, poller="epoll", limit=None):
    listed = TaskList(list(rows), len(rows) if total is None else total, poller, limit)
    return [plain(line) for line in render(Table(listed, False), width)]


def test_a_task_is_told_in_seven_columns():
    assert table(
        task(1, reason="accept 127.0.0.1:45000", program="echo_server 45000 127.0.0.1"),
        task(12, parent=1, reason=CONNECTION, age=75, depth=20_000, program="echo"),
    ) == [
        "TID PAR STATE   AGE  DEEP  WAITS FOR                              PROGRAM",
        "  1   0 blocked 1.0s     1 accept 127.0.0.1:45000                 echo_server 4…",
        " 12   1 blocked 75s  20000 read 127.0.0.1:45000 ← 127.0.0.1:53412 echo",
    ]


def shared(*rows, shares, width=80):
    answer = Table(TaskList(list(rows), len(rows), "epoll", None), True, shares=shares)
    return [plain(line) for line in render(answer, width)]


def test_shares_of_the_processor_have_a_column_where_there_are_any():
    rows = task(1, program="busy"), task(2), task(2, inner=1), task(3)
    assert shared(*rows, shares={1: 0.724, 2: 0.06, 3: 0.002}) == [
        "TID PAR STATE   SHARE AGE  DEEP WAITS FOR PROGRAM",
        "  1   0 blocked   72% 1.0s    1           busy",
        "  2   0 blocked    6% 1.0s    1           p",
        "2.1   0 blocked       1.0s    1           p",
        "  3   0 blocked       1.0s    1           p",
    ]


@pytest.mark.parametrize("shares", [{}, {1: 0.01}, {9: 1.0}], ids=["none", "hardly any", "others"])
def test_an_idle_system_has_no_column_for_shares(shares):
    assert shared(task(1), shares=shares) == table(task(1))


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (80, ["TID", "PAR", "STATE", "SHARE", "AGE", "DEEP", "WAITS", "FOR", "PROGRAM"]),
        (56, ["TID", "PAR", "STATE", "SHARE", "AGE", "WAITS", "FOR", "PROGRAM"]),
        (50, ["TID", "PAR", "STATE", "AGE", "WAITS", "FOR", "PROGRAM"]),
        (20, ["TID", "STATE", "PROGRAM"]),
    ],
)
def test_a_narrow_screen_has_no_room_for_shares(width, heading):
    row = task(depth=20_000, age=6000, reason="x" * 100, program="echo_server 45000")
    assert shared(row, shares={1: 1.0}, width=width)[0].split() == heading


def test_on_a_projector_a_connection_and_its_program_are_both_seen():
    row = table(task(99, reason=CONNECTION, program="handle_client <socket 7> ('127.0.0.1', 1)"))[1]
    assert wcswidth(row) == 80
    assert CONNECTION in row
    assert "handle_clien" in row


def test_an_ipv6_connection_leaves_room_for_the_program():
    long = "read [fe80::1234:5678:9abc:def0]:45000 ← [fe80::1234:5678:9abc:def0]:53412"
    row = table(task(reason=long, program="echo_server"))[1]
    assert wcswidth(row) == 80
    assert row.endswith(" echo_server")


def test_wide_characters_keep_the_columns():
    rows = table(task(1, reason="等待", program="程序"), task(2, reason="sleep", program="🎉"))
    begins = zip(rows, ["PROGRAM", "程", "🎉"], strict=True)
    assert len({wcswidth(row[: row.index(text)]) for row, text in begins}) == 1


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (80, ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS", "FOR", "PROGRAM"]),
        (40, ["TID", "STATE", "WAITS", "FOR", "PROGRAM"]),
        (20, ["TID", "STATE", "PROGRAM"]),
    ],
)
def test_a_narrow_screen_loses_the_columns_that_tell_least(width, heading):
    rows = table(task(reason=CONNECTION, program="echo_server 45000"), width=width)
    assert rows[0].split() == heading
    assert rows[1].split()[0] == "1"
    assert "echo" in rows[1]
    assert all(wcswidth(row) <= width for row in rows)


def test_without_a_screen_nothing_is_cut():
    long = "x" * 300
    row = table(task(reason=long, program=long), width=None)[1]
    assert row.count("x") == 600


def test_what_does_not_fit_on_the_screen_is_counted():
    assert table(task(), total=1234)[-1] == "… and 1,233 more: tasks --all"
    assert len(table(task(), total=1)) == 2


def test_a_poller_that_can_watch_little_says_so():
    line = "files are watched by select: sockets only, 512 at most"
    assert table(task(), poller="select", limit=512)[-1] == line
    assert table(poller="select", limit=512)[-1] == line
    assert "select" not in "".join(table(task()))


def test_an_empty_table_says_how_to_start():
    assert table() == ["no tasks; start one: spawn countdown 5   what there is: programs"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (3.44, "3.4s"),
        (9.96, "10s"),
        (99.4, "99s"),
        (100, "2m"),
        (5999, "100m"),
        (7200, "2h"),
        (86400 * 9, "9d"),
        (1e12, "11574074d"),
    ],
)
def test_ages_are_short(seconds, text):
    assert duration(seconds) == text


# -- trees


def test_a_tree_is_drawn_with_lines_and_an_orphan_begins_one_of_its_own():
    rows = [(1, 0), (2, 1), (4, 2), (3, 1), (5, 3), (6, 99), (7, 6)]
    stems = branches([task(tid, parent=parent) for tid, parent in rows])
    by_tid = {tid: stem for (tid, _), stem in stems.items()}
    assert by_tid == {1: "", 2: "├─ ", 4: "│  └─ ", 3: "└─ ", 5: "   └─ ", 6: "", 7: "└─ "}


def test_a_tree_of_any_depth_leaves_room_for_its_programs():
    stems = branches([task(tid, parent=tid - 1) for tid in range(1, 2_000)])
    assert len(stems) == 1_999
    assert max(map(wcswidth, stems.values())) <= 3 * LEVELS


def test_a_tree_fits_a_narrow_screen():
    rows = [task(tid, parent=tid - 1, program=f"program {tid}") for tid in range(1, 9)]
    lines = render(Table(TaskList(rows, 8, "epoll", None), True, tree=True), 20)
    assert all(wcswidth(plain(line)) <= 20 for line in lines)


# -- those that have ended


def ended(*rows, total=None, width=80, narrowed=False):
    listed = EndedList(list(rows), len(rows) if total is None else total)
    return [plain(line) for line in render(Ended(listed, narrowed), width)]


def test_the_ended_are_told_with_how_long_they_lived_and_how_they_ended():
    crash = ExitStatus(2, error=ValueError("no good"))
    assert ended(
        EndedInfo(2, 0, "crash", 75.0, crash), EndedInfo(1, 0, "p", 0.5, ExitStatus(1))
    ) == [
        "TID PAR LIVED HOW IT ENDED                 PROGRAM",
        "  2   0 75s   crashed: ValueError: no good crash",
        "  1   0 0.5s  ended                        p",
    ]


def test_how_a_task_ended_is_good_or_bad():
    listed = EndedList([EndedInfo(1, 0, "p", 1.0, ExitStatus(1, killed=True))], 1)
    assert ("error", "killed       ") in [
        (style, text.ljust(13)) for style, text in render(Ended(listed))[1]
    ]


def test_the_ended_that_do_not_fit_are_counted():
    row = EndedInfo(1, 0, "p", 1.0, ExitStatus(1))
    assert ended(row, total=9)[-1] == "… and 8 more: tasks --ended --all"
    assert ended() == ["no task has ended yet"]
    assert ended(narrowed=True) == ["no task has ended that is like that"]
    assert [line.split() for line in ended(row, width=20)] == [
        ["TID", "HOW", "IT", "…", "PROGRAM"],
        ["1", "ended", "p"],
    ]
