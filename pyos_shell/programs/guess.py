"""A game at the prompt: guess the number."""

from random import randint

from kernel import ReadLine


def guess(most: int = 100, *, number: int = 0):
    """Guess a number from 1 to MOST.

    Give your answers at the prompt: `> 50`. If several tasks play, `3> 50` is
    for task 3. After `eof` it tells the number.

    number: the one to guess; 0 is any
    """
    number = number or randint(1, max(most, 1))
    tries = 1
    while (answer := (yield ask(f"a number from 1 to {most}? "))) != number:
        if answer is None:
            print("it was", number)
            return
        print("too small" if answer < number else "too large")
        tries += 1
    print("yes, after", tries, "tries" if tries > 1 else "try")


def ask(question):
    """Ask until the answer is a whole number; None at the end of the input."""
    while True:
        try:
            answer = int((yield ReadLine(question)))
        except ValueError:
            print("that is no whole number")
        except EOFError:
            return None
        else:
            return answer
