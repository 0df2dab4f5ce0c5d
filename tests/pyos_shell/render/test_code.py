"""Laws of how source is shown."""

from hypothesis import given
from hypothesis import strategies as st

from pyos_shell.render import plain
from pyos_shell.render.code import highlighted_lines, numbered, source_lines

from .strategies import always, texts

CODE = ["def f():", '    """Two', '    lines."""', "    return 1"]


def test_lines_have_their_numbers_and_those_that_matter_a_mark():
    assert [plain(line) for line in numbered(CODE, 9, {10, 12}, in_colour=False)] == [
        "   9 def f():",
        '→ 10     """Two',
        '  11     lines."""',
        "→ 12     return 1",
    ]


def test_a_string_of_several_lines_is_one_in_colour_too():
    lines = numbered(CODE, 1, {4}, in_colour=True)
    assert ("code.keyword", "def") in lines[0]
    assert all("code.string" in [style for style, _ in line] for line in lines[1:3])
    assert lines[3][1] == ("mark", "→ 4 ")


@always
@given(st.lists(texts.filter(lambda text: "\n" not in text), min_size=1, max_size=5))
def test_in_colour_there_are_as_many_lines_as_without(lines):
    shown = highlighted_lines(lines)
    assert len(shown) == len(lines)


def test_what_cannot_be_read_has_no_lines():
    assert source_lines("/no/such/file.py") == []
    assert source_lines("<string>") == []
    assert source_lines("with a \0") == []
