"""An error out of the blue, for a thread that does not listen."""

from __future__ import annotations

import threading


def raise_in(thread: threading.Thread, error: type[BaseException]) -> None:
    """Raise `error` in the thread wherever it is, as soon as it runs Python code; nothing happens
    if it has not begun, or has ended.
    """
    import ctypes  # which takes longer to import than most others, and is seldom wanted

    raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
    raising(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error))
