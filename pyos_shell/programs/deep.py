"""A call stack to look at."""

from kernel import Sleep


def deep(depth: int = 10, *, seconds: float = 60.0):
    """Call itself DEPTH times, and sleep.

    Look at its `stack` meanwhile. Then all the calls come back.

    seconds: how long it sleeps
    """
    if depth > 1:
        return 1 + (yield deep(depth - 1, seconds=seconds))
    yield Sleep(seconds)
    return 1
