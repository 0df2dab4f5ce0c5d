"""Laws of how lists, pages of help, and the log are shown."""

import pytest

from pyos_shell.answers import Log, Page
from pyos_shell.command import commands
from pyos_shell.program import built_in, built_in_names
from pyos_shell.render import plain, render


@pytest.mark.parametrize("topic", ["help", "programs"])
def test_the_overviews_fit_on_a_projector(topic):
    answer = commands()[topic].function(None)
    lines = [plain(line) for line in render(answer, 80)]
    assert lines == [plain(line) for line in render(answer, None)]
    assert len(lines) <= 22
    abouts = {about for _, about in answer.rows}
    assert all(about.endswith(".") for about in abouts)


@pytest.mark.parametrize("name", [*commands(), *built_in_names()])
def test_the_help_on_everything_fits_on_a_projector(name):
    signature = commands()[name].signature if name in commands() else built_in(name).signature
    text = Page("", signature.doc)
    assert render(text, 80) == render(text, None)
    assert len(render(Page(f"spawn {signature.usage}", ""), 80)) <= 5


def test_a_page_is_wrapped_where_it_does_not_fit():
    page = Page("spawn program [FIRST=1] [SECOND=2]", "Do all that is to be done.\n\n  Or less.")
    lines = [plain(line) for line in render(page, 24)]
    assert lines == [
        "  spawn program",
        "      [FIRST=1]",
        "      [SECOND=2]",
        "",
        "  Do all that is to be",
        "  done.",
        "",
        "    Or less.",
    ]


def test_a_word_too_long_for_the_screen_is_all_there():
    assert "x" * 50 in plain(render(Page("x" * 50, ""), 20)[0])


def test_an_empty_log_says_so():
    assert plain(render(Log([]))[0]) == "nothing has been printed or reported"
