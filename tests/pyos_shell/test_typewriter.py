"""Laws of a terminal that can only print: what is typed arrives line by line."""

import io

import pytest

from pyos_shell.typewriter import Typewriter


class Listener:
    """Remembers what is typed."""

    def __init__(self):
        self.lines = []
        self.ends = 0

    def typed(self, line):
        self.lines.append(line)

    def end_input(self):
        self.ends += 1


class Paper:
    """A terminal of which nothing is asked."""

    stdout = io.StringIO()


def taken(text):
    listener = Listener()
    Typewriter(listener, Paper()).take(text)
    return listener.lines, listener.ends


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("tasks\n", ["tasks"]),
        ("\n", [""]),
        ("tasks\nhelp\n", ["tasks", "help"]),
        ("unfinished", ["unfinished"]),
        ("> a\u2028b\x0cc\x1cd\x85exit\n", ["> a\u2028b\x0cc\x1cd\x85exit"]),
    ],
)
def test_a_line_ends_with_the_enter_key_and_with_nothing_else(text, lines):
    assert taken(text) == (lines, 0)


def test_the_end_of_the_input_is_no_line():
    assert taken("") == ([], 1)
