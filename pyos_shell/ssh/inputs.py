"""What comes in a channel of SSH, and how it is said to the system: keys, lines, or commands."""

from __future__ import annotations

import codecs
from typing import Final, Protocol

from ..mistake import columns
from ..remote import INTERRUPT
from ..server import REFUSED
from ..wire import PORTION, Kind

#: Ctrl-D, and what takes back a character, or the line.
END: Final = "\x04"
ERASE: Final = "\x08\x7f"
ERASE_LINE: Final = "\x15"

#: Characters of a line that is edited here, at most.
LONGEST: Final = 4_096

#: The exit status after a Ctrl-C.
INTERRUPTED: Final = 130


class Client(Protocol):
    """On whose behalf something is said to the system."""

    def say(self, kind: Kind, data: bytes = b"") -> None:
        """Say this to the system."""

    def repeat(self, text: str) -> None:
        """Show what has been typed, on the terminal."""

    def leave(self, status: int, why: str = "") -> None:
        """End the channel with this exit status, and say why."""


class Input(Protocol):
    """What is done with what comes."""

    def feed(self, data: bytes) -> None:
        """This has come."""

    def end(self) -> None:
        """There is no more."""

    def interrupt(self) -> None:
        """Ctrl-C, where it comes as no key."""


class Keys:
    """A console on a terminal that can move its cursor: each key is passed on."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def feed(self, data: bytes) -> None:
        self.client.say(Kind.KEYS, data)

    def end(self) -> None:
        self.feed(END.encode())

    def interrupt(self) -> None:
        self.feed(INTERRUPT.encode())


class Cooked:
    """A console on a terminal that can only print. Elsewhere its own system edits the lines, but
    SSH passes on each key, and has us repeat it.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.line = ""
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, data: bytes) -> None:
        for key in self.decode(data):
            self.press(key)

    def press(self, key: str) -> None:
        """This key has been pressed."""
        if key in "\r\n":
            self.finish("\r\n", f"{self.line}\n")
        elif key == INTERRUPT:
            self.interrupt()
        elif key in ERASE:
            self.erase(1)
        elif key == ERASE_LINE:
            self.erase(len(self.line))
        elif key == END:
            if not self.line:
                self.end()
        elif key.isprintable() and len(self.line) < LONGEST:
            self.line += key
            self.client.repeat(key)

    def finish(self, shown: str, said: str) -> None:
        """Begin a new line, and say what has become of this one."""
        self.line = ""
        self.client.repeat(shown)
        self.client.say(Kind.KEYS, said.encode())

    def erase(self, characters: int) -> None:
        """Take back what was typed last."""
        for _ in range(min(characters, len(self.line))):
            last, self.line = self.line[-1], self.line[:-1]
            self.client.repeat("\b \b" * max(0, columns(last)))

    def end(self) -> None:
        self.client.say(Kind.END)

    def interrupt(self) -> None:
        self.finish("^C", INTERRUPT)


class Lines:
    """Commands without a terminal, in lines that may come in parts."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.begun = b""

    def feed(self, data: bytes) -> None:
        *lines, self.begun = (self.begun + data).split(b"\n")
        for line in lines:
            self.command(line)
        if len(self.begun) > PORTION:
            self.command(self.begun)

    def command(self, line: bytes) -> None:
        """Have a line of commands run, if it is not too long for one."""
        if len(line) <= PORTION:
            self.client.say(Kind.COMMAND, line)
        else:
            self.client.leave(REFUSED, f"a line of commands has {PORTION:,} bytes at most")

    def end(self) -> None:
        if self.begun:
            self.command(self.begun)
        self.client.say(Kind.END)

    def interrupt(self) -> None:
        self.client.leave(INTERRUPTED)


class Command(Lines):
    """Commands that have come with the request: what is typed meanwhile can only stop them."""

    def __init__(self, client: Client, commands: str) -> None:
        super().__init__(client)
        self.commands = commands

    def run(self) -> None:
        """Have them run."""
        super().feed(self.commands.encode("utf-8", "replace"))
        super().end()

    def feed(self, data: bytes) -> None:
        if INTERRUPT.encode() in data:
            self.interrupt()

    def end(self) -> None:
        pass
