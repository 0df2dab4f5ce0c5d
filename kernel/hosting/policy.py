"""Has the loops that an asyncio program asks for be the kernel's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..errors import ForeignLoop
from ..greenlets import current_fiber
from .loop import HostedLoop

if TYPE_CHECKING:
    from .host import Host


class HostPolicy(asyncio.DefaultEventLoopPolicy):
    """In place while the program takes a step; other threads that ask meanwhile get what they would
    get anyway.
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.thread = threading.get_ident()
        self.former = asyncio.get_event_loop_policy()
        #: Whether a loop has been set: as on a main thread, one is made for whoever asks before.
        self.is_set = False

    @property
    def is_here(self) -> bool:
        """Whether it is the program itself that asks."""
        return threading.get_ident() == self.thread

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return HostedLoop(self.host) if self.is_here else self.former.new_event_loop()

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        if not self.is_here:
            return self.former.get_event_loop()
        if not self.is_set:
            self.set_event_loop(self.new_event_loop())
        return super().get_event_loop()

    def set_event_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if not self.is_here:
            self.former.set_event_loop(loop)
            return
        self.is_set = True
        super().set_event_loop(loop)


class HostedRunner(asyncio.Runner):  # type: ignore[misc]
    """Stands in for `asyncio.Runner`, which `asyncio.run` uses, meanwhile."""

    #: Whether its loop was one that cannot be let run, and has been closed.
    refused = False

    def __init__(
        self,
        *,
        debug: bool | None = None,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        if is_in_program() and loop_factory in OWN:
            loop_factory = asyncio.new_event_loop
        super().__init__(debug=debug, loop_factory=loop_factory)

    def run(self, coro: Any, **options: Any) -> Any:  # since 3.14, any awaitable is allowed
        """As of old. Raises `ForeignLoop` for a loop that would keep all others from running."""
        loop = self.get_loop()
        try:
            check_loop(loop)
        except ForeignLoop:
            self.refused = True
            if asyncio.iscoroutine(coro):
                coro.close()
            loop.close()
            raise
        return super().run(coro, **options)

    def close(self) -> None:
        if not self.refused:
            super().close()


def set_running_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Stands in for asyncio's own meanwhile, by which a loop tells that it runs now. Raises
    `ForeignLoop` for one that a program has made by its class.
    """
    if loop is not None:
        check_loop(loop)
    SET_RUNNING_LOOP(loop)


def check_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Raise `ForeignLoop` for one that would keep all other tasks from running."""
    if is_in_program() and not isinstance(loop, HostedLoop):
        raise ForeignLoop(f"{type(loop).__module__}.{type(loop).__qualname__}")


def is_in_program() -> bool:
    """Whether it is an asyncio program that is a task that calls this."""
    fiber = current_fiber()
    return fiber is not None and fiber.belongings is not None


SET_RUNNING_LOOP: Final = asyncio._set_running_loop

#: Who demands one of these gets the kernel's, which is the same to him.
OWN: Final = {
    asyncio.SelectorEventLoop,
    getattr(asyncio, "EventLoop", asyncio.SelectorEventLoop),
}
