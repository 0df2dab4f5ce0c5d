"""Every example in the README and in `docs/` runs, and shows what is printed below it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest

from kernel import Machine, Scheduler
from pyos_shell.command import COMMANDS
from pyos_shell.output import Line, Output
from pyos_shell.program import built_in_names
from pyos_shell.render import Fragments, output_line, plain
from pyos_shell.reports import report_to
from pyos_shell.session import Session
from pyos_shell.system import System

from ..pyos_shell.shell import until
from .pages import DOCS, PAGES, ROOT, blocks, text

GUARD = 30
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
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=GUARD,
    )
    assert (child.stdout, child.stderr) == (printed, "")


class Transcript(Output):
    """Everything that a console would show, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.news = threading.Condition()

    def append(self, line: Line) -> None:
        super().append(line)
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


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.stem)
def test_a_session_on_a_page_goes_as_the_page_says(page, monkeypatch):
    sessions = [text for language, text in blocks(page) if language == "pyos"]
    lines = "".join(sessions).splitlines()
    transcript = Transcript()
    with Machine(Scheduler(stdin=False)) as machine:
        transcript.kernel_thread = machine.thread.ident
        report_to(transcript, machine)
        session = Session(System(machine, transcript), transcript.note)
        monkeypatch.setattr(sys, "stdout", transcript)
        for line in lines:
            if line.startswith("pyos> "):
                until(lambda: machine.kernel.inbox.asleep)  # nobody types while things happen
                session.run(line.removeprefix("pyos> "))
            else:
                assert transcript.has(line), f"{line!r} was not shown: {transcript.shown}"


def test_the_reference_names_every_command_with_its_usage():
    page = text(DOCS / "commands.md")
    for command in COMMANDS.values():
        usage = command.signature.usage.replace("|", r"\|")  # it stands in a table
        assert f"| `{usage}`" in page
        assert all(f"`{alias}`" in page for alias in command.aliases)


def test_the_reference_names_every_program():
    page = text(DOCS / "commands.md")
    assert all(f"`{name}`" in page for name in built_in_names())
