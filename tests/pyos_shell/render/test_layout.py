"""Laws of how lines fit a width."""

from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from pyos_shell.render import plain
from pyos_shell.render.layout import cut, end_of, shortened

from .strategies import always, texts


@always
@given(texts, st.integers(1, 40))
def test_shortened_text_fits_and_is_the_beginning(text, width):
    text = "".join(char for char in text if char.isprintable())
    short = shortened(text, width)
    assert wcswidth(short) <= width
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@always
@given(st.lists(st.tuples(st.just(""), texts), max_size=4), st.integers(1, 60))
def test_a_cut_line_fits_and_says_that_it_is_cut(line, width):
    line = [(style, "".join(filter(str.isprintable, text))) for style, text in line]
    result = plain(cut(line, width))
    assert wcswidth(result) <= width
    assert result == plain(line) or result.endswith("…")
    assert cut(line, None) == line


@always
@given(texts, st.integers(1, 30))
def test_the_end_of_a_text_fits(text, width):
    text = "".join(filter(str.isprintable, text))
    assert wcswidth(end_of(text, width)) <= max(width, 1)
    assert text.endswith(end_of(text, width).removeprefix("…"))
