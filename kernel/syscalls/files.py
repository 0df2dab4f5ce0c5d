"""Calls that wait for files, for code that does its own reading and writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..files import File, FileCall
from ..poller import READ, WRITE
from ..systemcall import brief, system_call
from .addresses import connection

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class ReadWait(FileCall):
    """Waits until `file` can be read from without blocking (a listening socket: accepted from).

    `file` is a socket, any object with `fileno`, or a descriptor's number. Where several wait for
    the same file, they are woken in turn. Raises `FileClosed`, also when it is closed meanwhile.
    """

    file: Any

    woken_by = "whoever is at the other end"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        # Only what the poller says now counts: the task reads for itself, unseen by the kernel.
        return kernel.files.wait(kernel.files.of(self.file), READ, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        kernel.files.of(self.file)  # some pollers tell of a closed file, too
        file.readable = False
        return None

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"read {connection(self.file) or 'file ' + brief(self.file)}"


@system_call
class WriteWait(FileCall):
    """Waits until `file` can be written to without blocking; otherwise like `ReadWait`."""

    file: Any

    woken_by = "whoever is at the other end"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return kernel.files.wait(kernel.files.of(self.file), WRITE, caller, self)

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        kernel.files.of(self.file)
        file.writable = True
        return None

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"write {connection(self.file).replace('←', '→') or 'file ' + brief(self.file)}"
