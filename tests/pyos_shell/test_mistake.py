"""Laws of a mistake: seen where it is, safe to print, and with a guess at what was meant."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from pyos_shell.mistake import NARROWEST, Mistake, closest, columns, did_you_mean, visible, within

always = settings(derandomize=True, deadline=None)
COMMANDS = ["spawn", "tasks", "kill", "stack", "help", "exit", "echo_server", "Trace"]

# Letters of one column, two and none, an emoji of several characters, and what cannot be printed.
texts = st.text(st.sampled_from("ab ;中文한🎉e\u0301\u200d👩\ufe0f❤\t\x1b\x07\x9b\u202e\ud800\r\n"))


@st.composite
def places(draw):
    source = draw(texts)
    start = draw(st.integers(0, len(source)))
    return source, start, draw(st.integers(start, len(source)))


def underline(source, start, end, width=80):
    return Mistake("no", start, end).picture(source, width)[:2]


def test_the_picture_is_the_line_the_underline_the_message_and_the_usage():
    mistake = Mistake("PORT takes a whole number, not 'x'", 5, 6, "usage: echo [PORT]")
    assert mistake.picture("echo x") == [
        "echo x",
        "     ^",
        "PORT takes a whole number, not 'x'",
        "usage: echo [PORT]",
    ]


def test_a_mistake_of_no_place_is_shown_by_its_message_alone():
    assert Mistake("no task 7").picture("kill 7") == ["no task 7"]


def test_what_is_missing_at_the_end_of_the_line_is_one_caret_after_it():
    assert underline("kill", 4, 4) == ["kill", "    ^"]


@pytest.mark.parametrize(
    ("source", "word", "expected"),
    [
        ("杀 中文 x", "中文", "   ^^^^"),
        ("🎉 bad", "bad", "   ^^^"),
        ("e\u0301 bad", "bad", "  ^^^"),
        ("👩\u200d👧 bad", "bad", "   ^^^"),
        ("❤\ufe0f bad", "bad", "   ^^^"),
        ("a\tbad", "bad", "     ^^^"),
        ("\x1b[1m bad", "bad", "        ^^^"),
        ("a \x1b", "\x1b", "  ^^^^"),
    ],
)
def test_the_underline_counts_columns_not_characters(source, word, expected):
    start = source.index(word)
    assert underline(source, start, start + len(word))[1] == expected


@always
@given(places())
def test_the_underline_is_aligned_by_display_width(place):
    source, start, end = place
    first = source.rfind("\n", 0, start) + 1
    line = source[first:].split("\n")[0] + " "  # on an empty place something is missing
    text, carets = underline(source, start, end, 10_000)
    before = visible(line[: start - first])
    through = visible(line[: max(start + 1, min(end, first + len(line) - 1)) - first])
    assert text == visible(line).rstrip()
    assert carets.count(" ") == wcswidth(before)
    assert carets.count("^") == max(1, wcswidth(through) - wcswidth(before))


@always
@given(places(), st.integers(1, 30), st.integers(0, 60))
@example(("a" * 20 + "\u200d", 20, 21), 1, 20)
@example(("❤\ufe0f", 0, 1), 30, 40)
def test_a_picture_is_never_wider_than_the_terminal(place, times, width):
    source, start, end = place
    for line in underline(source * times, start, end, width):
        assert line.isprintable() or "\u200d" in line
        assert 0 <= wcswidth(line) <= max(width, NARROWEST)


@pytest.mark.parametrize("letter", ["a", "中", "\x1b"])
def test_a_very_long_line_is_cut_around_the_place(letter):
    source = f"{letter * 5_000} bad {letter * 5_000}"
    text, carets = underline(source, 5_001, 5_004)
    assert text.startswith("…")
    assert text.endswith("…")
    assert columns(text[: text.index("bad")]) == carets.index("^")
    assert carets.count("^") == 3
    assert 35 <= carets.index("^") <= 45
    assert 70 < columns(text) <= 80


def test_a_place_wider_than_the_terminal_is_underlined_as_far_as_it_is_shown():
    text, carets = underline("a" * 10_000, 0, 10_000)
    assert text == "a" * 78 + "…"
    assert carets == "^" * 78


def test_a_terminal_that_says_it_has_no_columns_still_shows_the_place():
    assert underline("kill x", 5, 6, 0) == ["kill x", "     ^"]


def test_of_several_lines_the_one_with_the_place_is_shown():
    assert underline("tasks\nkill x\nexit", 11, 12) == ["kill x", "     ^"]


def test_a_place_over_several_lines_is_underlined_in_the_first():
    assert underline("echo 'a\nb'", 5, 10) == ["echo 'a", "     ^^"]


@always
@given(st.text())
def test_a_message_is_one_line_that_does_nothing_to_the_terminal(text):
    message = Mistake(text).message
    assert len(message.splitlines()) <= 1
    assert all(char.isprintable() or char in "\u200d\u3000" for char in message)
    message.encode()


def test_text_that_can_be_printed_is_shown_as_it_is():
    assert visible("kill 中文 👩\u200d👧\u3000é") == "kill 中文 👩\u200d👧\u3000é"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("tsaks", "tasks"),
        ("takss", "tasks"),
        ("taks", "tasks"),
        ("taskss", "tasks"),
        ("tesks", "tasks"),
        ("ech", "echo_server"),
        ("ehco_sevrer", "echo_server"),
        ("KILL", "kill"),
        ("trace", "Trace"),
        ("s", "spawn"),
        ("frobnicate", None),
        ("xy", None),
        ("", None),
    ],
)
def test_the_candidate_that_was_probably_meant_is_found(word, meant):
    assert closest(word, COMMANDS) == meant


def test_the_shortest_of_what_a_word_begins_is_meant():
    assert closest("stack", ["stack_trace", "stacks", "slack"]) == "stacks"


def test_fewer_edits_are_closer():
    assert closest("hosts", ["roots", "posts", "hostess"]) == "posts"


def test_a_message_ends_with_the_guess_if_there_is_one():
    assert did_you_mean("kil", COMMANDS) == "; did you mean kill?"
    assert did_you_mean("frobnicate", COMMANDS) == ""


def distance(word, other):
    """The textbook's table: optimal string alignment."""
    table = {(i, 0): i for i in range(len(word) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, a in enumerate(word, 1):
        for j, b in enumerate(other, 1):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b)
            )
            if i > 1 and j > 1 and a == other[j - 2] and b == word[i - 2]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(word), len(other)]


@always
@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(0, 2))
def test_edits_are_counted_as_the_textbook_does(word, other, edits):
    assert within(edits, word, other) == (distance(word, other) <= edits)


@always
@given(st.text("abcd", min_size=1, max_size=7), st.lists(st.text("abcd", max_size=7), max_size=5))
def test_nothing_close_is_overlooked(word, candidates):
    allowed = min(2, (len(word) - 1) // 2)
    near = [name for name in candidates if name.startswith(word)]
    near += [name for name in candidates if distance(word, name) <= allowed]
    meant = closest(word, candidates)
    assert meant in near if near else meant is None


def test_the_language_of_the_line_is_imported_without_the_terminal():
    slow = "{'wcwidth', 'prompt_toolkit', 'pygments', 'difflib'}"
    program = f"import sys, pyos_shell.signature; print({slow} & sys.modules.keys())"
    command = [sys.executable, "-c", program]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
