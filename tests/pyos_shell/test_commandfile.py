"""Laws of where the start-up file is."""

import sys
from pathlib import Path

from pyos_shell.commandfile import configuration_folder, read, startup_file


def made(folder: Path) -> Path:
    """A start-up file in a folder of configurations."""
    file = folder / "pyos" / "startup"
    file.parent.mkdir(parents=True)
    file.write_text("tasks\n")
    return file


def test_the_start_up_file_is_where_xdg_says(tmp_path):
    file = made(tmp_path)
    folder = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    assert startup_file(folder) == str(file)


def test_a_relative_folder_is_none_as_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert configuration_folder({"XDG_CONFIG_HOME": "here"}) == Path.home() / ".config"
    assert configuration_folder({}) == Path.home() / ".config"


def test_on_windows_it_is_where_programs_keep_their_data(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    assert configuration_folder({"APPDATA": str(tmp_path)}) == tmp_path


def test_the_variable_names_another_or_none(tmp_path):
    made(tmp_path)
    folder = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    assert startup_file({**folder, "PYOS_STARTUP": "mine"}) == "mine"
    assert startup_file({**folder, "PYOS_STARTUP": ""}) is None


def test_who_has_none_has_none(tmp_path):
    assert startup_file({"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}) is None


def test_the_mark_of_utf_8_is_no_part_of_the_first_command(tmp_path):
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbftasks\r\n")
    assert read(str(tmp_path / "f")) == "tasks\n"
