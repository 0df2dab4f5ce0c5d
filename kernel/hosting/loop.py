"""An asyncio loop that waits by the kernel's calls."""

from __future__ import annotations

import asyncio
import selectors
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..errors import Cancelled, TaskKilled
from ..frames import never_free
from ..syscalls.files import ReadWait, WriteWait
from ..syscalls.hosting import AwaitFiles, AwaitLoop
from ..syscalls.time import Sleep

if TYPE_CHECKING:
    from ..systemcall import SystemCall
    from .host import Host


class HostedLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop in all but this: how it waits, what time it is, and what ends it."""

    def __init__(self, host: Host, selector: HostSelector | None = None) -> None:
        self.host = host
        #: What the program runs until it is done, if it does: its main asyncio task, mostly; and
        #: what that is cancelled for.
        self.main: object = None
        self.told: BaseException | None = None
        #: Whether it need not be told any more that the task is being killed.
        self.knows_of_kill = False
        self.selector = selector or HostSelector()
        self.selector.loop = self
        super().__init__(self.selector)
        host.loops.append(self)

    def time(self) -> float:
        return self.host.kernel.clock.now()

    def create_task(self, coro: Any, **options: Any) -> Any:
        task = super().create_task(coro, **options)
        if coro is self.main:
            self.main = task
        self.host.note(task)
        return task

    def run_forever(self) -> None:
        """As of old. One that begins in a `finally` of a kill is not told of that again."""
        self.knows_of_kill = self.host.task.killed
        super().run_forever()

    def run_until_complete(self, future: Any) -> Any:
        """As of old; but a kill or a Ctrl-C comes out, and not the cancellation that it became."""
        former = self.main, self.told
        self.main, self.told = future, None
        try:
            return super().run_until_complete(future)
        except asyncio.CancelledError:
            if self.told is not None:
                raise self.told from None
            raise
        finally:
            self.main, self.told = former

    def wait(self, trap: SystemCall) -> None:
        """Let others run until there is something to do."""
        try:
            self.host.wait(trap)
        except (TaskKilled, Cancelled, KeyboardInterrupt) as error:
            self.tell(error)

    def tell(self, error: BaseException) -> None:
        """What is raised in the task cancels the main asyncio task, which has its time to clean up
        with the help of the others; a second Ctrl-C is raised as it is.
        """
        main = self.main
        self.knows_of_kill = self.knows_of_kill or isinstance(error, TaskKilled)
        again = self.told is not None and isinstance(error, KeyboardInterrupt)
        if not isinstance(main, asyncio.Future) or main.done() or again:
            raise error
        self.told = error
        main.cancel()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """As of old; but where this is cancelled, or ended by force, the threads go on alone. Some
        Pythons wait for them then in the way that holds all other tasks up.
        """
        self._executor_shutdown_called = True
        executor = self._default_executor  # type: ignore[attr-defined]
        if executor is None:
            return
        ended = asyncio.Event()

        def shut() -> None:
            executor.shutdown(wait=True)
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                self.call_soon_threadsafe(ended.set)

        threading.Thread(target=shut).start()
        try:
            async with asyncio.timeout(timeout):
                await ended.wait()
        except TimeoutError:
            message = f"threads of the executor have not ended within {timeout} seconds"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
            executor.shutdown(wait=False)

    def close(self) -> None:
        if self.host.forced:
            self.shut_tasks()
        super().close()
        if self in self.host.loops:
            self.host.loops.remove(self)

    def shut_tasks(self) -> None:
        """End the asyncio tasks as they stand; nobody is told that they were pending."""
        tasks = asyncio.all_tasks(self)
        asyncio._set_running_loop(self)
        try:
            for task in tasks:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                self.shut(task)
        finally:
            asyncio._set_running_loop(None)

    def shut(self, task: asyncio.Task[Any]) -> None:
        """End it as it stands. To it that is a step like any other: where it awaits something on
        its way out an error, that there is no loop or no task, could keep it going round for ever.
        """
        asyncio.tasks._enter_task(self, task)
        try:
            drive_out(task.get_coro())
        finally:
            asyncio.tasks._leave_task(self, task)

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Any, *args: Any
    ) -> None:
        """Raises `NotImplementedError`, as wherever asyncio cannot do it."""
        raise NotImplementedError(
            "the signals of the process are the console's: kill, kill -INT and Ctrl-C "
            "cancel the main asyncio task, so clean up in its finally"
        )


def drive_out(coro: Any) -> None:
    """Raise `GeneratorExit` in a coroutine, and again at each `await` on its way out."""
    for _ in range(ATTEMPTS):
        try:
            coro.throw(GeneratorExit())
        except BaseException:
            return
    never_free(coro)


#: So many things a coroutine may await that is ended by force.
ATTEMPTS: Final = 100


class WaitsByCalls(selectors.BaseSelector):
    """Makes of any selector one that lets other tasks run while it waits."""

    loop: HostedLoop
    #: The call that it waits in; and whether there is something to do whatever the files say.
    waiting: SystemCall | None = None
    rung = False
    #: What the console calls it.
    name = "asyncio"

    def select(self, timeout: float | None = None) -> Any:
        seconds = None if timeout is None else max(0.0, timeout)
        self.waiting = self.call_for(seconds)
        try:
            self.loop.wait(self.waiting)
        finally:
            self.waiting, self.rung = None, False
        return super().select(0)

    def call_for(self, seconds: float | None) -> SystemCall:
        """What to wait by: the one descriptor that stands for all files, where there is one."""
        if hasattr(self, "fileno"):
            return AwaitLoop(self, seconds)
        calls: list[SystemCall] = [] if seconds is None else [Sleep(seconds)]
        for key in self.get_map().values():
            if key.events & selectors.EVENT_READ:
                calls.append(ReadWait(key.fileobj))
            if key.events & selectors.EVENT_WRITE:
                calls.append(WriteWait(key.fileobj))
        return AwaitFiles(self, seconds, *calls)


class HostSelector(WaitsByCalls, selectors.DefaultSelector):
    """The best selector of this system, as one that waits by calls."""
