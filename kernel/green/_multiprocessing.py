"""`_multiprocessing`, whose semaphores suspend the task only.

They belong to several processes, and none is told when another gives one back. So whoever waits
for one looks again and again, less and less often.
"""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..fibers import call
from ..syscalls.time import Sleep
from ._thread import get_ident
from .module import changed
from .waiting import in_task

if TYPE_CHECKING:
    from .program import GreenProgram

#: The kind of a semaphore that who has it may take again.
RECURSIVE: Final = 0

#: Seconds between two looks, at first and at most.
SOON: Final = 0.0005
LATE: Final = 0.02


def semaphores(original: Any) -> Any:
    """The class of semaphores made of the one in C."""

    class SemLock(original.SemLock):  # type: ignore[misc]
        """A semaphore. Of a recursive one C code knows which thread has it, and not which task."""

        owner = 0

        def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
            """Take it, and suspend the task while it is not to be had; False if it was not."""
            if not in_task():
                return bool(super().acquire(block, timeout))
            end = None if timeout is None else time.monotonic() + max(0.0, timeout)
            pause = SOON
            while not self.take():
                left = pause if end is None else end - time.monotonic()
                if not block or left <= 0:
                    return False
                call(Sleep(min(pause, left)))
                pause = min(2 * pause, LATE)
            self.owner = get_ident()
            return True

        def take(self) -> bool:
            """Take it if it is to be had, and no other task of this thread has it."""
            others = self.kind == RECURSIVE and super()._is_mine() and not self._is_mine()
            return not others and bool(super().acquire(False))

        def _is_mine(self) -> bool:
            return bool(super()._is_mine()) and self.owner == get_ident()

        def __enter__(self) -> bool:
            return self.acquire()

    return SemLock


def make(program: GreenProgram) -> ModuleType:
    original = importlib.import_module("_multiprocessing")
    if not hasattr(original, "SemLock"):
        return changed(original)
    return changed(original, SemLock=semaphores(original))
