"""Counts down."""

from kernel import Sleep


def countdown(n: int = 10, *, pause: float = 0.0):
    """Count down from N to 1, a line each.

    pause: seconds between two numbers
    """
    for number in range(n, 0, -1):
        print(number)
        yield Sleep(pause)
