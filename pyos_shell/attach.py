"""`pyos attach PATH`: a console of a system that another process runs.

With a terminal the keys go there, and what comes back is written as it is. Without one lines of
commands go there, and the exit status is that of `pyos -c`.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import sys
import termios
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn

from .line import joined
from .wire import Channel, Frame, Garbage, Hello, Kind, packed_size

#: Bytes that are read at a time.
HELPING: Final = 4_096

#: Ctrl-Z and Ctrl-C.
SUSPEND: Final = b"\x1a"
INTERRUPT: Final = b"\x03"

#: What a console may have left on: colours, a hidden cursor, brackets around what is pasted; and a
#: second screen before the first.
SOBER: Final = b"\x1b[0m\x1b[?25h\x1b[?2004l\r\n"
COVERED: Final = b"\x1b[?1049h"
UNCOVERED: Final = b"\x1b[?1049l"

#: The exit status when the system is gone, and after a Ctrl-C.
GONE: Final = 1
INTERRUPTED: Final = 130


class Signalled(BaseException):
    """A signal that is to end us has come."""

    def __init__(self, number: int) -> None:
        self.status = 128 + number


def attach(options: argparse.Namespace) -> int:
    """Be a console of the system that listens at the path; the exit status."""
    connection = connected(options.path)
    if connection is None:
        return GONE
    with connection:
        channel = Channel(connection)
        if options.commands is not None:
            return run_commands(channel, joined(options.commands.split("\n")), options)
        if sys.stdin.isatty() and sys.stdout.isatty():
            return Client(channel, options).run()
        return run_commands(channel, joined(sys.stdin), options)


def connected(path: str) -> socket.socket | None:
    """A connection to the system that listens there; None if there is none, which is then said."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        why = "no system listens there" if isinstance(error, ConnectionRefusedError) else error
        trouble = getattr(why, "strerror", None) or why
        complain(f"cannot attach to {path}: {trouble}; begin one: pyos --listen {path}")
        return None
    return connection


def complain(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"pyos: {text}\n")
        sys.stderr.flush()


# -- without a terminal


def run_commands(channel: Channel, lines: Iterable[str], options: argparse.Namespace) -> int:
    """Have these lines run, and write what they answer; the exit status."""
    sending = threading.Thread(target=send_lines, args=(channel, lines), daemon=True)
    try:
        channel.send(Kind.HELLO, Hello(read_only=options.read_only).frame().data)
        sending.start()
        return take_answers(channel)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, Garbage):
        complain(f"the system at {options.path} is gone")
        return GONE


def send_lines(channel: Channel, lines: Iterable[str]) -> None:
    """Send these lines, on a thread of its own, as answers may come before all are sent."""
    with suppress(OSError, ValueError):
        for line in lines:
            channel.send(Kind.COMMAND, line.encode("utf-8", "replace"))
        channel.send(Kind.END)


def take_answers(channel: Channel) -> int:
    """Write what is answered; the exit status. Raises `ConnectionResetError` if none comes."""
    while (frames := channel.receive()) is not None:
        for frame in frames:
            if frame.kind is Kind.STATUS:
                return status_of(frame)
            stream = sys.stderr if frame.kind is Kind.MESSAGE else sys.stdout
            stream.write(frame.data.decode("utf-8", "replace"))
            stream.flush()
    raise ConnectionResetError


def status_of(frame: Frame) -> int:
    """The exit status that a frame tells. Raises `Garbage`."""
    if len(frame.data) != 1:
        raise Garbage("this is no exit status")
    return frame.data[0]


# -- on a terminal


class Client:
    """A console on our terminal: this thread reads the keys, another writes what comes."""

    def __init__(self, channel: Channel, options: argparse.Namespace) -> None:
        self.channel = channel
        self.options = options
        self.keyboard, self.screen = sys.stdin.fileno(), sys.stdout.fileno()
        self.dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
        #: What the system has said at its end; None if it has said nothing.
        self.status: int | None = None
        self.message = ""
        #: Whether the second screen is before the first.
        self.covered = False
        #: Signals that have come, and have not been seen to.
        self.noted: list[int] = []

    def run(self) -> int:
        """Until the console is left; the exit status."""
        signalled: int | None = None
        self.bell, bell = os.pipe()
        writing = threading.Thread(target=self.write_all, args=(bell,), daemon=True)
        try:
            self.former = termios.tcgetattr(self.keyboard)
            self.channel.send(Kind.HELLO, self.hello().frame().data)
            with signals(self.noted) as self.alarm, raw(self.keyboard, self.dumb):
                writing.start()
                self.read_keys()
        except Signalled as error:
            signalled = error.status
        except OSError:
            pass
        self.channel.close()
        return self.ended(signalled)

    def hello(self) -> Hello:
        columns, rows = self.size()
        return Hello(
            terminal=True,
            term=os.environ.get("TERM", ""),
            columns=columns,
            rows=rows,
            colors=24 if os.environ.get("COLORTERM") in ("truecolor", "24bit") else 8,
            no_color=bool(os.environ.get("NO_COLOR")),
            read_only=self.options.read_only,
        )

    def size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self.screen)
        except OSError:
            return 80, 24
        return columns or 80, rows or 24

    def ended(self, signalled: int | None) -> int:
        """Say how it has ended, if the system does not; the exit status, or that of the signal that
        is to end us.
        """
        if self.message:
            complain(self.message.strip())
        if self.status is not None:
            return self.status
        self.sober()
        if signalled is not None:
            return signalled
        complain(f"the system at {self.options.path} is gone")
        return GONE

    def read_keys(self) -> None:
        """Send what is typed, until the other thread rings."""
        while True:
            ready, _, _ = select.select([self.keyboard, self.bell, self.alarm], [], [])
            if self.alarm in ready:
                os.read(self.alarm, HELPING)
                self.see_to_signals()
            elif self.bell in ready:
                return
            else:
                self.send(os.read(self.keyboard, HELPING))

    def see_to_signals(self) -> None:
        """Tell the system of Ctrl-C, where the terminal gives no key for it, and of a new size."""
        while self.noted:
            if self.noted.pop(0) == signal.SIGINT:
                self.channel.send(Kind.KEYS, INTERRUPT)
            else:
                self.resized()

    def send(self, typed: bytes) -> None:
        """Send keys; Ctrl-Z is for us. Raises `OSError` if the terminal is gone."""
        if not typed and not self.dumb:
            raise OSError
        if not typed:
            self.channel.send(Kind.END)
            return
        for number, keys in enumerate(typed.split(SUSPEND)):
            if number and not self.dumb:
                self.suspend()
            if keys:
                self.channel.send(Kind.KEYS, keys)

    def suspend(self) -> None:
        """Give the terminal back to the shell, until it has us continue."""
        settings = termios.tcgetattr(self.keyboard)
        termios.tcsetattr(self.keyboard, termios.TCSANOW, self.former)
        covered = self.covered
        self.sober()
        os.kill(0, signal.SIGTSTP)
        termios.tcsetattr(self.keyboard, termios.TCSANOW, settings)
        if covered:
            write(self.screen, COVERED)
        self.resized()

    def sober(self) -> None:
        """Take back what a console may have left on."""
        if not self.dumb:
            with suppress(OSError):
                write(self.screen, UNCOVERED + SOBER if self.covered else SOBER)

    def resized(self) -> None:
        """The terminal has another size, or is to be drawn anew."""
        self.channel.send(Kind.SIZE, packed_size(*self.size()))

    def write_all(self, bell: int) -> None:
        """Write what comes, on a thread of its own, so that neither side waits for the other."""
        try:
            while (frames := self.channel.receive()) is not None:
                for frame in frames:
                    if frame.kind is Kind.STATUS:
                        self.status = status_of(frame)
                        return
                    if frame.kind is Kind.MESSAGE:
                        self.message += frame.data.decode("utf-8", "replace")
                    else:
                        self.show(frame.data)
        except (OSError, Garbage):
            pass
        finally:
            os.close(bell)

    def show(self, data: bytes) -> None:
        """Write what the console does, and note whether that is on the second screen."""
        covered, uncovered = data.rfind(COVERED), data.rfind(UNCOVERED)
        if covered != uncovered:
            self.covered = covered > uncovered
        write(self.screen, data)


def write(fd: int, data: bytes) -> None:
    """Write all of it."""
    while data:
        data = data[os.write(fd, data) :]


@contextmanager
def raw(keyboard: int, dumb: bool) -> Iterator[None]:
    """In the `with` block each key comes as it is; a terminal that can only print edits its lines
    itself. Whatever happens, the terminal is then as it was.
    """
    former = termios.tcgetattr(keyboard)
    try:
        if not dumb:
            from prompt_toolkit.input.vt100 import raw_mode

            raw_mode(keyboard).__enter__()
        yield
    finally:
        with suppress(termios.error, OSError):
            termios.tcsetattr(keyboard, termios.TCSANOW, former)


@contextmanager
def signals(noted: list[int]) -> Iterator[int]:
    """In the `with` block Ctrl-C and a new size are `noted`, and what it gives is then readable;
    signals that are to end us raise `Signalled`.
    """

    def end(number: int, frame: object) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise Signalled(number)

    def note(number: int, frame: object) -> None:
        noted.append(number)

    alarm, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    for number in (signal.SIGINT, signal.SIGWINCH):
        signal.signal(number, note)
    yield alarm
