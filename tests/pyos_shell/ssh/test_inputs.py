"""Laws of what comes in a channel of SSH: however it is cut, it is said whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.ssh.inputs import LONGEST, Command, Cooked, Keys, Lines
from pyos_shell.wire import PORTION, Kind

always = settings(derandomize=True, deadline=None)


class Spy:
    """A client that only remembers."""

    def __init__(self):
        self.said = []
        self.shown = ""
        self.left = []

    def say(self, kind, data=b""):
        self.said.append((kind, data))

    def repeat(self, text):
        self.shown += text

    def leave(self, status, why=""):
        self.left.append((status, why))


def cut(data, places):
    ends = sorted(place % (len(data) + 1) for place in places)
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


def typed(text):
    """What a terminal that can only print has been shown, and what was said."""
    spy = Spy()
    Cooked(spy).feed(text.encode())
    return spy.shown, spy.said


@always
@given(st.binary(max_size=50), st.lists(st.integers(0, 99), max_size=5))
def test_keys_are_passed_on_as_they_are(data, places):
    spy = Spy()
    keys = Keys(spy)
    for part in cut(data, places):
        keys.feed(part)
    assert b"".join(part for _, part in spy.said) == data
    keys.interrupt()
    keys.end()
    assert spy.said[-2:] == [(Kind.KEYS, b"\x03"), (Kind.KEYS, b"\x04")]
    assert spy.shown == ""


@always
@given(st.lists(st.binary(max_size=9), max_size=5), st.lists(st.integers(0, 99), max_size=5))
def test_lines_are_whole_however_they_are_cut_and_the_last_needs_no_end(lines, places):
    lines = [line.replace(b"\n", b"") for line in lines]
    spy = Spy()
    commands = Lines(spy)
    for part in cut(b"\n".join(lines), places):
        commands.feed(part)
    commands.end()
    said = [data for kind, data in spy.said if kind is Kind.COMMAND]
    if lines and not lines[-1]:
        lines.pop()
    assert said == lines
    assert spy.said[-1] == (Kind.END, b"")


def test_a_line_without_an_end_is_not_kept_for_ever():
    spy = Spy()
    lines = Lines(spy)
    lines.feed(b"x" * PORTION)
    assert spy.left == []
    lines.feed(b"x")
    assert spy.left == [(2, "a line of commands has 16,384 bytes at most")]
    assert spy.said == []


@pytest.mark.parametrize("commands", ["tasks", "tasks\nlog", ""])
def test_what_is_typed_during_commands_can_only_stop_them(commands):
    spy = Spy()
    command = Command(spy, commands)
    command.run()
    said = list(spy.said)
    assert [data.decode() for kind, data in said if kind is Kind.COMMAND] == (
        commands.split("\n") if commands else []
    )
    command.feed(b"kill 1\n")
    command.end()
    assert (spy.said, spy.left) == (said, [])
    command.feed(b"x\x03")
    assert spy.left == [(130, "")]


# -- a terminal that can only print


def test_a_line_is_said_when_it_is_finished_and_repeated_while_it_is_typed():
    assert typed("tasks\rlo") == ("tasks\r\nlo", [(Kind.KEYS, b"tasks\n")])


def test_what_is_taken_back_is_gone_from_the_screen_too():
    assert typed("kim\x7fll\x7f\x7f\r")[1] == [(Kind.KEYS, b"ki\n")]
    assert typed("a\x7f\x7f") == ("a\b \b", [])
    assert typed("中\x08")[0] == "中\b \b\b \b"
    assert typed("kill 1\x15tasks\r")[1] == [(Kind.KEYS, b"tasks\n")]


def test_ctrl_c_forgets_the_line():
    assert typed("kill 1\x03\r") == ("kill 1^C\r\n", [(Kind.KEYS, b"\x03"), (Kind.KEYS, b"\n")])


def test_ctrl_d_ends_an_empty_line_only():
    assert typed("x\x04")[1] == []
    assert typed("x\x7f\x04")[1] == [(Kind.END, b"")]


@always
@given(st.binary(max_size=60))
def test_whatever_is_typed_moves_no_cursor(data):
    spy = Spy()
    Cooked(spy).feed(data)
    assert "\x1b" not in spy.shown and "\x00" not in spy.shown


def test_a_line_has_an_end_even_if_nobody_ends_it():
    shown, said = typed("x" * (LONGEST + 10) + "\r")
    assert shown == "x" * LONGEST + "\r\n"
    assert said == [(Kind.KEYS, b"x" * LONGEST + b"\n")]
