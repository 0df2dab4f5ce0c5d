"""Capital letters: a stage of a pipeline."""

from kernel import ReadLine


def upper():
    """Print what comes in capitals.

    In a pipeline it reads what the task before it prints: `spawn guess | upper`;
    alone, what is typed for it: `> hello`.
    """
    try:
        while True:
            print((yield ReadLine()).upper())
    except EOFError:
        pass
