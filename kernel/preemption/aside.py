"""What belongs to a thread, and is put aside while a task of another kind runs on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..greenlets import current_fiber

if TYPE_CHECKING:
    from ..scheduler import Scheduler


@contextmanager
def aside(kernel: Scheduler) -> Iterator[None]:
    """Inside, the thread has no running asyncio loop, and the asynchronous generators that begin
    are the kernel's; what else belongs to an asyncio program that is a task is aside as well.
    Afterwards all is as it was, unless an error comes out: then nobody goes on there, the stack is
    being cleared away, and the thread belongs to somebody else.
    """
    fiber = current_fiber()
    belongings = fiber.belongings if fiber is not None else None
    if belongings is not None:
        belongings.swap()
    hooks = sys.get_asyncgen_hooks()
    events: Any = sys.modules.get("asyncio.events")
    running = events._get_running_loop() if events is not None else None
    if running is not None:
        events._set_running_loop(None)
    kernel.asyncgens.look_after()
    yield
    sys.set_asyncgen_hooks(*hooks)
    if running is not None:
        events._set_running_loop(running)
    if belongings is not None:
        belongings.swap()
