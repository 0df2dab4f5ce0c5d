"""Stacks of plain Python calls that can be put aside, C code among them.

A generator suspends one frame; a greenlet suspends a whole stack, so with it a plain function can
be a task. Nobody imports this before it is needed: a kernel without such tasks runs without it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import NoGreenlets
from .frames import bottom

try:
    from greenlet import getcurrent, greenlet
except ImportError:
    raise NoGreenlets from None

if TYPE_CHECKING:
    from contextvars import Context
    from types import FrameType

    from .hosting.belongings import Belongings

__all__ = ["Fiber", "current_fiber", "getcurrent", "greenlet"]


class Fiber(greenlet):
    """A call of a plain function, on a stack of its own."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        super().__init__()
        self.function, self.args, self.kwargs = function, args, kwargs
        self.thread = threading.get_ident()
        #: Where it goes on: here, or in a greenlet that the function has made.
        self.place: greenlet = self
        #: Who has switched to it, and the frame in which that was; only while it runs.
        self.resumer: greenlet | None = None
        self.below: FrameType | None = None
        #: The context that it was given for its last step.
        self.context: Context | None = None
        #: What of the thread is its own, and is put aside while it does not run; mostly nothing.
        self.belongings: Belongings | None = None

    def run(self, _: object) -> Any:
        return bottom(self)

    def resume(self, way: str, what: Any) -> Any:
        """Let it go on, with an answer (`switch`) or an error (`throw`), to its next trap or its
        end; gives the trap, or what the function returns.
        """
        here, place = getcurrent(), self.place
        self.resumer = self.parent = here
        self.below = sys._getframe()
        if place.gr_context is self.context:  # or else it has entered another, and will leave it
            # It takes this step in the task's own context.
            place.gr_context = self.context = here.gr_context
        if self.belongings is not None:
            self.belongings.swap()
        try:
            return getattr(place, way)(what)
        finally:
            if self.belongings is not None:
                self.belongings.swap()
            self.resumer = self.below = None
            del what

    def suspend(self, trap: Any) -> Any:
        """On its stack: hand over a trap; gives the answer, whenever that comes."""
        assert self.resumer is not None
        self.place = getcurrent()
        return self.resumer.switch(trap)

    @property
    def stranded(self) -> bool:
        """Whether this is another thread than its own, which alone can go on with it."""
        return self.thread != threading.get_ident()


def current_fiber() -> Fiber | None:
    """The fiber on whose stack this is called, if any."""
    here: greenlet | None = getcurrent()
    while here is not None and not isinstance(here, Fiber):
        here = here.parent
    return here
