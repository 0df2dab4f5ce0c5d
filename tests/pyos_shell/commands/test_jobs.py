"""Laws of `run` without a prompt, and of `fg` and `bg`."""

import pytest

from ..shell import pyos

PROGRAMS = """
from kernel import *

def asks():
    print("hello", (yield ReadLine()))

def fails():
    yield
    raise ValueError("no")
"""


def written(folder):
    (folder / "p.py").write_text(PROGRAMS, "utf-8")
    return folder


def test_run_waits_for_its_program_which_reads_stdin(tmp_path):
    done = pyos("-c", "run p.py:asks; run countdown 1", stdin="you\n", cwd=written(tmp_path))
    assert done.stdout == "hello you\n1\n"
    assert done.returncode == 0


def test_the_exit_status_of_run_is_that_of_its_program(tmp_path):
    done = pyos("-c", "run p.py:fails && run countdown 1", cwd=written(tmp_path))
    assert done.returncode == 1
    assert done.stdout == "", "what stands behind && has run"
    assert "ValueError: no" in done.stderr


@pytest.mark.parametrize("left_by", ["sys.exit(3)", "sys.exit('no such file')"])
@pytest.mark.parametrize("line", ["run --green s.py", "spawn --green s.py; wait $!"])
def test_a_script_that_exits_with_a_code_has_failed(tmp_path, line, left_by):
    (tmp_path / "s.py").write_text(f"import sys\n{left_by}\n", "utf-8")
    done = pyos("-c", f"{line} && run countdown 1", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "", "what stands behind && has run"


def test_a_script_that_exits_with_zero_has_succeeded(tmp_path):
    (tmp_path / "s.py").write_text("import sys\nsys.exit(0)\n", "utf-8")
    done = pyos("-c", "run --green s.py && run countdown 1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_stages_are_waited_for_together(shell):
    assert shell.succeeds("run countdown 3 | upper | count") == []
    assert shell.printed == "3 lines, 3 words\n"


def test_what_run_prints_goes_into_a_file(shell, tmp_path):
    shell.succeeds("run countdown 2 > out")
    assert (tmp_path / "out").read_text() == "2\n1\n"


def test_a_script_is_run_to_its_end(shell, tmp_path):
    text = "from kernel import *\ndef p():\n    print('ran')\n    yield\n"
    text += "s = Scheduler()\ns.new(p())\ns.mainloop()\n"
    (tmp_path / "s.py").write_text(text, "utf-8")
    shell.succeeds("run s.py")
    assert shell.printed == "ran\n"


def test_there_is_no_foreground_without_a_prompt(shell):
    shell.succeeds("spawn philosophers")
    assert shell.fails("fg 1") == ["here is no foreground, as there is no prompt"]


def test_bg_of_no_job_says_how_there_would_be_one(shell):
    assert shell.fails("bg")[0].startswith("no job has been left; run PROGRAM")
    assert shell.fails("bg 7") == ["no task 7; type tasks for those there are"]
