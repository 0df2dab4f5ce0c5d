"""Laws of `chat_server`."""

import re
import socket
import struct
from contextlib import suppress

import pytest

from ..shell import GUARD, until


class Person:
    """Somebody who takes part, by a socket."""

    def __init__(self, port, name=None):
        self.socket = socket.create_connection(("127.0.0.1", port), GUARD)
        self.file = self.socket.makefile("r", encoding="utf-8", errors="strict")
        if name is not None:
            self.says(name)
            assert self.reads(f"{name} is here")

    def says(self, *lines):
        self.socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def reads(self, *lines):
        return [self.file.readline() for _ in lines] == [f"{line}\n" for line in lines]

    def leaves(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def chat(shell):
    """Lets people in, and out in the end."""
    shell.run("spawn chat_server 0")
    port = int(until(lambda: re.search(r"listening on \S+ (\d+)\n", shell.printed))[1])
    people = []

    def enter(name=None):
        people.append(Person(port, name))
        return people[-1]

    yield enter
    for person in people:
        person.leaves()


def test_everybody_reads_what_anybody_writes_in_the_same_order(chat):
    ann = chat("ann")
    bob = chat("bob")
    ann.says("hello", "anybody there?")
    for person in (ann, bob):
        line = ["bob is here"] if person is ann else []
        assert person.reads(*line, "ann: hello", "ann: anybody there?")
    bob.says("I am")
    for person in (ann, bob):
        assert person.reads("bob: I am")


def test_who_leaves_is_missed(chat):
    ann, bob = chat("ann"), chat("bob")
    assert ann.reads("bob is here")
    bob.leaves()
    assert ann.reads("bob has left")


def test_who_resets_the_connection_has_left_too(shell, chat):
    ann, bob = chat("ann"), chat("bob")
    assert ann.reads("bob is here")
    bob.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    bob.leaves()
    assert ann.reads("bob has left")
    ann.says("alone?")
    assert ann.reads("ann: alone?")


def test_who_has_not_said_a_name_reads_nothing_and_is_not_missed(chat):
    ann, shy = chat("ann"), chat()
    ann.says("one")
    assert ann.reads("ann: one")
    shy.leaves()
    ann.says("two")
    assert ann.reads("ann: two")


def test_what_could_harm_a_terminal_is_left_out(chat):
    ann = chat("ann")
    ann.socket.sendall(b"\x1b[2Jred\x07\r\n\xff\n")
    assert ann.reads("ann: [2Jred", "ann: \N{REPLACEMENT CHARACTER}")


def test_a_name_is_short_and_never_nothing(chat):
    long, empty = chat(), chat()
    long.says("x" * 1000)
    assert long.reads("x" * 20 + " is here")
    empty.says("")
    assert empty.reads("somebody is here")


def test_a_line_without_end_is_kept_short(chat):
    ann = chat("ann")
    for _ in range(100):
        ann.socket.sendall(b"x" * 1000)
    ann.says("")
    said = ann.file.readline()
    assert 1000 <= len(said) <= 2100


def test_who_does_not_read_is_dropped_and_stops_nobody(shell, chat):
    deaf = chat("deaf")
    ann = chat("ann")
    line = "x" * 900
    for _ in range(100_000):
        ann.says(line)
        heard = ann.file.readline()
        if heard != f"ann: {line}\n":
            break
    assert heard == "deaf does not listen, and was dropped\n"
    assert ann.reads(f"ann: {line}")
    with suppress(ConnectionResetError):
        while deaf.socket.recv(1 << 20):  # what was on its way, and then no more
            pass
    ann.says("at last")
    assert ann.reads("ann: at last")


def test_a_hundred_people_at_once_read_all(chat):
    people = [chat(f"p{number}") for number in range(100)]
    for number, person in enumerate(people):
        assert person.reads(*[f"p{later} is here" for later in range(number + 1, 100)])
    people[50].says("hello")
    for person in people:
        assert person.reads("p50: hello")


def test_killing_it_closes_its_port_and_the_talk_goes_on(shell, chat):
    ann, bob = chat("ann"), chat("bob")
    assert ann.reads("bob is here")
    shell.run("kill 1")
    assert shell.wait(1).killed
    with pytest.raises(ConnectionRefusedError):
        chat("late")
    bob.says("still here")
    assert ann.reads("bob: still here")
