"""Stacks of plain Python calls that can be put aside, C code among them.

A generator suspends one frame; a greenlet suspends a whole stack, so with it a plain function can
be a task. Nobody imports this before it is needed: a kernel without such tasks runs without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from sys import _getframe
from typing import TYPE_CHECKING, Any, Final

from .errors import NoGreenlets
from .frames import bottom, traceback_of

try:
    from greenlet import GreenletExit, getcurrent, greenlet
except ImportError:
    raise NoGreenlets from None

if TYPE_CHECKING:
    from contextvars import Context
    from types import FrameType

    from .hosting.belongings import Belongings

__all__ = ["Fiber", "current_fiber", "getcurrent", "greenlet"]


HERE: Final = threading.local()


class Ground:
    """What is below a stack. The stack knows this and not its `Fiber`, which could never be freed
    otherwise.
    """

    __slots__ = ("below", "error", "resumer")

    def __init__(self) -> None:
        #: Who has let the stack go on, and the frame in which that was; only while it runs.
        self.resumer: greenlet | None = None
        self.below: FrameType | None = None
        #: What it ended with, if that is an error which greenlet would keep to itself.
        self.error: BaseException | None = None


class Fiber(greenlet):
    """A call of a plain function, on a stack of its own."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self.ground = Ground()
        super().__init__(partial(begin, self.ground, function, args, kwargs))
        self.thread = this_thread()
        #: Where it goes on, if that is in a greenlet which the function has made.
        self.inner: greenlet | None = None
        #: The context that it was given for its last step.
        self.context: Context | None = None
        #: What of the thread is its own, and is put aside while it does not run; mostly nothing.
        self.belongings: Belongings | None = None

    def resume(self, answer: Any, error: BaseException | None) -> Any:
        """Let it go on, with an answer or an error, to its next trap or its end; gives the trap, or
        what the function returns.
        """
        here, ground = getcurrent(), self.ground
        place = self.inner or self
        if self.parent is not here:
            self.move_to(here)
        ground.resumer, ground.below = here, _getframe()
        context = place.gr_context
        if context is self.context:  # or it is within a `Context.run`, which has another
            place.gr_context = self.context = here.gr_context
        if self.belongings is not None:
            self.belongings.swap()
        try:
            if error is None:
                trap = place.switch(answer)
            else:
                trap = place.throw(type(error), error, traceback_of(error))
            if ground.error is not None:
                raise ground.error
            return trap
        finally:
            if self.belongings is not None:
                self.belongings.swap()
            ground.resumer = ground.below = ground.error = None
            del answer, error

    def move_to(self, here: greenlet) -> None:
        """From now on `here` lets it go on. Raises `RuntimeError` on another thread than its own,
        which alone can.
        """
        if self.stranded:
            raise RuntimeError("a plain function goes on only on the thread that it began on")
        self.parent = here

    def frames(self) -> Iterator[FrameType]:
        """The Python frames, innermost first; none while it runs."""
        place: greenlet | None = self.inner or self
        while place is not None:
            frame = place.gr_frame
            while frame is not None:
                yield frame
                frame = frame.f_back
            place = place.parent if place is not self else None

    @property
    def stranded(self) -> bool:
        """Whether this is another thread than its own, which alone can go on with it."""
        return self.thread is not this_thread()


def this_thread() -> object:
    """What tells this thread from all others, ended ones too, whose numbers come again."""
    try:
        return HERE.token
    except AttributeError:
        HERE.token = token = object()
        return token


def begin(ground: Ground, function: Callable[..., Any], args: Any, kwargs: Any, _: object) -> Any:
    """The first frame of a stack. A `GreenletExit` would be taken for an answer."""
    try:
        return bottom(ground, function, args, kwargs)
    except GreenletExit as error:
        if ground.resumer is None:  # nobody wants it any more, and greenlet ends it
            raise
        ground.error = error
        return None


def way_out() -> Callable[[Any], Any] | None:
    """What hands a trap over and gives the answer, whenever that comes; None where there is no
    fiber, or none that a task lets go on.
    """
    here = getcurrent()
    stack = current_fiber()
    if stack is None or stack.ground.resumer is None:
        return None
    stack.inner = None if here is stack else here
    return stack.ground.resumer.switch


def current_fiber() -> Fiber | None:
    """The fiber on whose stack this is called, if any."""
    here: greenlet | None = getcurrent()
    while here is not None and not isinstance(here, Fiber):
        here = here.parent
    return here
