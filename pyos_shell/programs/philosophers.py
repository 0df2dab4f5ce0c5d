"""The dining philosophers, who need two forks each, and have one between any two."""

from kernel import Acquire, Mutex, Release, Sleep, TaskGroup


def philosophers(count: int = 5, *, meals: int = 3, naive: bool = False, pace: float = 0.5):
    """Philosophers dine, with as many forks.

    Who eats needs the forks on both sides; a fork is a mutex. Everybody takes
    the one with the lower number first, so somebody always gets both. With
    --naive everybody takes the left one first: soon each has one and waits for
    the next one's, a deadlock. To `kill` one of them ends it.

    meals: how often each of them eats
    naive: without that order
    pace: seconds that it takes to think, to eat, or to take another fork
    """
    count, group = max(count, 2), TaskGroup()
    forks = [Mutex(f"fork {number}") for number in range(1, count + 1)]
    yield group.run(seat(group, forks, meals, naive, pace))
    print("all have left")


def seat(group, forks, meals, naive, pace):
    """Start the philosophers, each between two forks."""
    for number, left in enumerate(forks):
        first, second = left, forks[(number + 1) % len(forks)]
        if not naive:
            first, second = sorted([first, second], key=forks.index)
        yield group.spawn(philosopher(first, second, meals, pace), f"philosopher {number + 1}")


def philosopher(first, second, meals, pace):
    """Think and eat in turn."""
    for meal in range(1, meals + 1):
        yield Sleep(pace)
        yield Acquire(first)
        try:
            print("has", first.name)
            yield Sleep(pace)
            yield eat(second, meal, pace)
        finally:
            yield Release(first)
    print("has eaten enough")


def eat(second, meal, pace):
    """Eat, once the second fork is there as well."""
    yield Acquire(second)
    try:
        print("has", second.name, "too, and eats meal", meal)
        yield Sleep(pace)
    finally:
        yield Release(second)
