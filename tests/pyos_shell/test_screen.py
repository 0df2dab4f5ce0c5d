"""The laws of the tests' own screen."""

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from .screen import Row, Screen

always = settings(derandomize=True, deadline=None, max_examples=200)

PIECES = st.one_of(
    st.text("ab │…程e\N{COMBINING ACUTE ACCENT}\0", max_size=12),
    st.sampled_from(
        ["\r\n", "\n", "\t", "\b", "\x1b[H", "\x1b[2;3H", "\x1b[A", "\x1b[4h", "\x1b[4l"]
    ),
    st.sampled_from(
        ["\x1b[J", "\x1b[2J", "\x1b[K", "\x1b[1K", "\x1b[2P", "\x1b[3@", "\x1b[L", "\x1b[M"]
    ),
    st.sampled_from(["\x1b[7m", "\x1b[0m", "\x1b[31;1m", "\x1b[?7l", "\x1b[?7h", "\x1bM", "\x1bD"]),
)


@always
@given(st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=6))
def test_it_shows_what_pyte_shows_and_whoever_looks_sees_it_as_it_is(texts):
    ours, theirs = Screen(10, 4), pyte.Screen(10, 4)
    streams = [pyte.Stream(screen) for screen in (ours, theirs)]
    for text in texts:
        for stream in streams:
            stream.feed(text)
        seen = list(ours.look())
        assert cells(ours) == cells(theirs)
        assert (ours.cursor.x, ours.cursor.y) == (theirs.cursor.x, theirs.cursor.y)
        assert seen == [Row(ours.row(number), ours.is_bar(number)) for number in range(4)]


def cells(screen):
    return [screen.buffer[row][column] for row in range(4) for column in range(10)]


def test_what_leaves_it_at_its_top_is_remembered_and_a_second_screen_hides_the_first():
    screen = Screen(10, 2)
    stream = pyte.Stream(screen)
    stream.feed("one\r\ntwo\r\nthree")
    stream.feed("\x1b[?1049h\x1b[Hother")
    assert [row.text for row in screen.look()] == ["other", ""]
    stream.feed("\x1b[?1049l")
    assert [*screen.gone, *(row.text for row in screen.look())] == ["one", "two", "three"]


def shrunk(before, lines):
    """A screen of six rows that shows this, and then has fewer; and its stream."""
    screen = Screen(20, 6)
    stream = pyte.Stream(screen)
    stream.feed(before)
    screen.resize(lines, 20)
    return screen, stream


def test_where_it_becomes_lower_the_cursor_stays_in_its_row():
    screen, stream = shrunk("one\r\ntwo\r\nthree\r\nprompt> ", 2)
    stream.feed("typed")
    assert [row.text for row in screen.look()] == ["three", "prompt> typed"]
    assert screen.gone == ["one", "two"]
    screen.resize(4, 10)
    stream.feed("\r\nbelow")
    assert [row.text for row in screen.look()] == ["three", "prompt> ty", "below", ""]


def test_rows_below_the_cursor_make_room_first():
    screen, stream = shrunk("prompt> \r\nbar\x1b[A\x1b[5C", 2)
    stream.feed("typed")
    assert [row.text for row in screen.look()] == ["prompt> typed", "bar"]
    assert not screen.gone
