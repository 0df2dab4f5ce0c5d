"""`time`, whose `sleep` suspends the task only."""

from __future__ import annotations

import time
from types import ModuleType
from typing import TYPE_CHECKING

from ..fibers import call
from ..syscalls.time import Sleep
from .module import changed

if TYPE_CHECKING:
    from .program import GreenProgram


def sleep(seconds: float, /) -> None:
    """Suspend the task for so many seconds."""
    if not isinstance(seconds, (int, float)):
        seconds = float(seconds.__index__())  # what is no number raises here
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    call(Sleep(seconds))


def make(program: GreenProgram) -> ModuleType:
    return changed(time, sleep=sleep)
