"""Only the lines with a word: a stage of a pipeline."""

from kernel import ReadLine


def grep(word: str = "", *, invert: bool = False):
    """Print the lines with WORD in them.

    In a pipeline it reads what the task before it prints:
      spawn countdown 20 | grep 1

    invert: those without
    """
    try:
        while True:
            line = yield ReadLine()
            if (word in line) is not invert:
                print(line)
    except EOFError:
        pass
