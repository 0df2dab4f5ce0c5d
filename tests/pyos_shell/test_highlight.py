"""Laws of the colours while a line is typed: each word has that of what it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from prompt_toolkit.layout import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from kernel import Machine, Scheduler, Sleep
from pyos_shell.highlight import LineLexer, MistakeMarker, spans
from pyos_shell.live import Live
from pyos_shell.mistake import Mistake
from pyos_shell.render import STYLES


def coloured(source: str, live: Live | None = None) -> list[tuple[str, str]]:
    """The coloured parts, each with its style."""
    return [
        (source[start:end], style.removeprefix("typed."))
        for start, end, style in spans(source, live)
    ]


PROGRAM = ("p.py:f", "program")


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("tasks --all", [("tasks", "command"), ("--all", "option")]),
        ("spwan x", []),
        ("spawn countdown 5", [("spawn", "command"), ("countdown", "program"), ("5", "number")]),
        ("kill 3", [("kill", "command"), ("3", "tid")]),
        (
            "ps;stack 1 # why",
            [
                ("ps", "command"),
                (";", "operator"),
                ("stack", "command"),
                ("1", "tid"),
                ("# why", "comment"),
            ],
        ),
        (
            "spawn --name='a b' p.py:f",
            [("spawn", "command"), ("--name=", "option"), ("'a b'", "string"), PROGRAM],
        ),
        (
            "spawn --name 'a b",
            [("spawn", "command"), ("--name", "option"), ("'a b", "string")],
        ),
        ("kill 3 --signal=INT", [("kill", "command"), ("3", "tid"), ("--signal=", "option")]),
        ("help kill", [("help", "command"), ("kill", "command")]),
        ("> kill 3", []),
        ("# kill", [("# kill", "comment")]),
    ],
)
def test_each_word_has_the_style_of_what_it_is(source, parts):
    assert coloured(source) == parts


def sleeper():
    yield Sleep(1000)


def test_the_number_of_a_task_shows_whether_it_lives():
    scheduler = Scheduler(stdin=False)
    scheduler.new(sleeper())
    with Machine(scheduler) as machine:
        live = Live(lambda: machine)
        assert coloured("stack 1", live)[1] == ("1", "tid")
        assert coloured("stack 2", live)[1] == ("2", "ended")
        assert coloured("stack x", live)[1] == ("x", "ended")


WORDS = st.sampled_from(
    ["spawn", "kill", "3", "'", '"', "#", ";", "\n", " ", "\\", "--name=", "é", "countdown", "> "]
)


@settings(derandomize=True, deadline=None)
@given(st.lists(WORDS, max_size=12).map("".join) | st.text(max_size=30))
def test_whatever_is_typed_stays_as_it_is_and_has_styles_that_there_are(source):
    lines = LineLexer().lex_document(Document(source))
    rows = source.split("\n")
    assert ["".join(text for _, text in lines(number)) for number in range(len(rows))] == rows
    assert all(style in STYLES for _, _, style in spans(source))


def marked(source: str, mistake: Mistake | None, row: int = 0) -> str:
    """A mark below each character of a row that is underlined."""
    document = Document(source)
    fragments = LineLexer().lex_document(document)(row)
    shown = TransformationInput(
        BufferControl(), document, row, lambda column: column, fragments, 80, 24
    )
    found = MistakeMarker(lambda: mistake).apply_transformation(shown).fragments
    marks = ["^" if "typed.mistake" in style else " " for style, text, *_ in found for _ in text]
    return "".join(marks).rstrip()


def test_the_place_of_the_mistake_is_underlined():
    assert marked("spwan x", Mistake("", 0, 5)) == "^^^^^"
    assert marked("tasks x", None) == ""
    assert marked("tasks", Mistake("no place")) == ""


def test_where_something_is_missing_one_character_is_underlined():
    assert marked("kill; tasks", Mistake("", 4, 4)) == "    ^"


def test_of_several_rows_the_one_with_the_mistake_is_underlined():
    assert marked("tasks\nspwan x", Mistake("", 6, 11), 0) == ""
    assert marked("tasks\nspwan x", Mistake("", 6, 11), 1) == "^^^^^"
