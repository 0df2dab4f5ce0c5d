"""Laws of a task's number at the prompt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.conversion import conversion
from pyos_shell.tid import Tid


@settings(derandomize=True)
@given(st.integers(1, 10**19 - 1))
def test_a_number_that_a_task_can_have_is_one(number):
    assert Tid.parse(str(number)) == number
    assert type(Tid.parse(str(number))) is Tid
    assert conversion(Tid).parse(f"0{number}"[:19]) > 0


@pytest.mark.parametrize(
    "text", ["", "0", "000", "-1", "+1", "1.0", "1e3", " 1", "0x1", "1_0", "x", "²", "٣", "9" * 20]
)
def test_anything_else_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"^TID takes the number of a task") as caught:
        Tid.parse(text)
    assert f"'{text}'" in str(caught.value)


def test_a_long_text_is_not_repeated_in_full():
    with pytest.raises(ValueError, match=r"…'$") as caught:
        Tid.parse("x" * 10_000)
    assert len(str(caught.value)) < 120
