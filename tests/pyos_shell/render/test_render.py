"""Laws of what the screen shows: it fits, it is safe, and nothing that matters is cut."""

import re
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from kernel import ExitStatus, FrameInfo, StackInfo, TaskInfo, TaskList
from pyos_shell.answers import Ends, Listing, Log, Notice, Page, Stack, Table
from pyos_shell.command import COMMANDS
from pyos_shell.mistake import Mistake
from pyos_shell.output import Line
from pyos_shell.program import built_in, built_in_names
from pyos_shell.render import (
    STYLES,
    failure,
    mistake,
    output_line,
    output_lines,
    plain,
    render,
)
from pyos_shell.render.layout import cut, end_of, shortened
from pyos_shell.render.tasks import duration

always = settings(derandomize=True, deadline=None)
texts = st.text(max_size=60) | st.text(
    st.sampled_from("ab ;中文한🎉e\u0301\u200d👩\ufe0f❤\t\x1b\n\ud800/:"), max_size=60
)
numbers = st.integers(0, 200_000)
states = st.sampled_from(["ready", "running", "blocked", "exited"])
ages = st.floats(0, 1e9)
tasks = st.builds(TaskInfo, numbers, numbers, states, texts, ages, numbers, texts)
lists = st.builds(
    TaskList, st.lists(tasks, max_size=5), st.integers(0, 10**6), st.just("select"), st.just(512)
)
frames = st.builds(FrameInfo, texts, texts, st.integers(1, 10**6))
stacks = st.builds(
    StackInfo, numbers, texts, states, st.lists(frames, max_size=4), numbers, texts, texts
)
ends = st.lists(st.tuples(texts, st.builds(ExitStatus, numbers)), max_size=4)
answers = (
    st.builds(Table, lists, st.booleans())
    | st.builds(Stack, stacks)
    | st.builds(Listing, st.lists(st.tuples(texts.map(repr), texts), max_size=4), texts.map(repr))
    | st.builds(Ends, ends, st.just([]), st.just([]))
)


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


CONNECTION = "read 127.0.0.1:45000 ← 127.0.0.1:53412"


# -- everything


@always
@given(answers, st.integers(20, 130))
def test_no_line_is_wider_than_the_screen_whatever_it_shows(answer, width):
    for line in render(answer, width):
        assert 0 <= wcswidth(plain(line)) <= width


@always
@given(answers)
def test_every_line_is_printable_and_every_style_is_known(answer):
    for line in render(answer, 80):
        assert plain(line).replace("\u200d", "").replace("\u3000", "").isprintable()
        assert {style for style, _ in line} <= {"", *STYLES}


@always
@given(texts, st.integers(1, 40))
def test_shortened_text_fits_and_is_the_beginning(text, width):
    text = "".join(char for char in text if char.isprintable())
    short = shortened(text, width)
    assert wcswidth(short) <= width
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@always
@given(st.lists(st.tuples(st.just(""), texts), max_size=4), st.integers(1, 60))
def test_a_cut_line_fits_and_says_that_it_is_cut(line, width):
    line = [(style, "".join(filter(str.isprintable, text))) for style, text in line]
    result = plain(cut(line, width))
    assert wcswidth(result) <= width
    assert result == plain(line) or result.endswith("…")
    assert cut(line, None) == line


def test_what_is_none_shows_nothing_and_anything_else_as_its_text():
    assert render(None) == []
    assert render(7) == [[("", "7")]]


# -- tables


def test_a_task_is_told_in_seven_columns():
    assert table(
        task(1, reason="accept 127.0.0.1:45000", program="echo_server 45000 127.0.0.1"),
        task(12, parent=1, reason=CONNECTION, age=75, depth=20_000, program="echo"),
    ) == [
        "TID PAR STATE   AGE  DEEP  WAITS FOR                              PROGRAM",
        "  1   0 blocked 1.0s     1 accept 127.0.0.1:45000                 echo_server 4…",
        " 12   1 blocked 75s  20000 read 127.0.0.1:45000 ← 127.0.0.1:53412 echo",
    ]


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


# -- stacks


def stack(*frames, width=80, **changes):
    values = {"tid": 3, "program": "p 1", "state": "blocked", "frames": list(frames)} | changes
    return [plain(line) for line in render(Stack(StackInfo(**values)), width)]


def test_a_stack_shows_each_frame_with_its_source_and_then_the_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "p.py"
    file.write_text("def f():\n    yield g()  # 注\n")
    assert stack(
        FrameInfo("f", str(file), 2),
        FrameInfo("g", "/nowhere/q.py", 9),
        call="Recv(7, 100)",
        reason=CONNECTION,
    ) == [
        "task 3 p 1  blocked",
        "  f  p.py:2",
        "      yield g()  # 注",
        "  g  /nowhere/q.py:9",
        f"  in Recv(7, 100)  {CONNECTION}",
    ]


def test_the_source_of_a_frame_is_as_it_is_on_disk_now(tmp_path):
    file = tmp_path / "p.py"
    for line in ("first = 1\n", "second = 22\n"):
        file.write_text(line)
        assert line.strip() in stack(FrameInfo("f", str(file), 1), width=None)[2]


def test_frames_that_were_left_out_are_counted_in_their_place():
    lines = stack(*[FrameInfo("f", "/q.py", 1)] * 4, omitted=19_800)
    assert lines[3] == "  … 19,800 frames more …"


def test_the_stack_of_an_ended_task_says_how_it_ended():
    status = ExitStatus(3, error=ZeroDivisionError("division by zero"))
    (line,) = stack(status=status)
    assert line == "task 3 p 1  crashed: ZeroDivisionError: division by zero"


def test_a_place_too_long_for_the_screen_keeps_its_end():
    folder = "/a/very/long/way/" * 9
    line = stack(FrameInfo("function", f"{folder}file.py", 1234))[1]
    assert wcswidth(line) == 80
    assert line.startswith("  function  …")
    assert line.endswith("/file.py:1234")


@always
@given(texts, st.integers(1, 30))
def test_the_end_of_a_text_fits(text, width):
    text = "".join(filter(str.isprintable, text))
    assert wcswidth(end_of(text, width)) <= max(width, 1)
    assert text.endswith(end_of(text, width).removeprefix("…"))


def test_code_is_in_colour_on_a_screen_and_needs_no_pygments_without():
    import inspect

    number = inspect.currentframe().f_lineno - 2
    answer = Stack(StackInfo(1, "p", "ready", [FrameInfo("f", __file__, number)]))
    assert ("code.keyword", "import") in render(answer, 80)[2]
    assert render(answer, None)[2] == [("", "      "), ("", "import inspect")]


# -- lists and pages


def overview(rows):
    return [plain(line) for line in render(Listing(rows, "a hint"), 80)]


@pytest.mark.parametrize("topic", ["help", "programs"])
def test_the_overviews_fit_on_a_projector(topic):
    answer = COMMANDS[topic].function(None)
    lines = [plain(line) for line in render(answer, 80)]
    assert lines == [plain(line) for line in render(answer, None)]
    assert len(lines) <= 22
    abouts = {about for _, about in answer.rows}
    assert all(about.endswith(".") for about in abouts)


@pytest.mark.parametrize("name", [*COMMANDS, *built_in_names()])
def test_the_help_on_everything_fits_on_a_projector(name):
    signature = COMMANDS[name].signature if name in COMMANDS else built_in(name).signature
    page = Page(f"spawn {signature.usage}", signature.doc)
    assert render(page, 80) == render(page, None)


def test_a_page_is_wrapped_where_it_does_not_fit():
    page = Page("spawn program [FIRST=1] [SECOND=2]", "Do all that is to be done.\n\n  Or less.")
    lines = [plain(line) for line in render(page, 24)]
    assert lines == [
        "  spawn program",
        "      [FIRST=1]",
        "      [SECOND=2]",
        "",
        "  Do all that is to be",
        "  done.",
        "",
        "    Or less.",
    ]


def test_a_word_too_long_for_the_screen_is_all_there():
    assert "x" * 50 in plain(render(Page("x" * 50, ""), 20)[0])


# -- messages


def test_a_notice_is_good_or_bad():
    assert render(Notice("one\ntwo")) == [[("good", "one")], [("good", "two")]]
    assert render(Notice("no", ok=False)) == [[("error", "no")]]


def test_how_tasks_ended_before_is_told_where_a_screen_may_have_lost_it():
    ends = Ends([("crash", ExitStatus(3, error=KeyError("k")))], [], [])
    assert [plain(line) for line in render(ends, 80)] == ["task 3 (crash) crashed: KeyError: 'k'"]
    assert render(ends, None) == []
    assert not ends.ok
    assert plain(render(Ends([], [], []))[0]) == "there is no task to wait for"
    assert Ends([], [ExitStatus(1)], [ExitStatus(2, killed=True)]).ok


def test_a_mistake_is_drawn_below_the_line():
    drawn = mistake(Mistake("no such word", 6, 10, "usage: spawn X"), "spawn word", 80)
    assert drawn == [
        [("", "spawn word")],
        [("place", "      ^^^^")],
        [("error", "no such word")],
        [("hint", "usage: spawn X")],
    ]
    assert mistake(Mistake("no"), "line", 80) == [[("error", "no")]]


def test_output_is_labelled_with_its_tid():
    assert plain(output_line(Line(7, "out", "text"))) == "  7 │ text"
    assert plain(output_line(Line(0, "report", "text"))) == "  - │ text"
    assert plain(output_line(Line(12345, "out", ""))) == "12345 │ "
    assert [style for style, _ in output_line(Line(1, "crash", "x"))][-1] == "error"


def test_a_long_report_goes_on_below_its_beginning_and_what_was_printed_stays_as_it_is():
    text = "a task has crashed; see why"
    shown = [plain(line) for line in output_lines(Line(7, "crash", text), 29)]
    assert shown == ["  7 │ a task has crashed; see", "    │ why"]
    assert output_lines(Line(7, "out", text), 29) == [output_line(Line(7, "out", text))]
    for width in (0, 20):
        assert output_lines(Line(7, "crash", text), width) == [output_line(Line(7, "crash", text))]


def test_an_empty_log_says_so():
    assert plain(render(Log([]))[0]) == "nothing has been printed or reported"


def syntax_error(source):
    try:
        compile(source, "/x/程序.py", "exec")
    except (SyntaxError, ValueError) as error:
        return error
    raise AssertionError("that was right")


def test_a_syntax_error_is_shown_with_its_line_in_colour():
    error = syntax_error("def f(:\n    pass\n")
    lines = failure(error, 80)
    assert [plain(line) for line in lines] == [
        '  File "/x/程序.py", line 1',
        "    def f(:",
        "          ^",
        "SyntaxError: invalid syntax",
    ]
    assert ("code.keyword", "def") in lines[1]
    assert (lines[0][0][0], lines[2][0][0], lines[3][0][0]) == ("hint", "place", "error")
    assert all(len(line) == 1 for line in failure(error, None))


@pytest.mark.parametrize(
    "source", ["x = 1\n\ty\n", "if\n", b"# coding: nope\n", b"'\xff'", "\0", "(" * 999]
)
def test_every_syntax_error_can_be_shown(source):
    error = syntax_error(source)
    assert type(error).__name__ in plain(failure(error, 80)[-1])


def test_a_failure_shows_the_traceback_and_has_the_last_word_in_red():
    try:
        raise LookupError("\x1b[2J\nmore")
    except LookupError as caught:
        error = caught
    lines = failure(error, 80)
    assert "".join(plain(line) + "\n" for line in lines) == "".join(
        traceback.format_exception(error)
    ).replace("\x1b", "\\x1b")
    assert lines[-1] == [("error", "more")]


def test_an_error_without_words_can_be_shown():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert re.search("Mute", plain(failure(Mute(), 80)[-1]))
