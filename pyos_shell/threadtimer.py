"""Timers of the operating system that send a signal to one thread, though no Python can run.

POSIX has them; that the signal goes to a thread is Linux's own, and Python has neither. So there is
no such module elsewhere, nor without `ctypes`. The functions are called without letting go of the
interpreter's lock, as none of them waits.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

#: Of <signal.h>: who is told, and by how much.
SIGEV_THREAD_ID: Final = 4
SIZE_OF_SIGEVENT: Final = 64

#: In a clock's number: it counts the processor time of one thread, exactly.
PROCESSOR_TIME: Final = 4 | 2


class Event(ctypes.Structure):
    """What is to happen: `struct sigevent`."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("rest", ctypes.c_byte * (SIZE_OF_SIGEVENT - ctypes.sizeof(ctypes.c_void_p) - 12)),
    )


class Times(ctypes.Structure):
    """When it is: `struct itimerspec`, in seconds and nanoseconds."""

    _fields_ = (("period", ctypes.c_long * 2), ("first", ctypes.c_long * 2))


class ThreadTimer:
    """Sends a thread this signal when that one, or the same, has had so much processor time.

    Threads are given by their numbers in the system. All methods raise `OSError`: for a thread that
    does not exist, or not any more, and where there is no timer to be had.
    """

    def __init__(self, counted: int, told: int, number: int) -> None:
        self.timer = ctypes.c_void_p()
        clock = (~counted << 3) | PROCESSOR_TIME
        event = Event(signal=number, notify=SIGEV_THREAD_ID, thread=told)
        checked(LIBRARY.timer_create(clock, ctypes.byref(event), ctypes.byref(self.timer)))

    def set(self, seconds: float) -> None:
        """Once, after so many seconds more, whatever was set before; never, if they are none."""
        whole, part = divmod(seconds, 1)
        first = (ctypes.c_long * 2)(int(whole), int(part * 1e9))
        checked(LIBRARY.timer_settime(self.timer, 0, ctypes.byref(Times(first=first)), None))

    def delete(self) -> None:
        """It must not be used after this."""
        checked(LIBRARY.timer_delete(self.timer))


def checked(result: int) -> None:
    """Raise the error that a function has told of."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def library() -> ctypes.PyDLL:
    """The system's library that has timers, which used to be one of its own."""
    found = ctypes.PyDLL(None, use_errno=True)
    return found if hasattr(found, "timer_create") else ctypes.PyDLL("librt.so.1", use_errno=True)


LIBRARY: Final = library()
