"""Laws of how it is shown what is wrong: nothing that matters is cut."""

import re
import traceback

import pytest

from pyos_shell.mistake import Mistake
from pyos_shell.render import failure, mistake, plain


def test_a_mistake_is_drawn_below_the_line():
    drawn = mistake(Mistake("no such word", 6, 10, "usage: spawn X"), "spawn word", 80)
    assert drawn == [
        [("", "spawn word")],
        [("place", "      ^^^^")],
        [("error", "no such word")],
        [("hint", "usage: spawn X")],
    ]
    assert mistake(Mistake("no"), "line", 80) == [[("error", "no")]]


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
