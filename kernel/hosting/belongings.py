"""What belongs to the thread, or to the whole process, while an asyncio program takes its steps;
it is put aside while others take theirs.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import events, runners
from collections.abc import Callable
from typing import Any, Final

LoopSetter = Callable[[asyncio.AbstractEventLoop | None], None]


class Belongings:
    """What a program has, while it does not run; and while it does, what was there before."""

    def __init__(self) -> None:
        self.aside = [get() for get, _ in PARTS]

    def swap(self) -> None:
        """Put in place what is aside, and aside what is in place."""
        for number, (get, put) in enumerate(PARTS):
            here = get()
            if here is not (other := self.aside[number]):
                self.aside[number] = here
                put(other)


def runner() -> type[asyncio.Runner]:
    """What `asyncio.run` runs a program by."""
    return runners.Runner


def set_runner(kind: type[asyncio.Runner]) -> None:
    runners.Runner = asyncio.Runner = kind  # type: ignore[misc]


def loop_setter() -> LoopSetter:
    """What a loop that begins to run makes itself known by."""
    return events._set_running_loop


def set_loop_setter(setter: LoopSetter) -> None:
    events._set_running_loop = setter


def set_hooks(hooks: Any) -> None:
    sys.set_asyncgen_hooks(*hooks)


#: How each is read, and put in place.
PARTS: Final[tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...]] = (
    (asyncio._get_running_loop, asyncio._set_running_loop),
    (asyncio.get_event_loop_policy, asyncio.set_event_loop_policy),
    (runner, set_runner),
    (loop_setter, set_loop_setter),
    (sys.get_asyncgen_hooks, set_hooks),
    (sys.get_coroutine_origin_tracking_depth, sys.set_coroutine_origin_tracking_depth),
)
