"""The first lines: a stage that ends before its input does."""

from kernel import ReadLine


def head(lines: int = 10):
    """Print the first LINES lines that come.

    Then it ends, and with it who prints for it: `spawn countdown 1000 | head 3`.
    """
    try:
        for _ in range(lines):
            print((yield ReadLine()))
    except EOFError:
        pass
