"""The lock of green programs. Of these are all others made, by `threading` itself."""

from __future__ import annotations

import _thread
from typing import TYPE_CHECKING

from ..fibers import call
from ..systemcall import SystemCall, system_call
from ..waitqueue import WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


class Lock:
    """A lock of tasks. Who has waited longest gets it from the hands of who releases it."""

    __slots__ = ("__weakref__", "taken", "waiters")

    def __init__(self) -> None:
        self.taken = False
        self.waiters = WaitQueue()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, and suspend the task while another has it; False if it was not to be had."""
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > _thread.TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        if not self.taken:
            self.taken = True
            return True
        if not blocking or timeout == 0:
            return False
        got: bool = call(TakeLock(self, None if timeout == -1 else timeout))
        return got

    def release(self) -> None:
        """Give it to who has waited longest, or back."""
        if not self.taken:
            raise RuntimeError("release unlocked lock")
        if self.waiters.first is not None:
            self.waiters.first.answer(True)
        else:
            self.taken = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self.taken

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self.taken, self.waiters = False, WaitQueue()

    def __reduce__(self) -> str:
        raise TypeError("cannot pickle '_thread.lock' object")

    def __repr__(self) -> str:
        state = "locked" if self.taken else "unlocked"
        return f"<{state} _thread.lock object of tasks at {id(self):#x}>"


@system_call
class TakeLock(SystemCall):
    """Waits for a lock, for `seconds` at most; answers whether the caller has it."""

    lock: Lock
    seconds: float | None = None

    woken_by = "whoever releases it"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        lock = self.lock
        if not lock.taken:
            lock.taken = True
            return True
        if self.seconds is not None:
            kernel.alarms.set(kernel.clock.now() + self.seconds, caller)
        return caller.sleep(lock.waiters, self)

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(False)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "a lock"
