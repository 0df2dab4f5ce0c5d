"""Laws of the commands about the Python of tasks."""

import pytest

from pyos_shell.programs import countdown

from ..shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


# -- py


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("1 + 1", "2"),
        ("len(tasks)", "1"),
        ('"abc".upper()', "'ABC'"),
        ("{'a': [1,  2]}['a']", "[1, 2]"),
        ("'3 > 2'", "True"),
        ("'\"a;b#c\"'", "'a;b#c'"),
        ("--task 1 seconds", "1000.0"),
        ("--task 1 task.tid", "1"),
        ("--task 1 [seconds for _ in range(2)]", "[1000.0, 1000.0]"),
        ("-1", "-1"),
    ],
)
def test_an_expression_is_evaluated_as_it_was_typed(shell, typed, text):
    shell.succeeds(f"spawn {PROGRAMS}:sleeper")
    until(lambda: shell.machine.kernel.inbox.asleep)
    assert shell.succeeds(f"py {typed}") == [text]


@pytest.mark.parametrize(
    ("typed", "place"),
    [("1 +", "   ^"), ("x = 1", "   ^"), ("'1 +'", "    ^"), ("f(", "    ^")],
)
def test_what_is_no_expression_is_a_mistake_at_its_place(shell, typed, place):
    source, marks, said = shell.fails(f"py {typed}")[:3]
    assert source == f"py {typed}"
    assert "^" in marks
    assert marks.index("^") >= 3
    assert said.startswith("no expression of Python: ")
    assert place


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit()", "SystemExit: None"),
        ("nobody", "NameError: name 'nobody' is not defined"),
        ("--task 9 1", "no task 9"),
        ("'sum(1 for _ in iter(int, 1))'", "TooLong: given up after 200,000 lines of Python"),
        ("(" * 300 + ")" * 300, "SyntaxError"),
    ],
)
def test_an_expression_that_fails_ends_nothing(shell, typed, said):
    answer = shell.fails(f"py {typed}")
    assert any(line.startswith((said, "no expression")) for line in answer)
    assert shell.succeeds("py 1") == ["1"]


def test_what_it_gives_is_one_line_and_safe(shell):
    assert shell.succeeds(r"py 'chr(27) + chr(10)'") == [r"'\x1b\n'"]
    (line,) = shell.succeeds("py 'list(range(30))'")
    assert line == str(list(range(30)))


def test_words_that_were_put_in_by_the_line_are_taken_as_they_are(shell):
    from pyos_shell.commands.python import written
    from pyos_shell.line import Word

    assert written("p", (Word("len(tasks)", 0, 1),)) == ("len(tasks)", 0)
    assert written("py 1  +  1", tuple(map(Word, "1+1", (3, 6, 9), (4, 7, 10)))) == ("1  +  1", 3)


# -- reload


def test_a_file_that_has_changed_is_run_as_it_is_now_and_its_tasks_go_on(shell, tmp_path):
    file = tmp_path / "mine.py"
    text = "from kernel import Sleep\ndef go():\n    yield Sleep(1000)\n    print({!r})\n"
    file.write_text(text.format("old"))
    shell.succeeds("spawn mine.py:go; spawn countdown 1; wait 2")
    said = "the next spawn of mine.py:go runs the code of now"
    assert shell.succeeds("reload mine.py:go")[-1] == said
    file.write_text(text.format("new"))
    assert shell.succeeds("reload mine.py:go") == [f"{said}; in former code: task 1"]
    shell.succeeds("spawn mine.py:go")
    assert shell.succeeds("reload mine.py:go") == [f"{said}; in former code: task 1"]


def test_the_modules_beside_a_file_are_those_of_now_at_each_spawn(shell, tmp_path):
    (tmp_path / "helper.py").write_text("WORD = 'old'\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("from .inner import MORE\n")
    (tmp_path / "pack" / "inner.py").write_text("MORE = 'older'\n")
    (tmp_path / "mine.py").write_text(
        "import helper\nfrom pack import MORE\ndef go():\n    print(helper.WORD, MORE)\n    yield\n"
    )
    shell.succeeds("spawn mine.py:go; wait")
    (tmp_path / "helper.py").write_text("WORD = 'new'\n")
    (tmp_path / "pack" / "inner.py").write_text("MORE = 'newer'\n")
    shell.succeeds("spawn mine.py:go; wait")
    assert shell.printed == "old older\nnew newer\n"


def test_a_built_in_program_is_loaded_anew(shell):
    before = countdown.countdown
    shell.succeeds("spawn countdown 3 --pause 1000")
    assert shell.succeeds("reload countdown") == [
        "the next spawn of countdown runs the code of now"
    ]
    assert countdown.countdown is not before


def test_a_module_is_found_as_spawn_finds_it(shell, tmp_path):
    (tmp_path / "modular.py").write_text("def go():\n    yield\n")
    assert shell.succeeds("reload modular:go")
    assert shell.fails("reload nowhere:go")[2] == "there is no module nowhere"


def test_a_file_with_an_error_in_it_is_said_so_and_what_runs_goes_on(shell, tmp_path):
    (tmp_path / "bad.py").write_text("def go(:\n")
    assert shell.fails("reload bad.py:go")[-1].startswith("SyntaxError")
    assert "does not exist" in shell.fails("reload gone.py:go")[2]
    assert shell.fails("reload countdwn")[2] == "no program 'countdwn'; did you mean countdown?"
