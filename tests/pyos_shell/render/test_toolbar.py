"""Laws of the toolbar: it fits, and a narrow screen does without what matters less."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.hint import hint
from pyos_shell.mistake import Mistake, columns
from pyos_shell.render import plain
from pyos_shell.render.toolbar import hint_line, mistake_line, short, status_line
from pyos_shell.status import Status

always = settings(derandomize=True, deadline=None)
BUSY = Status(1234, 1000, 230, 4, 812_345.6, 41_000_000, 12_345)


def shown(status: Status, width: int) -> str:
    return plain(status_line(status, width))


def test_what_there_is_to_tell_is_told_and_nothing_else():
    assert shown(Status(), 80) == " no tasks"
    assert shown(Status(1, 0, 1, 0, 0, 8_000_000), 80) == " 1 task  1 blocked  8 MB"
    assert shown(BUSY, 120) == (
        " 1,234 tasks  1,000 ready  230 blocked  4 stopped  ≈812k turns/s  12k lines dropped  41 MB"
    )


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, " 1,234 tasks  1,000 ready  4 stopped  ≈812k turns/s  12k lines dropped"),
        (60, " 1,234 tasks  1,000 ready  4 stopped  12k lines dropped"),
        (50, " 1,234 tasks  1,000 ready  12k lines dropped"),
        (40, " 1,234 tasks  12k lines dropped"),
        (20, " 1,234 tasks"),
        (8, " 1,234 …"),
    ],
)
def test_a_narrow_screen_does_without_what_matters_least(width, text):
    assert shown(BUSY, width) == text


@pytest.mark.parametrize(
    ("rate", "width", "text"),
    [
        (None, 80, " paused  3 tasks  2 ready  1 blocked  8 MB"),
        (0.5, 80, " slow 0.5  3 tasks  2 ready  1 blocked  8 MB"),
        (None, 20, " paused  3 tasks"),
        (1000.0, 20, " slow 1000  3 tasks"),
    ],
)
def test_that_the_system_is_held_up_is_told_first_however_narrow_the_screen(rate, width, text):
    status = Status(3, 2, 1, 0, 0, 8_000_000, paused=True, rate=rate)
    assert shown(status, width) == text
    assert status_line(status, width)[1][0] == "toolbar.pace"


numbers = st.integers(0, 10**12)
statuses = st.builds(
    Status,
    numbers,
    numbers,
    numbers,
    numbers,
    st.floats(0, 1e12),
    st.none() | numbers,
    numbers,
    st.booleans(),
    st.none() | st.floats(0.001, 1000),
)


@always
@given(statuses, st.integers(1, 200))
def test_a_status_fits_on_any_screen(status, width):
    assert columns(shown(status, width)) <= width


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (7.4, "7"), (999.4, "999"), (999.6, "1.0k"), (1234, "1.2k"), (99_999, "100k"),
     (999_600, "1.0M"), (1.5e6, "1.5M"), (2e9, "2.0G"), (5e13, "50000G")],
)  # fmt: skip
def test_a_large_number_is_told_in_few_digits(number, text):
    assert short(number) == text


LINES = ["kill ", "kill 3 --signal ", "spawn philosophers --p", "spawn ", "ps"]


@pytest.mark.parametrize("before", LINES)
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_hint_fits_and_shows_the_current_part_as_long_as_that_fits(before, width):
    found = hint(before)
    line = hint_line(found, width)
    assert columns(plain(line)) <= width
    current = [part.text for part in found.parts if found.current in part.parameters]
    for text in current:
        if len(f" {found.names} {text}…") <= width:
            assert ("toolbar.current", f" {text}") in line


def test_a_wide_screen_has_the_line_of_help_too():
    assert plain(hint_line(hint("why "), 80)) == " why TID  Say why a task does not go on."
    assert plain(hint_line(hint("why "), 20)) == " why TID"


@always
@given(st.text(max_size=60), st.integers(1, 100))
def test_what_is_wrong_fits_on_any_screen(message, width):
    assert columns(plain(mistake_line(Mistake(message), width))) <= max(width, 1)
