"""How large the helpings are that a terminal is given."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.pace import LEAST, MOST, NO_WAIT, PERIOD, Pace

AT_ONCE, WAITED = NO_WAIT / 2, NO_WAIT * 2

#: Bytes in the buffer between us and a terminal.
BUFFER = 12_000


def test_helpings_double_for_a_terminal_that_never_makes_us_wait():
    pace = Pace()
    sizes = [pace.characters]
    while pace.characters < MOST:
        pace.note(AT_ONCE)
        sizes.append(pace.characters)
    assert sizes == [1_024, 2_048, 4_096, 8_192, 16_384]


def test_a_wait_halves_the_helping_and_what_follows_grows_slowly():
    pace = Pace()
    for seconds in (AT_ONCE, AT_ONCE, WAITED):
        pace.note(seconds)
    assert pace.characters == 2_048
    pace.note(AT_ONCE)
    assert 2_048 < pace.characters < 2_100


@given(st.lists(st.sampled_from([AT_ONCE, WAITED])))
def test_a_helping_is_never_larger_than_the_largest_nor_smaller_than_the_smallest(writes):
    pace = Pace()
    for seconds in writes:
        pace.note(seconds)
        assert LEAST <= pace.characters <= MOST


@settings(derandomize=True, deadline=None)
@given(st.integers(100_000, 10_000_000))
def test_the_buffer_of_a_slow_terminal_is_empty_most_of_the_time(rate):
    pace, filled, empty = Pace(), 0.0, 0
    for _ in range(1_000):
        filled = max(0.0, filled - rate * PERIOD)
        empty += not filled
        filled += pace.characters
        pace.note(max(0.0, filled - BUFFER) / rate)
        filled = min(filled, BUFFER)
    assert empty > 700
