"""Laws of what the screen shows, whatever it is: it fits, and it is safe."""

from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from pyos_shell.render import STYLES, plain, render

from .strategies import always, answers


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


def test_what_is_none_shows_nothing_and_anything_else_as_its_text():
    assert render(None) == []
    assert render(7) == [[("", "7")]]
