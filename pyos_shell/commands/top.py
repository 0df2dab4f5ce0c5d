"""The command that watches the tasks."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

from ..answers import Top
from ..command import command
from ..system import Failure, System
from ..top.profile import PERIOD
from ..top.view import View

#: Seconds that are looked at for a single picture.
GLANCE = 0.5

#: Rows of a single picture where there is no screen.
ROWS = 20


@command(looks=True)
def top(system: System, *, once: bool = False) -> Top | None:
    """Watch the tasks that use the processor.

    Live, on the whole screen; `h` there tells the keys, `q` leaves. Tasks are
    sorted, filtered, killed, stopped and looked into there; a console that is
    for looking only sends no signals. Where there is no such screen, one picture
    is shown.

    SHARE is how much of the processor a task has had, seen by looking a
    hundred times a second; a task is not slowed by that.

    once: show one picture, and leave
    """
    if once or system.full_screen is None or not system.on_screen:
        return picture(system)
    live(system)
    return None


def picture(system: System) -> Top:
    """What `top` shows at this moment. Raises `Failure` if the kernel has stopped."""
    view = View(system, lambda: system.rows() or ROWS)
    view.due = time.monotonic() + GLANCE
    view.look()
    while not view.look():
        pause(system)
    if view.trouble:
        raise Failure(view.trouble)
    return view.top()


def live(system: System) -> None:
    """Watch until the user leaves."""
    from ..top.screen import TopScreen

    assert system.full_screen is not None
    view = View(system, lambda: screen.rows())
    screen: Any = None

    def make(setting: Any) -> Any:
        nonlocal screen
        screen = TopScreen(view, setting)
        return screen.app

    left: Future[None] = system.full_screen(make)
    try:
        while not left.done():
            if screen is not None and view.look():
                screen.on_main_thread(screen.app.invalidate)
            pause(system)
    finally:
        if not left.done():
            screen.on_main_thread(screen.leave)
    left.result()


def pause(system: System) -> None:
    """Wait for the next sample. Raises `GivenUp` on Ctrl-C."""
    if system.given_up.wait(PERIOD):
        system.check()
