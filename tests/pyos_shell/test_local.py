"""Laws of programs in the current folder."""

from pathlib import Path

import pytest

DANCE = '''
from kernel import *

def {name}(steps: int = 2):
    """Dance."""
    for step in range(steps):
        print("step", step)
        yield
'''


def test_a_program_goes_by_the_bare_name_of_its_file(shell):
    Path("dance.py").write_text(DANCE.format(name="dance"), "utf-8")
    shell.succeeds("run dance 3")
    assert shell.printed == "step 0\nstep 1\nstep 2\n"
    assert "  dance [STEPS=2]" in "\n".join(shell.run("programs"))


def test_its_arguments_are_checked_before_it_runs(shell):
    Path("dance.py").write_text(DANCE.format(name="dance"), "utf-8")
    assert "STEPS takes a whole number, not 'x'" in shell.fails("run dance x")
    assert shell.printed == ""


def test_the_only_function_is_meant_whatever_it_is_called(shell):
    Path("my-dance.py").write_text(DANCE.format(name="waltz"), "utf-8")
    shell.succeeds("run my-dance")
    assert shell.printed == "step 0\nstep 1\n"


def test_of_several_functions_one_has_to_be_named(shell):
    Path("dance.py").write_text(DANCE.format(name="a") + DANCE.format(name="b"), "utf-8")
    assert "name one: dance.py:a or dance.py:b" in "\n".join(shell.fails("run dance"))


def test_a_built_in_program_comes_first(shell):
    Path("countdown.py").write_text(DANCE.format(name="countdown"), "utf-8")
    shell.succeeds("run countdown 1")
    assert shell.printed == "1\n"


def test_a_file_that_is_no_python_shows_where(shell):
    Path("dance.py").write_text("def dance(:\n", "utf-8")
    assert "SyntaxError" in shell.fails("run dance")[-1]
    assert not any("dance" in line for line in shell.run("programs"))


@pytest.mark.parametrize("name", ["../dance", ".dance", "a:b", "nothing"])
def test_these_are_no_bare_names(shell, name):
    Path("dance.py").write_text(DANCE.format(name="dance"), "utf-8")
    shell.fails(f"run {name}")
