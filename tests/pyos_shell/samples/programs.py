"""Programs that behave in all the ways that a console must stand."""

import sys
import time
from threading import Event

from kernel import (
    NewTask,
    OnSignal,
    ReadLine,
    Receive,
    Register,
    Signal,
    Sleep,
    SystemCall,
    system_call,
)

#: Set by a test that has seen enough.
ENOUGH = Event()


def sleeper(seconds: float = 1000.0):
    """Sleep."""
    yield Sleep(seconds)


def tidy(word: str = "tidied up"):
    """Say something at the end."""
    try:
        yield Sleep(1000)
    finally:
        print(word)


def stubborn():
    """Refuse to die."""
    while True:
        try:
            yield Sleep(1000)
        except BaseException:
            pass


def hog():
    """Hold the kernel for ever."""
    yield
    time.sleep(10_000)


def holds():
    """Hold the kernel until the test has seen enough."""
    yield
    while not ENOUGH.is_set():
        pass


def flood(lines: int = sys.maxsize):
    """Print numbered lines as fast as it can."""
    for number in range(lines):
        print("line", number)
        yield


def long_line(characters: int = 10_000_000):
    """Print a line that is longer than any pipe takes."""
    print("x" * characters)
    yield


def say(*words: str):
    """Print the words."""
    print(*words)
    yield


def say_bytes(hexadecimal: str):
    """Print bytes."""
    sys.stdout.buffer.write(bytes.fromhex(hexadecimal))
    yield


def half_line(word: str):
    """Print a word without a newline, and live on."""
    print(word, end="", flush=True)
    yield Sleep(1000)


def asks():
    """Read from stdin."""
    print("hello", input())
    yield


def greets(times: int = 1):
    """Read names at the console, and greet them."""
    for _ in range(times):
        print("hello", (yield ReadLine("your name? ")))


def adds():
    """Add numbers up to the end of the input."""
    total = 0
    while True:
        try:
            total += int((yield ReadLine()))
        except EOFError:
            print("total", total)
            return


def counts():
    """Count its own steps, where a test can see it."""
    number = 0
    while True:
        number += 1
        yield


def handles():
    """Say which signals it gets."""
    for signal in (Signal.USR1, Signal.USR2):
        yield OnSignal(signal, lambda signal: print("got", signal.name))
    print("ready")
    try:
        yield Sleep(1000)
    except KeyboardInterrupt:
        print("interrupted")


def closes_stdout():
    """Close the stream behind everybody's back."""
    yield
    sys.__stdout__.close()


def crowd(size: int):
    """Start many tasks."""
    for _ in range(size):
        yield NewTask(sleeper())


def typed(number: int, half: float = 0.5, *words: str, flag: bool = False, name: str = "x"):
    """Print what the arguments have become."""
    print(repr((number, half, words, flag, name)))
    yield


async def asynchronous(number: int):
    """Be an `async def`."""
    await Sleep(0)
    print("asynchronous", number)


async def asynchronous_generator():
    yield


def logged(function):
    def wrapper(*args):
        print("calling", function.__name__)
        return function(*args)

    return wrapper


@logged
def decorated(*words: str):
    print("decorated", *words)
    yield


def plain(number: int = 1):
    """No program: it has no yield."""
    return number


def fails_when_called():
    """No program either."""
    raise LookupError("no such luck")


class Thing:
    """No program at all."""


number = 7


class Bad(Exception):
    def __str__(self):
        raise RuntimeError("this error cannot even say what it is")


def unspeakable():
    """Crash with an error that has no words."""
    yield
    raise Bad


@system_call
class Break(SystemCall):
    """Break the kernel itself."""

    def run(self, kernel, caller):
        kernel.alarms = None


def panic():
    """Take the kernel down."""
    yield Break()


def receives(name: str = ""):
    """Receive a message, maybe under a name, and print it."""
    if name:
        yield Register(name)
    print("got", repr((yield Receive())))
