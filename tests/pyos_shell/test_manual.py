"""Laws of help on programs: it tells all that their text tells, and runs nothing."""

import json

import pytest

PROGRAM = '''
"""Programs that nobody has run."""

raise SystemExit


def dance(times: int = 3, *rest: str, loud: bool = False, who="me"):
    """Dance a little.

    loud: with noise
    """
    yield


@wonderful
def changed(x):
    """Be another."""
    yield
'''


@pytest.mark.parametrize("topic", ["dance", "dance.py:dance", "dance:dance"])
def test_help_tells_all_about_a_program_in_a_file_and_runs_nothing(shell, tmp_path, topic):
    (tmp_path / "dance.py").write_text(PROGRAM, "utf-8")
    assert shell.succeeds(f"help {topic}") == [
        f"  spawn {topic} [TIMES=3] [REST…] [--loud] [--who=me]",
        "",
        "  Dance a little.",
        "",
        "  loud: with noise",
        "",
        "  TIMES   a whole number, 3 unless given",
        "  REST…   text",
        "  --loud  an option without a value",
        "  --who   text, me unless given",
    ]


def test_help_on_a_file_tells_what_is_in_it(shell, tmp_path):
    (tmp_path / "dance.py").write_text(PROGRAM, "utf-8")
    assert shell.succeeds("help dance.py") == [
        "  spawn dance.py",
        "",
        "  Programs that nobody has run.",
        "",
        "  dance.py:dance    Dance a little.",
        "  dance.py:changed  Be another.",
        "",
        "  a script; or a function of it: help dance.py:FUNCTION",
    ]


def test_where_only_a_run_would_tell_help_says_so(shell, tmp_path):
    (tmp_path / "dance.py").write_text(PROGRAM, "utf-8")
    assert shell.succeeds("help dance.py:changed")[-1] == "  what it takes is known when it runs"
    assert "  Be another." in shell.succeeds("help dance.py:changed")


def test_the_help_of_a_program_is_a_document_too(shell, tmp_path):
    (tmp_path / "dance.py").write_text(PROGRAM, "utf-8")
    (line,) = shell.succeeds("help dance --json")
    assert json.loads(line)["rows"][0] == ["TIMES", "a whole number, 3 unless given"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("help dnace", "no command and no program 'dnace'; did you mean dance?"),
        ("help dance.py:dnace", "there is no function dnace in dance.py; did you mean dance?"),
        ("help dnace.py", "the file dnace.py does not exist; did you mean dance.py?"),
        ("help nowhere.to:be", "there is no module nowhere.to"),
        ("help broken.py", "nothing can be told of broken.py, as it is no Python"),
    ],
)
def test_help_on_a_program_that_there_is_not_says_what_was_meant(shell, tmp_path, line, message):
    simple = PROGRAM.replace("raise SystemExit", "")
    (tmp_path / "dance.py").write_text(simple, "utf-8")
    (tmp_path / "broken.py").write_text("def (", "utf-8")
    source, marks, said, *_ = shell.fails(line)
    assert (source, set(marks.strip())) == (line, {"^"})
    assert said == message
