"""Safe points: where the code that the kernel's thread runs can be met, between two lines.

Nothing is installed, and nothing costs anything, until a thread arms them.
"""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import FrameType

#: Called with the frame that is met; gives the error that is to be raised in it, if any.
Reached = Callable[[FrameType], BaseException | None]


class SafePoints(ABC):
    """Those of one thread, on which this is made."""

    def __init__(self, reached: Reached) -> None:
        self.reached = reached
        self.ident = threading.get_ident()
        #: Whether they stay armed when an error has been raised.
        self.relentless = False
        #: Whether all code is armed, which every thread feels.
        self.wide = False

    @abstractmethod
    def arm(self, frame: FrameType | None, wide: bool = False) -> None:
        """Call `reached` at the safe points of the step whose innermost frame this is, and if
        `wide` at those of all code, from now on until `disarm`. From any thread. Raises
        `NoPreemption`.
        """

    @abstractmethod
    def disarm(self) -> None:
        """Call nobody any more. From any thread."""

    @abstractmethod
    def narrow(self, frame: FrameType | None) -> None:
        """Call `reached` no more before the thread is back in this frame, or in one below it; if
        there is none, before `arm`. Only for `reached`. Where that cannot be told, it is called on.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what belongs to the whole process."""


def safe_points(reached: Reached) -> SafePoints | None:
    """Those of this thread, by the best means of this Python; None if it has none."""
    if sys.version_info >= (3, 12):
        from .monitored import MonitoredPoints

        return MonitoredPoints(reached)
    try:
        from .traced import TracedPoints

        return TracedPoints(reached)
    except (ImportError, AttributeError, OSError):
        return None
