"""A stand-in for the kqueue of macOS and the BSDs, so that `KqueuePoller` runs on other systems.

It works on real descriptors, over poll(2), and keeps those promises of kqueue(2) that a poller
lives on:

- to add a filter that is there changes nothing; to delete one that is not there is ENOENT, and
  to name a descriptor that is not open is EBADF, and its own is EINVAL;
- each filter is told of by an event of its own, in every round while it holds;
- the end of the stream and errors count as readable, and as writable;
- a file on disk is readable short of its end only;
- what is closed leaves by itself, although a duplicate is open, and a new file of the same number
  is not told of.

The last of these goes by the identity of the file, so a number that is reused for a duplicate of
the very same file fools it; no test here does that.
"""

from __future__ import annotations

import errno
import math
import os
import select
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

KQ_FILTER_READ = -1
KQ_FILTER_WRITE = -2
KQ_EV_ADD = 1
KQ_EV_DELETE = 2


@dataclass
class KernelEvent:
    ident: int
    filter: int = KQ_FILTER_READ
    flags: int = KQ_EV_ADD


class StandIn:
    """A kqueue."""

    fd = -1

    def __init__(self) -> None:
        #: Which file each filter was added for.
        self.filters: dict[tuple[int, int], tuple[int, int]] = {}
        # Takes a descriptor like the real one, and can run out of them.
        self.fd = os.dup(0)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    __del__ = close

    def control(
        self, changes: Iterable[KernelEvent] | None, most: int, timeout: float | None = None
    ) -> list[KernelEvent]:
        assert self.fd >= 0
        for change in changes or ():
            self.change(change)
        return self.wait(timeout)[:most] if most else []

    def change(self, change: KernelEvent) -> None:
        key = (change.ident, change.filter)
        file = identity(change.ident)
        if file is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if change.ident == self.fd:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if change.flags == KQ_EV_ADD:
            self.filters[key] = file
        elif self.filters.pop(key, None) != file:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def wait(self, timeout: float | None) -> list[KernelEvent]:
        self.filters = {key: file for key, file in self.filters.items() if identity(key[0]) == file}
        on_disk = [KernelEvent(*key) for key in self.filters if self.is_on_disk(key[0])]
        events = [event for event in on_disk if self.has_more(event)]
        poll = select.poll()
        masks: dict[int, int] = {}
        for fd, filter in self.filters:
            bit = select.POLLOUT if filter == KQ_FILTER_WRITE else select.POLLIN
            masks[fd] = masks.get(fd, 0) | bit
        for fd, mask in masks.items():
            if not self.is_on_disk(fd):
                poll.register(fd, mask)
        milliseconds = None if timeout is None else math.ceil(timeout * 1000)
        for fd, ready in poll.poll(0 if events else milliseconds):
            for filter, bit in ((KQ_FILTER_READ, select.POLLIN), (KQ_FILTER_WRITE, select.POLLOUT)):
                trouble = select.POLLHUP | select.POLLERR
                if (fd, filter) in self.filters and ready & (bit | trouble):
                    events.append(KernelEvent(fd, filter))
        return events

    def is_on_disk(self, fd: int) -> bool:
        return stat.S_ISREG(os.fstat(fd).st_mode)

    def has_more(self, event: KernelEvent) -> bool:
        if event.filter == KQ_FILTER_WRITE:
            return True
        return os.lseek(event.ident, 0, os.SEEK_CUR) < os.fstat(event.ident).st_size


def identity(fd: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def provide(monkeypatch: Any) -> None:
    """Put the stand-in where the real one would be; where that is, leave it alone."""
    if hasattr(select, "kqueue"):
        return
    if not hasattr(select, "poll"):
        pytest.skip("platform: neither kqueue nor the poll(2) that its stand-in needs")
    monkeypatch.setattr(select, "kqueue", StandIn, raising=False)
    monkeypatch.setattr(select, "kevent", KernelEvent, raising=False)
    for name in ("KQ_FILTER_READ", "KQ_FILTER_WRITE", "KQ_EV_ADD", "KQ_EV_DELETE"):
        monkeypatch.setattr(select, name, globals()[name], raising=False)
