"""Crashes, three calls deep."""

from kernel import Sleep


def crash(after: float = 0.0):
    """Crash, three calls deep.

    Look at its `stack` then.

    after: how many seconds later
    """
    yield Sleep(after)
    yield divide(1)


def divide(number):
    """Divide by what is left."""
    result = yield by(number - 1)
    return result


def by(number):
    """The division itself."""
    yield
    return 1 / number
