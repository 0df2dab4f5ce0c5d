"""Laws of what tasks print: whose it is, safe to show, bounded, and never lost in silence."""

import io
import logging
import math
import re
import sys
import threading

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel import KillTask, OnSignal, Scheduler, SendSignal, Signal, Sleep, Yield
from pyos_shell import feed as feed_module
from pyos_shell import output as output_module
from pyos_shell.feed import BUFFERED_CHARACTERS, BUFFERED_LINES, URGENT
from pyos_shell.output import (
    LONGEST_LINE,
    REMEMBERED,
    Errors,
    Plain,
)

from .shell import Watched

always = settings(derandomize=True, deadline=None)
EVERYTHING = sys.maxsize
texts = st.text() | st.text(
    st.sampled_from("ab \n\r\t\0\x1b\x07\x9b中🎉é\u200d\u202e\ud800\udcff\u2028")
)


def lines(output, unfinished=0.0):
    """All that is to be shown, as pairs of tid and text."""
    return [(line.tid, line.text) for line in output.feed.take(EVERYTHING, unfinished)]


def shown(output):
    return [text for _, text in lines(output)]


def system(output, *programs):
    """Run programs on this thread, with `output` for their stdout."""
    output.kernel_thread = threading.get_ident()
    scheduler = Scheduler()
    for program in programs:
        scheduler.new(program)
    former, sys.stdout = sys.stdout, output
    try:
        scheduler.mainloop()
    finally:
        sys.stdout = former
    return output


def plain():
    """A `Plain`, and what has come out of it so far."""
    out, err = io.BytesIO(), io.StringIO()
    return Plain(io.TextIOWrapper(out, "utf-8", newline=""), err), out, err


# -- whose it is


def speaker(*parts):
    for part in parts:
        print(part, end="")
        yield


def test_a_line_is_labelled_by_the_task_that_printed_it():
    output = system(Watched(), speaker("one\n"), speaker("two\nthree\n"))
    assert lines(output) == [(1, "one"), (2, "two"), (2, "three")]


def test_parts_of_lines_printed_in_turn_are_put_together_by_task():
    output = system(Watched(), speaker("Hel", "lo,", " I", "\n"), speaker("Good", "bye", "\nI"))
    assert lines(output) == [(2, "Goodbye"), (1, "Hello, I"), (2, "I")]


def test_a_task_within_a_task_is_the_one_that_prints():
    def subroutine():
        print("below")
        yield

    async def coroutine():
        print("at the bottom")
        await Yield()

    def program():
        yield subroutine()
        yield from coroutine().__await__()

    assert lines(system(Watched(), speaker(), program())) == [
        (2, "below"),
        (2, "at the bottom"),
    ]


def test_what_a_handler_of_a_signal_prints_is_that_of_its_task():
    def handles():
        yield OnSignal(Signal.USR1, lambda signal: print("heard"))
        yield Sleep(60)

    def sends():
        yield SendSignal(1, Signal.USR1)
        print("sent")
        yield KillTask(1)

    assert lines(system(Watched(), handles(), sends())) == [(1, "heard"), (2, "sent")]


def test_what_other_threads_print_belongs_to_no_task():
    output = Watched()

    def program():
        thread = threading.Thread(target=print, args=["from a thread"])
        thread.start()
        thread.join()
        print("from the task")
        yield

    assert lines(system(output, program())) == [(0, "from a thread"), (1, "from the task")]


def test_many_threads_print_whole_lines_and_none_is_lost():
    output, (silent, out, _) = Watched(), plain()
    for stream in (output, silent):
        threads = [
            threading.Thread(
                target=lambda n=number, s=stream: [s.write(f"{n} {i}\n") for i in range(200)]
            )
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expected = sorted(f"{number} {i}" for number in range(8) for i in range(200))
    assert sorted(shown(output)) == expected
    assert sorted(out.getvalue().decode().splitlines()) == expected


def test_who_prints_while_he_prints_is_heard_too():
    """As a `__del__` may, whenever the garbage collector runs."""

    class Interrupting(str):
        def __radd__(self, other):
            sys.stdout.write("inside\n")
            return other + str(self)

    for output in (Watched(), plain()[0]):

        def program(output=output):
            output.take_in(1, Interrupting("outside\n"))
            yield

        system(output, program())
        assert [line.text for line in output.log(None)] == ["inside", "outside"]


# -- safe to show


@always
@given(texts)
@example("a\r\nb\r\n")
@example("\ud83c\udf89")
def test_whatever_is_printed_is_shown_in_printable_lines(text):
    output = Watched()
    output.write(text)
    for line in shown(output):
        assert all(char.isprintable() or char in "\u200d\u3000" for char in line)


@always
@given(st.lists(texts, max_size=5))
def test_the_cuts_between_two_writes_make_no_difference(parts):
    once, often = Watched(), Watched()
    once.write("".join(parts))
    for part in parts:
        often.write(part)
    assert lines(once) == lines(often)


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("\x1b[2J\x1b[31mred\n", ["\\x1b[2J\\x1b[31mred"]),
        ("nul \0 bell \a\n", ["nul \\x00 bell \\x07"]),
        ("half \ud83c a pair\n", ["half \\ud83c a pair"]),
        ("no newline", ["no newline"]),
        ("\n\n", ["", ""]),
        ("windows\r\n", ["windows"]),
        ("10%\r20%\n", ["10%\\r20%"]),
        ("a\tb\n", ["a    b"]),
        ("中文 👩\u200d👧 é\n", ["中文 👩\u200d👧 é"]),
        ("hidden \u202e\u2028 end\n", ["hidden \\u202e\\u2028 end"]),
    ],
)
def test_what_would_upset_a_terminal_is_shown_as_its_escape(printed, seen):
    output = Watched()
    output.write(printed)
    assert shown(output) == seen


@always
@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_bytes_are_text_in_utf_8_wherever_they_are_cut(text, data):
    encoded = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=4)))
    whole, pieces = Watched(), Watched()
    whole.write(text)
    for start, end in zip([0, *cuts], [*cuts, len(encoded)], strict=True):
        pieces.buffer.write(encoded[start:end])
    assert lines(whole) == lines(pieces)


def test_bytes_that_are_no_text_are_replaced():
    output = Watched()
    assert output.buffer.write(memoryview(b"half: \xe2\x82\nstray: \xff\n")) == 18
    assert shown(output) == ["half: \N{REPLACEMENT CHARACTER}", "stray: \N{REPLACEMENT CHARACTER}"]


def test_a_line_without_an_end_is_shown_in_pieces():
    output = Watched()
    output.write("x" * (2 * LONGEST_LINE + 5))
    assert [len(text) for text in shown(output)] == [LONGEST_LINE, LONGEST_LINE, 5]
    for _ in range(LONGEST_LINE):
        output.write("yy")
    assert "".join(shown(output)) == "y" * 2 * LONGEST_LINE


@pytest.mark.parametrize("make", [Watched, lambda: plain()[0]])
def test_it_is_a_stream_like_any_other(make):
    output = make()
    assert output.writable()
    assert not output.isatty()
    assert (output.encoding, output.errors) == ("utf-8", "replace")
    assert output.reconfigure(encoding="utf-8", line_buffering=True) is None
    assert output.write("four") == 4
    output.writelines(["a", "b\n"])
    print("flushed", file=output, flush=True)
    handler = logging.StreamHandler(output)
    handler.emit(logging.makeLogRecord({"msg": "logged"}))
    with pytest.raises(TypeError):
        output.write(7)
    assert [line.text for line in output.log(0)] == ["fourab", "flushed", "logged"]


# -- bounded


def test_what_waits_to_be_shown_is_bounded_and_the_rest_is_counted():
    output = Watched()
    output.write("x\n" * 10 * BUFFERED_LINES)
    dropped, *kept = shown(output)
    assert dropped == f"{9 * BUFFERED_LINES:,} lines dropped"
    assert len(kept) == BUFFERED_LINES


def test_a_line_of_ten_megabytes_costs_no_more_than_the_buffer():
    output = Watched()
    output.write("x" * 10_000_000)
    output.write("end\n")
    dropped, *kept = output.feed.take(EVERYTHING)
    assert sum(len(line.text) for line in kept) <= BUFFERED_CHARACTERS
    assert kept[-1].text == "end"
    assert int(dropped.text.split()[0].replace(",", "")) + len(kept) == 10_000_000 // 2000 + 1


def test_what_is_remembered_is_bounded_too():
    output = Watched()
    for number in range(REMEMBERED + 10):
        output.write(f"{number}\n")
    assert [line.text for line in output.log(0)][:1] == ["10"]
    assert len(output.log(None)) == REMEMBERED
    assert output.log(7) == []


def test_a_line_that_is_just_being_printed_is_not_cut(monkeypatch):
    output = Watched()
    now = 100.0
    monkeypatch.setattr(output_module.time, "monotonic", lambda: now)
    output.take_in(1, "name? ")
    output.take_in(2, "line")
    now += 0.25
    output.take_in(1, "(or nothing) ")
    output.take_in(2, " 694\nline")
    now += 0.25
    assert lines(output, unfinished=0.5) == [(2, "line 694"), (1, "name? (or nothing) ")]
    output.take_in(2, " 695\n")
    assert lines(output, unfinished=0.5) == [(2, "line 695")]


@pytest.mark.parametrize("seconds", [0.25, 0.0])
def test_a_report_from_another_thread_cuts_no_line_that_is_just_being_printed(monkeypatch, seconds):
    now = 100.0
    monkeypatch.setattr(output_module.time, "monotonic", lambda: now)
    output = Watched()
    output.kernel_thread = threading.get_ident()
    output.take_in(1, "line")
    now += seconds
    reporter = threading.Thread(target=output.report, args=(1, "it holds the kernel"))
    reporter.start()
    reporter.join()
    output.take_in(1, " 694\n")
    said = (1, "it holds the kernel")
    cut = [(1, "line"), said, (1, " 694")]
    assert lines(output) == (cut if seconds else [said, (1, "line 694")])


@pytest.mark.parametrize("make", [Watched, lambda: plain()[0]])
def test_tasks_that_have_ended_leave_nothing_behind(make):
    output = make()
    for tid in range(1, 100):
        output.take_in(tid, "begun")
        output.report(tid, "ended")
    output.write("whole\n")
    assert not output.unfinished
    assert not getattr(output, "held", {})


small = settings(always, max_examples=300)


@small
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["print", "print", "take", "report"]), st.integers(1, 12)),
        max_size=30,
    ),
    room=st.integers(1, 8),
)
def test_shown_and_dropped_are_all_that_was_printed_and_the_gap_is_where_it_says(steps, room):
    """Numbered lines: where `k lines dropped` stands, just k numbers are missing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_module, "BUFFERED_LINES", room)
        output, number, seen = Watched(), 0, []
        for step, count in steps:
            if step == "take":
                seen += output.feed.take(count * 20)
            for _ in range(count if step == "print" else 0):
                number += 1
                output.write(f"{number}\n")
            if step == "report":
                output.report(1, "something happened")
        seen += output.feed.take(EVERYTHING)
    expected, reports = 1, 0
    for line in seen:
        gap = re.fullmatch(r"([\d,]+) lines dropped", line.text)
        if gap:
            expected += int(gap[1])
        elif line.kind == "report":
            reports += 1
        else:
            assert line.text == str(expected)
            expected += 1
    assert expected == number + 1
    assert reports == sum(step == "report" for step, _ in steps)


def test_a_report_is_not_lost_in_a_flood_nor_does_it_wait_for_its_end():
    output = Watched()
    output.write("flood\n" * BUFFERED_LINES)
    output.report(3, "task 3 has crashed", "crash")
    output.write("flood\n" * 10 * BUFFERED_LINES)
    first = output.feed.take(100)[0]
    assert (first.tid, first.kind, first.text) == (3, "crash", "task 3 has crashed")


def test_reports_without_end_are_bounded_as_well():
    output = Watched()
    for number in range(BUFFERED_LINES + 3 * URGENT):
        output.report(1, f"report {number}")
    assert len(output.feed.urgent) == URGENT
    assert len(output.feed.lines) == BUFFERED_LINES
    assert f"{2 * URGENT:,} lines dropped" in shown(output)


def test_reports_stay_in_order_where_they_overtake_nothing_but_each_other():
    output = Watched()
    reports = [f"task {number} has ended, and this is a longer line" for number in range(4000)]
    for report in reports:
        output.report(1, report)
    assert shown(output) == reports


def test_a_helping_is_about_as_large_as_was_asked_for():
    output = Watched()
    output.write("x" * 84 + "\n")
    output.write(("x" * 84 + "\n") * 99)
    assert len(output.feed.take(1000)) == 10
    assert len(output.feed.take(EVERYTHING)) == 90


def test_a_helping_has_what_is_unfinished_only_if_asked():
    output = Watched()
    output.write("name? ")
    assert output.feed.arrived.is_set()
    assert output.feed.take(EVERYTHING) == []
    assert output.feed.arrived.is_set()
    assert shown(output) == ["name? "]
    output.feed.take(EVERYTHING)
    assert not output.feed.arrived.is_set()


def test_a_question_is_shown_at_once_and_on_a_line_of_its_own():
    output = Watched()
    output.take_in(3, "your name? ")
    output.readers_changed(3, 2)
    assert (lines(output, unfinished=math.inf), output.awaited) == ([(3, "your name? ")], 2)
    output.take_in(3, "hello\n")
    output.readers_changed(2, 0)
    assert (lines(output, unfinished=math.inf), output.awaited) == ([(3, "hello")], 0)


def test_a_change_of_who_reads_is_news_even_if_nothing_was_printed():
    output = Watched()
    output.readers_changed(3, 3)
    assert output.feed.arrived.is_set()
    assert lines(output) == []


def test_a_report_comes_after_what_its_task_has_begun_to_print():
    output = Watched()
    output.take_in(1, "begun")
    output.take_in(2, "also")
    output.report(1, "ended\nwell")
    assert lines(output) == [(1, "begun"), (1, "ended"), (1, "well"), (2, "also")]


# -- without a terminal


def test_without_a_terminal_everything_printed_comes_out_as_it_is():
    stream, out, err = plain()
    text = "\x1b[1mbold\x1b[0m\0\r\n中\n\nlast"
    system(stream, speaker(*text))
    stream.release_all()
    assert out.getvalue().decode() == text
    assert err.getvalue() == ""


def test_without_a_terminal_parts_of_lines_printed_in_turn_become_whole_lines():
    stream, out, _ = plain()
    system(stream, speaker("Hel", "lo", "\n", "rest"), speaker("Good", "bye\n"))
    assert out.getvalue() == b"Goodbye\nHello\n"
    stream.release_all()
    assert out.getvalue() == b"Goodbye\nHello\nrest"


def test_without_a_terminal_a_task_that_flushes_is_not_held_back():
    stream, out, _ = plain()

    def program():
        print("name? ", end="", flush=True)
        assert out.getvalue() == b"name? "
        yield

    system(stream, program())


def test_without_a_terminal_a_long_line_is_not_kept():
    stream, out, _ = plain()
    for _ in range(1_000_000 // 100):
        stream.write("x" * 100)
    assert len(stream.held.get(0, "")) <= LONGEST_LINE
    stream.release_all()
    assert out.getvalue() == b"x" * 1_000_000


def test_without_a_terminal_bytes_are_bytes_and_keep_their_place():
    stream, out, _ = plain()
    stream.write("text, ")
    stream.buffer.write(b"\xff\xfe\0")
    print("text", file=stream)
    assert out.getvalue() == b"text, \xff\xfe\0text\n"


def test_without_a_terminal_a_report_goes_to_stderr_and_does_nothing_to_it():
    stream, out, err = plain()
    stream.write("begun")
    stream.report(0, "task 1 (\x1b[2J)\nand more")
    assert (out.getvalue(), err.getvalue()) == (b"begun", "task 1 (\\x1b[2J)\nand more\n")
    assert [line.text for line in stream.log(0)] == ["begun", "task 1 (\\x1b[2J)", "and more"]


def test_what_a_command_answers_is_not_remembered_as_printed():
    stream, out, err = plain()
    stream.show("data", data=True)
    stream.show("message", data=False)
    assert (out.getvalue(), err.getvalue()) == (b"data\n", "message\n")
    assert stream.log(None) == []


class Broken(io.TextIOWrapper):
    """A stream that nobody reads any more."""

    def __init__(self):
        super().__init__(io.BytesIO(), "utf-8")

    def flush(self):
        raise BrokenPipeError(32, "Broken pipe")

    def close(self):
        """Nothing can be flushed."""


def test_a_stream_that_fails_is_told_of_once_and_no_task_crashes():
    err, told = io.StringIO(), []
    stream = Plain(Broken(), err)
    stream.on_error = lambda: told.append(stream.error)

    def program():
        for _ in range(3):
            print("into the void")
            sys.stdout.buffer.write(b"into the void")
            sys.stdout.flush()
            yield

    system(stream, program())
    stream.report(1, "ended")
    stream.show("answer", data=True)
    stream.show("message", data=False)
    assert [type(error) for error in told] == [BrokenPipeError]
    assert err.getvalue() == ""


def test_an_error_of_stderr_stops_nobody():
    out = io.BytesIO()
    stream = Plain(io.TextIOWrapper(out, "utf-8"), Broken())
    stream.report(1, "ended")
    stream.show("data", data=True)
    assert out.getvalue() == b"data\n"
    assert stream.error is None


def test_only_what_is_wanted_is_shown_and_all_is_remembered():
    output = Watched()
    output.feed.wanted = lambda line: line.kind == "crash"
    output.write("printed\n")
    output.report(1, "crashed", "crash")
    output.feed.wanted = None
    output.write("more\n")
    assert [line.text for line in output.feed.take(1_000)] == ["crashed", "more"]
    assert [line.text for line in output.log(None)] == ["printed", "crashed", "more"]
    assert [line.text for line in output.log(None, ("crash",))] == ["crashed"]


def test_a_trace_is_shown_and_not_remembered():
    output = Watched()
    output.report(1, "Sleep(1) = None", "trace")
    assert [line.kind for line in output.feed.take(1_000)] == ["trace"]
    assert output.log(None) == []


def test_without_a_terminal_a_trace_names_its_task():
    out, err = io.StringIO(), io.StringIO()
    Plain(out, err).report(3, "Sleep(1) = None", "trace")
    assert err.getvalue() == "  3 Sleep(1) = None\n"


# -- where printed text goes


class Printing(Watched):
    """What task 1 prints."""

    def printing_task(self) -> int:
        return 1


def test_what_a_task_prints_goes_where_its_route_leads_and_stderr_does_not():
    output = Printing()
    taken = []
    output.routes[1] = lambda tid, text: taken.append((tid, text))
    print("to the pipe", file=output)
    output.buffer.write(b"\xc3\xa9\n")
    print("to the screen", file=Errors(output))
    assert taken == [(1, "to the pipe"), (1, "\n"), (1, "é\n")]
    assert [line.text for line in output.feed.take(1000)] == ["to the screen"]


def test_without_a_route_all_of_it_is_shown():
    output = Printing()
    output.routes[2] = lambda tid, text: None
    print("to the screen", file=output)
    assert [line.text for line in output.feed.take(1000)] == ["to the screen"]


# -- several consoles


def test_each_console_loses_only_lines_of_its_own():
    output = Watched()
    slow = output.open_feed()
    for number in range(3 * BUFFERED_LINES):
        output.write(f"{number}\n")
        output.feed.take(EVERYTHING)
    output.write("last\n")
    assert [line.text for line in output.feed.take(EVERYTHING)] == ["last"]
    first, *_, last = slow.take(EVERYTHING)
    assert (first.text, last.text) == (f"{2 * BUFFERED_LINES + 1:,} lines dropped", "last")
    assert output.feed.dropped_so_far == 0


def test_a_console_sees_what_comes_after_it_and_nothing_once_it_is_closed():
    output = Watched()
    output.write("before\n")
    later = output.open_feed()
    output.write("after\n")
    output.close_feed(later)
    output.write("too late\n")
    assert [line.text for line in later.take(EVERYTHING)] == ["after"]
    assert shown(output) == ["before", "after", "too late"]


def test_a_line_for_one_console_is_shown_there_alone_and_safely():
    output = Watched()
    other = output.open_feed()
    other.tell(3, "trace", "Sleep(1)\x1b[2J")
    assert [(line.tid, line.text) for line in other.take(EVERYTHING)] == [(3, "Sleep(1)\\x1b[2J")]
    assert shown(output) == [] == output.log(None)


def test_a_console_that_is_closed_traces_no_more():
    class Tracer:
        ended = False

        def off(self):
            self.ended = True

    output = Watched()
    own, others = Tracer(), Tracer()
    feed = output.open_feed()
    output.tracers |= {feed: own, output.feed: others}
    output.close_feed(feed)
    assert (own.ended, others.ended) == (True, False)
    output.end_traces()
    assert others.ended and not output.tracers


def test_what_is_obvious_is_told_but_where_its_task_is_in_the_foreground():
    output = Watched()
    other = output.open_feed()
    output.feed.foreground = {1}
    output.report(1, "task 1 ended", obvious=True)
    output.report(1, "task 1 stops")
    output.report(2, "task 2 ended", obvious=True)
    assert shown(output) == ["task 1 stops", "task 2 ended"]
    everywhere = ["task 1 ended", "task 1 stops", "task 2 ended"]
    assert [line.text for line in other.take(EVERYTHING)] == everywhere
    assert [line.text for line in output.log(None)] == everywhere


def test_what_has_no_newline_is_shown_on_each_console_once():
    output = Watched()
    other = output.open_feed()
    output.write("a question")
    assert shown(output) == ["a question"]
    assert other.arrived.is_set()
    assert [line.text for line in other.take(EVERYTHING, unfinished=0)] == ["a question"]
    assert shown(output) == []
