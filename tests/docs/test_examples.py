"""Every example in the README and in `docs/` runs, and shows what is printed below it."""

from __future__ import annotations

import re
import runpy
import sys
import threading
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest

from pyos_shell.command import ALIASES, COMMANDS
from pyos_shell.feed import Feed
from pyos_shell.line import given
from pyos_shell.output import Line, Output
from pyos_shell.program import built_in_names
from pyos_shell.render import Fragments, output_line, plain
from pyos_shell.session import Session
from pyos_shell.statement import parse
from pyos_shell.system import Leave, System, boot

from ..pyos_shell.shell import python, until
from .pages import DOCS, PAGES, blocks, text

GUARD = 30

#: A file that a session on the same page needs.
FILE = re.compile(r"file `([\w.]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SESSIONS = [page for page in PAGES if any(language == "pyos" for language, _ in blocks(page))]


def python_examples() -> list:
    examples = []
    for page in PAGES:
        found = blocks(page)
        for number, (language, code) in enumerate(found):
            if language == "python":
                following = found[number + 1] if number + 1 < len(found) else ("", "")
                printed = following[1] if following[0] == "text" else ""
                examples.append(pytest.param(code, printed, id=f"{page.stem}-{number}"))
    return examples


@pytest.mark.parametrize(("code", "printed"), python_examples())
def test_a_python_example_prints_what_the_page_says(code, printed):
    done = python(code)
    assert (done.stdout, done.stderr) == (printed, "")


class Transcript(Output):
    """Everything that a console would show, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.news = threading.Condition()

    def append(self, line: Line, feeds: Iterable[Feed] | None = None) -> None:
        super().append(line, feeds)
        self.note([output_line(line)])

    def note(self, lines: list[Fragments], data: bool = False) -> None:
        with self.news:
            self.shown += [re.sub(" +", " ", plain(line)).strip() for line in lines]
            self.news.notify_all()

    def has(self, expected: str) -> bool:
        """Wait for a line such as this one, in which `…` stands for anything; take it out."""
        words = re.sub(" +", " ", expected).strip()
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in words.split("…")))

        def found() -> str | None:
            return next((line for line in self.shown if pattern.fullmatch(line)), None)

        with self.news:
            line = self.news.wait_for(found, GUARD)
            if line is not None:
                self.shown.remove(line)
        return line is not None


def typed(page: Path) -> list[str]:
    """The lines of the sessions on a page, those that are typed and those that are shown."""
    sessions = [text for language, text in blocks(page) if language == "pyos"]
    return "".join(sessions).splitlines()


def play(lines: list[str]) -> str:
    """A prompt for `play`, but nobody who presses keys."""
    return "any key types, Enter runs the line, Esc stops"


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.stem)
def test_a_session_on_a_page_goes_as_the_page_says(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, content in FILE.findall(text(page)):
        Path(name).write_text(content, "utf-8")
    transcript = Transcript()
    system = System(boot(transcript), transcript)
    system.play = play
    session = Session(system, transcript.note)
    monkeypatch.setattr(sys, "stdout", transcript)
    try:
        for line in typed(page):
            if line.startswith("pyos> "):
                # Nobody types while things happen.
                until(lambda: system.machine.kernel.inbox.asleep)
                session.run(line.removeprefix("pyos> "))
            else:
                assert transcript.has(line), f"{line!r} was not shown: {transcript.shown}"
    except Leave:
        assert line == typed(page)[-1]
    finally:
        system.machine.shutdown()


def test_every_command_has_an_example_in_a_session():
    statements = chain.from_iterable(
        parse(line.removeprefix("pyos> "))
        for page in SESSIONS
        for line in typed(page)
        if line.startswith("pyos> ") and given(line.removeprefix("pyos> ")) is None
        if "$x" not in line  # which is a mistake, and shown as one
    )
    names = {statement.words[0].text for statement in statements}
    used = {ALIASES.get(name, name) for name in names}
    assert sorted(set(COMMANDS) - used) == []


def test_the_reference_of_commands_is_what_their_declarations_make():
    """`python docs/make_reference.py` makes it anew."""
    made = runpy.run_path(str(DOCS / "make_reference.py"))
    assert made["PAGE"].read_text("utf-8") == made["reference"]()


def test_the_reference_names_every_command_with_its_usage():
    page = text(DOCS / "commands.md")
    for command in COMMANDS.values():
        usage = command.signature.usage.replace("|", r"\|")  # it stands in a table
        assert f"| `{usage}`" in page
        assert all(f"`{alias}`" in page for alias in command.aliases)


def test_the_reference_names_every_program():
    page = text(DOCS / "commands.md")
    assert all(f"`{name}`" in page for name in built_in_names())
