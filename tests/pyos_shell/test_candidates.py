"""Laws of candidates: they hang on the type of the parameter."""

from enum import Enum
from pathlib import Path
from typing import Literal

import pytest

from pyos_shell import candidates as module
from pyos_shell.candidates import Candidate, candidates
from pyos_shell.signature import Signature


class Colour(Enum):
    RED = 1
    DARK_BLUE = 2


class Planet(str):
    """A type of one's own."""

    @classmethod
    def candidates(cls, begun, live):
        yield Candidate("mars", f"{begun} {live}")


def paint(what: Colour, how: Literal["a", "b"], nicely: bool, file: Path, on: Planet, n: int):
    """Paint."""


PARAMETERS = {each.name: each for each in Signature.of(paint).parameters}


def offered(name: str, begun: str = "") -> list[str]:
    return [each.text for each in candidates(PARAMETERS[name], begun, None)]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("what", ["red", "dark-blue"]),
        ("how", ["a", "b"]),
        ("nicely", ["yes", "no"]),
        ("on", ["mars"]),
        ("n", []),
    ],
)
def test_a_type_offers_what_its_values_can_be(name, texts):
    assert offered(name) == texts


def test_a_type_of_ones_own_is_told_what_has_been_typed_and_of_the_system():
    (only,) = candidates(PARAMETERS["on"], "ma", "the system")
    assert only.about == "ma the system"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.txt").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.py").touch()
    (tmp_path / ".hidden").touch()
    return tmp_path


def test_a_path_offers_the_files_and_folders_where_it_leads(folder):
    assert offered("file") == ["a/", "b.txt"]
    assert offered("file", "a/") == ["a/c.py"]
    assert offered("file", f"{folder}/a/") == [f"{folder}/a/c.py"]
    assert ".hidden" in offered("file", ".")


@pytest.mark.parametrize("begun", ["nothing/", "b.txt/", "a\0/", "~nobody-of-this-name/"])
def test_where_nothing_can_be_read_nothing_is_offered(folder, begun):
    assert offered("file", begun) == []


def test_of_a_very_large_folder_some_are_offered(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    assert 1 <= len(offered("file")) <= 2
