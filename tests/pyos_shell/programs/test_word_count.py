"""Laws of `word_count`."""

import os
import sys
from multiprocessing import active_children

import pytest

from kernel import Scheduler
from pyos_shell.programs.word_count import word_count

from ..shell import pyos, until


@pytest.fixture
def texts(tmp_path):
    """A folder of texts, one of them in a folder of its own."""
    folder = tmp_path / "texts"
    (folder / "more").mkdir(parents=True)
    (folder / "a.txt").write_text("The cat, the dog; THE 3 cats\n")
    (folder / "more" / "b.txt").write_text("the cat's über-dog_über", "utf-8")
    (folder / "c.txt").write_bytes(b"\xff\xfe the \x00")
    (folder / "other.md").write_text("not this one")
    return folder


def words(text):
    """The lines of what was printed, in words."""
    return [line.split() for line in text.splitlines()]


def test_it_counts_the_words_of_all_files(capsys, texts):
    scheduler = Scheduler()
    scheduler.new(word_count(str(texts), pattern="*.txt"))
    scheduler.mainloop()
    *counts, total = words(capsys.readouterr().out)
    assert total == ["13", "words", "in", "3", "files"]
    assert counts[0] == ["5", "the"]
    assert sorted(counts[1:]) == [
        ["1", "cats"], ["1", "s"], ["2", "cat"], ["2", "dog"], ["2", "über"]
    ]  # fmt: skip
    assert not active_children()


def test_it_says_so_when_there_is_no_file(capsys, tmp_path):
    scheduler = Scheduler()
    scheduler.new(word_count(str(tmp_path)))
    scheduler.mainloop()
    assert words(capsys.readouterr().out) == [["0", "words", "in", "0", "files"]]


def test_it_shows_the_ten_most_frequent_words(capsys, tmp_path):
    text = " ".join(f"{chr(ord('a') + number)} " * (number + 1) for number in range(15))
    (tmp_path / "one.txt").write_text(text)
    scheduler = Scheduler()
    scheduler.new(word_count(str(tmp_path), pattern="*.txt"))
    scheduler.mainloop()
    *counts, _ = words(capsys.readouterr().out)
    assert counts == [[str(n + 1), chr(ord("a") + n)] for n in range(14, 4, -1)]


def test_what_cannot_be_read_is_its_error_and_its_processes_end(shell, tmp_path):
    (tmp_path / "folder.txt").mkdir()
    shell.run(f"spawn word_count '{tmp_path}' --pattern *.txt")
    assert isinstance(shell.wait(1).error, OSError)
    assert not active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no named pipes")
def test_when_it_is_killed_its_processes_end(shell, texts):
    os.mkfifo(texts / "d.txt")
    shell.run(f"spawn word_count '{texts}' --pattern d.txt")
    with open(texts / "d.txt", "w"):  # opened once a process reads it, and does so until it closes
        shell.run("kill 1")
    assert shell.wait(1).killed
    until(lambda: not active_children())


def test_at_the_console_without_a_terminal(texts):
    done = pyos("-c", f"spawn word_count '{texts}' --pattern *.txt; wait 1")
    assert words(done.stdout)[-1] == ["13", "words", "in", "3", "files"]
    assert done.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="platform: Windows has no pseudo-terminals")
def test_at_the_console_on_a_terminal(texts):
    from ..terminal import Terminal

    with Terminal(["pyos"]) as terminal:
        terminal.wait_for("pyos>")
        terminal.enter(f"spawn word_count '{texts}' --pattern *.txt")
        terminal.wait_for("13 words in 3 files")
        terminal.enter("exit")
        assert terminal.process.wait(30) == 0
