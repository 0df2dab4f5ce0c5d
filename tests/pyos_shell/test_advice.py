"""Laws of advice: it is that of the line as it is now, and worked out once for each state of it."""

import pytest
from prompt_toolkit.document import Document

from pyos_shell import advice as module
from pyos_shell.advice import Advice
from pyos_shell.live import Live
from pyos_shell.render import plain
from pyos_shell.status import Status


class Typed:
    """A line being typed, on a screen of a width, in a system of a status."""

    def __init__(self):
        self.document = Document("")
        self.width = 80
        self.status = Status()
        self.advice = Advice(
            lambda: self.document, Live(NoMachine), lambda: self.status, lambda: self.width
        )

    def told(self, text: str, cursor: int | None = None) -> str:
        self.document = Document(text, cursor)
        return plain(self.advice.about_line())


def NoMachine():  # noqa: N802 - it stands for a class
    raise AssertionError("nobody is to ask for the machine")


@pytest.fixture
def typed():
    return Typed()


def test_what_is_wrong_comes_before_what_may_come_next(typed):
    assert typed.told("") == ""
    assert typed.told("kill ").startswith(" kill TID…")
    assert typed.told("kill x ").startswith(" TID takes the number of a task")
    assert typed.told("kill x").startswith(" kill TID…")
    assert typed.told("kill x ", 6).startswith(" kill TID…")


def test_a_screen_of_another_width_has_another_line(typed):
    wide = typed.told("kill ")
    typed.width = 20
    assert len(plain(typed.advice.about_line())) <= 20 < len(wide)


def test_each_state_is_looked_at_once_however_often_it_is_drawn(typed, monkeypatch):
    looks = []
    check = module.check_typed
    monkeypatch.setattr(module, "check_typed", lambda *given: looks.append(given) or check(*given))
    for _ in range(5):
        typed.told("spwan ")
        typed.advice.mistake()
    assert len(looks) == 1
    typed.told("spwan  ")
    assert len(looks) == 2


def test_the_status_is_drawn_as_it_is_now(typed):
    assert plain(typed.advice.about_system()) == " no tasks"
    typed.status = Status(tasks=2)
    assert plain(typed.advice.about_system()) == " 2 tasks"
