"""Crashes, three calls deep."""

from kernel import Sleep


def crash(after: float = 0.0):
    """Crash after some seconds, three calls deep: look at its `stack` then."""
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
