"""All consoles of one system, and what they share: its machine, and what its tasks print."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from kernel import Machine

from .feed import Feed
from .mistake import excerpt
from .output import Output


class Member(Protocol):
    """A console, as the others see it."""

    feed: Feed

    def watch(self, machine: Machine) -> None:
        """Have to do with this machine from now on."""

    def end(self) -> None:
        """The system ends, and the console with it. From any thread."""


class Server(Protocol):
    """Whatever brings further consoles."""

    def close(self) -> None:
        """Bring no more, and end those that it has brought."""


class Consoles:
    """The consoles of one system. `owned` tells whether it is ours to end, or else belongs to the
    program that we are in.
    """

    def __init__(self, machine: Machine, output: Output, owned: bool = True) -> None:
        self.machine = machine
        self.output = output
        self.owned = owned
        self.lock = threading.Lock()
        self.members: dict[int, Member] = {}
        self.last_number = 0
        self.servers: list[Server] = []
        #: Held by the attached console that draws (see `turn`).
        self.turns = threading.Lock()
        #: Set when somebody has said that the system is to end; and what then is called.
        self.ending = threading.Event()
        self.on_end: Callable[[], object] = lambda: None

    def join(self, console: Member) -> int:
        """There is one console more; answers its number."""
        with self.lock:
            self.last_number += 1
            self.members[self.last_number] = console
            return self.last_number

    def part(self, number: int) -> None:
        """There is one console less."""
        with self.lock:
            console = self.members.pop(number)
        self.output.close_feed(console.feed)

    def restarted(self, machine: Machine) -> None:
        """Another machine has taken the place of the former one."""
        self.machine = machine
        with self.lock:
            members = list(self.members.values())
        for console in members:
            console.watch(machine)

    def tell_others(self, number: int, text: str) -> None:
        """Say on the other consoles what this one, or a script if 0, is about to do."""
        who = f"console {number}" if number else "a script"
        with self.lock:
            feeds = [each.feed for other, each in self.members.items() if other != number]
        for feed in feeds:
            feed.tell(0, "typed", f"{who}: {excerpt(text)}")

    def shut_down(self) -> None:
        """Have the system end, and all consoles with it."""
        self.ending.set()
        self.on_end()

    def close(self) -> None:
        """End whatever brings consoles, and what it has brought."""
        for server in self.servers:
            server.close()
        self.servers.clear()
