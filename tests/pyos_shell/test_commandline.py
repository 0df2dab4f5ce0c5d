"""Laws of the portions in which an answer is written."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.commandline import PORTION, portions
from pyos_shell.feed import LABEL
from pyos_shell.render import plain

LINES = st.lists(st.integers(0, 2 * PORTION).map(lambda length: [("", "x" * length)]), max_size=20)


@settings(derandomize=True, deadline=None)
@given(LINES)
def test_all_lines_are_written_in_portions_between_which_keys_are_heard(lines):
    written = list(portions(lines))
    assert [line for portion in written for line in portion] == lines
    for portion in written:
        assert portion
        assert sum(LABEL + len(plain(line)) for line in portion[:-1]) <= PORTION


def test_an_empty_answer_has_no_portion():
    assert list(portions([])) == []
