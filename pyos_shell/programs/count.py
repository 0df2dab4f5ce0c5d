"""How many lines and words: the end of a pipeline."""

from kernel import ReadLine


def count():
    """Count the lines and words that come.

    In a pipeline that is what the task before it prints:
      spawn countdown 20 | grep 1 | count
    """
    lines = words = 0
    try:
        while True:
            words += len((yield ReadLine()).split())
            lines += 1
    except EOFError:
        print(lines, "lines,", words, "words")
