"""The way in for an asyncio program, and the way from it to the kernel.

sched.new(hosted(main, "127.0.0.1"))        # main is an async def of asyncio's

async def main(host):
    async with asyncio.TaskGroup() as group:
        ...
    line = await kernel_call(TakeLine())
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any

from ..errors import NotHosted
from ..fibers import fiber
from ..systemcall import SystemCall, brief


def hosted(program: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
    """What a task is made of whose program is one of asyncio's: `NewTask(hosted(main, 80))`.

    `program` is an `async def`, or a plain function that calls `asyncio.run` by itself. Nothing in
    it is changed: its loop waits for files and times by the kernel's calls, so other tasks run
    meanwhile. A kill, and a Ctrl-C, reach it as a cancellation of its main asyncio task. With
    `sys.exit()` it ends well, with any other status by that error. Raises `TypeError` for what
    cannot be called, `NoGreenlets` where that package is missing.
    """
    if not callable(program):
        raise TypeError(f"an asyncio program is a function, not {brief(program)}: main, not main()")
    if inspect.isasyncgenfunction(program):
        raise TypeError(f"{brief(program)} is an async generator: a program has no yield")
    steps: Any = fiber(run, program, args, kwargs)
    steps.__qualname__ = getattr(program, "__qualname__", None) or type(program).__qualname__
    made: Generator[Any, Any, Any] = steps
    return made


def run(program: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The plain function that such a task is."""
    from .host import Host

    with Host():
        try:
            if inspect.iscoroutinefunction(program):
                import asyncio

                return asyncio.run(program(*args, **kwargs))
            return program(*args, **kwargs)
        except SystemExit as leaving:
            if leaving.code:
                raise
            return None


async def kernel_call(call: SystemCall) -> Any:
    """Make a system call of the kernel's in an asyncio program that is a task; gives the answer, or
    raises the error. Only this asyncio task waits for it. If that is cancelled the call is given
    up, unless it has been answered: then the answer is seen first.

    To the kernel it is the program's task that calls, whichever asyncio task does: so they share
    a mailbox and what they own. Raises `NotHosted` elsewhere, `TypeError` for what is no call.
    """
    if not isinstance(call, SystemCall):
        raise TypeError(f"kernel_call makes a system call, such as Sleep(1), not {brief(call)}")
    from .visitor import current_host, visit

    host = current_host()
    if host is None:
        raise NotHosted(brief(call))
    return await visit(host, call)
