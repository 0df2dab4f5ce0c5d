"""Laws of the socket that further consoles join by: its owner's only, and nothing left behind."""

import os
import socket
import stat
import sys
import threading
from contextlib import suppress

import pytest

if sys.platform == "win32":
    pytest.skip("platform: asyncio has no Unix sockets there", allow_module_level=True)

import pyos_shell
from kernel import Machine, NewTask, Scheduler, Yield
from pyos_shell import server as server_module
from pyos_shell.attach import send_lines
from pyos_shell.batch import LONGEST
from pyos_shell.embedded import HOSTS
from pyos_shell.server import Listener, bound
from pyos_shell.system import Failure
from pyos_shell.wire import HEAD, PORTION, Kind, packed

from .attached import GUARD, Attached
from .shell import until


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return str(tmp_path / "pyos.sock")


@pytest.fixture
def machine():
    with Machine(Scheduler(stdin=False)) as machine:
        yield machine


@pytest.fixture
def listening(machine, path):
    with pyos_shell.listen(machine, path) as listening:
        yield listening


# -- the socket


def test_only_its_owner_can_reach_the_socket_from_its_first_moment_on(path, monkeypatch):
    seen = []
    listen = socket.socket.listen

    def spying(self, *arguments):
        seen.append(stat.S_IMODE(os.stat(path).st_mode))
        listen(self, *arguments)

    monkeypatch.setattr(server_module.socket.socket, "listen", spying)
    former = os.umask(0)
    try:
        bound(path).close()
        assert seen == [0o600]
        assert os.umask(0) == 0
    finally:
        os.umask(former)


def test_the_socket_of_a_dead_process_is_taken_over(path):
    bound(path).close()  # and the file is still there
    listener = Listener(path)
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    listener.close()
    assert not os.path.exists(path)


def test_the_socket_of_a_living_process_is_not(path, listening):
    with pytest.raises(OSError, match=r"listens at .* already; join it: pyos attach"):
        pyos_shell.listen(Machine(), path)
    with Attached(path) as console:
        console.wait_for("pyos> ")


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_is_left_alone(path, kind):
    if kind == "file":
        with open(path, "w") as file:
            file.write("precious")
    elif kind == "folder":
        os.mkdir(path)
    else:
        os.symlink("/nowhere", path)
    with pytest.raises(Failure, match="there is a file of this name"):
        Listener(path)
    assert os.path.lexists(path)


@pytest.mark.parametrize("path", ["/nowhere/at/all", "x" * 500])
def test_a_path_that_cannot_be_is_one_line(path):
    with pytest.raises(Failure, match="cannot listen at") as raised:
        Listener(path)
    assert "\n" not in str(raised.value)


def test_a_socket_that_another_has_put_there_is_not_removed_at_the_end(path):
    listener = Listener(path)
    os.unlink(path)
    other = bound(path)
    listener.close()
    assert os.path.exists(path)
    other.close()


# -- who speaks otherwise


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\1\0\2{}", b"\x02\0\1x", b"\0" * 99])
def test_garbage_ends_that_connection_only(path, listening, data):
    with Attached(path) as console, socket.socket(socket.AF_UNIX) as stranger:
        console.wait_for("pyos> ")
        stranger.settimeout(30)
        stranger.connect(path)
        stranger.sendall(data)
        while stranger.recv(1000):
            pass
        console.enter("tasks")
        console.wait_for("no tasks")


def test_garbage_behind_the_hello_ends_the_console(path, listening):
    with Attached(path) as console:
        console.wait_for("pyos> ")
        console.socket.sendall(b"\xff\xff\xff")
        console.wait_end()


@pytest.mark.parametrize(("term", "keys"), [("xterm", b"help no1\r"), ("dumb", b"help no1\n")])
def test_what_is_typed_right_behind_the_hello_is_not_lost(path, listening, term, keys):
    with Attached(path, term=term, behind=keys) as console:
        console.wait_for("no command and no program 'no1'")


@pytest.mark.parametrize("length", [PORTION - 1, PORTION, PORTION + 1, 5 * PORTION])
def test_a_line_of_any_length_is_one_line(path, listening, length):
    with Attached(path, terminal=False) as script:
        line = f"help {'x' * (length - len('help '))}"
        send_lines(script.channel, [line, "tasks"])
        assert script.wait_end() == 1
        assert script.said.count("no command") == 1
        assert script.shown.startswith("no tasks")


def test_a_line_without_end_is_not_kept(path, listening):
    portion = packed(Kind.COMMAND, b"x" * PORTION)[: -HEAD.size]  # without the line's end
    with Attached(path, terminal=False) as script:
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(2 * LONGEST // PORTION):
                script.socket.sendall(portion)
        script.wait_end()
        assert "no command" not in script.said


def test_who_says_no_hello_is_not_waited_for(path, machine, monkeypatch):
    monkeypatch.setattr(server_module, "PATIENCE", 0.05)
    with pyos_shell.listen(machine, path), socket.socket(socket.AF_UNIX) as silent:
        silent.settimeout(30)
        silent.connect(path)
        assert silent.recv(1000) == b""


def test_there_are_not_more_consoles_than_can_be(path, listening, monkeypatch):
    monkeypatch.setattr(server_module, "MOST", 1)
    with Attached(path) as console:
        console.wait_for("pyos> ")
        with Attached(path) as other:
            assert other.wait_end() == 2
            assert "there are 1 consoles already" in other.said


# -- read-only


def test_a_terminal_that_goes_away_as_a_line_ends_is_the_end_of_its_console(
    path, listening, monkeypatch
):
    def gone(self, busy, hint=""):
        if not busy:
            raise BrokenPipeError

    with Attached(path, term="dumb") as console:
        console.wait_for("pyos> ")
        monkeypatch.setattr("pyos_shell.typewriter.Typewriter.set_busy", gone)
        console.type("tasks\n")
        console.wait_for("no tasks")
        console.wait_end()


def test_of_those_who_say_nothing_not_more_are_kept_than_can_be(path, machine, monkeypatch):
    monkeypatch.setattr(server_module, "CROWD", 2)
    monkeypatch.setattr(server_module, "PATIENCE", 1_000.0)
    silent = []
    with pyos_shell.listen(machine, path):
        for _ in range(3):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(GUARD)
            client.connect(path)
            silent.append(client)
        assert silent[2].recv(1) == b""
        silent.pop(0).close()
        until(lambda: len(pyos_threads()) == 2)  # the one that listens, and the other silent one
        with Attached(path) as console:
            console.wait_for("pyos>")
        for client in silent:
            client.close()


def test_where_no_thread_can_be_had_a_console_is_turned_away_and_others_come(
    path, listening, monkeypatch
):
    start = server_module.Connection.start

    def fails(self):
        monkeypatch.setattr(server_module.Connection, "start", start)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(server_module.Connection, "start", fails)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(GUARD)
        client.connect(path)
        assert client.recv(1) == b""
    with Attached(path) as console:
        console.wait_for("pyos>")


def test_not_more_is_typed_ahead_than_can_be(path, machine, monkeypatch):
    monkeypatch.setattr("pyos_shell.console.AHEAD", 3)
    with pyos_shell.listen(machine, path), Attached(path) as console:
        console.wait_for("pyos>")
        console.enter("spawn echo_server 0; wait $!")
        console.wait_for("listening")
        for number in range(5):
            console.enter(f"# {number}")
        console.wait_for("not run, 3 lines wait: # 3")
        console.wait_for("not run, 3 lines wait: # 4")


@pytest.mark.parametrize(
    "line", ["spawn count", "kill 1", "restart", "shutdown", "tasks > stolen", "source x", "py 1"]
)
def test_the_audience_only_looks_even_if_its_client_says_otherwise(path, machine, line):
    with (
        pyos_shell.listen(machine, path, read_only=True),
        Attached(path, terminal=False, read_only=False) as liar,
    ):
        assert liar.run(line) == 1
        assert "this console is for looking only" in liar.said
        assert liar.shown == ""
    assert not os.path.exists("stolen")


def test_who_asks_to_only_look_does(path, listening):
    with Attached(path, read_only=True) as console:
        console.wait_for("for looking")
        console.enter("restart")
        console.wait_for("this console is for looking only: restart does more")
        console.enter("> a line for a task")
        console.wait_for("this console is for looking only")
        console.enter("tasks")
        console.wait_for("no tasks")
        console.enter("exit")
        assert console.wait_end() == 0


# -- nothing is left


def open_descriptors():
    return len(os.listdir("/dev/fd"))


def pyos_threads():
    names = ("pyos console", "pyos output", "pyos command", "pyos consoles", "asyncio")
    return [each for each in threading.enumerate() if each.name.startswith(names)]


def test_consoles_that_come_and_go_leave_nothing_behind(path, machine):
    with pyos_shell.listen(machine, path):
        before = open_descriptors()
        for how in ("exit", "vanish", "busy"):
            with Attached(path) as console:
                console.wait_for("pyos> ")
                if how == "exit":
                    console.enter("exit")
                    console.wait_end()
                elif how == "busy":
                    console.enter("spawn echo_server 0; wait")
                    console.wait_for("listening")
            until(lambda: not any(each.name == "pyos console" for each in pyos_threads()))
        until(lambda: open_descriptors() <= before + 1)  # the server's own
    until(lambda: not pyos_threads())
    assert machine.observers == []
    assert not os.path.exists(path)


def test_twenty_consoles_at_once_answer_each(path, listening):
    consoles = [Attached(path) for _ in range(20)]
    for console in consoles:
        console.wait_for("pyos> ")
    for console in consoles:
        console.enter("tasks")
    for console in consoles:
        console.wait_for("no tasks; start one")
    for console in consoles:
        console.socket.close()
    until(lambda: not any(each.name == "pyos console" for each in pyos_threads()))


def test_a_console_that_reads_nothing_slows_nobody_and_is_told_what_it_missed(path, machine):
    def flood():
        for number in range(30_000):
            print(f"line {number} of a flood that is longer than all there is room for")
            if number % 100 == 0:
                yield Yield()

    with pyos_shell.listen(machine, path), Attached(path) as deaf, Attached(path) as other:
        deaf.wait_for("pyos> ")
        other.wait_for("pyos> ")
        machine.call(NewTask(flood()))
        other.wait_for("ended")
        other.enter("kill 77")
        other.wait_for("no task 77")
        deaf.enter("kill 77")
        deaf.wait_for("no task 77")
        assert "lines dropped" in deaf.all and "ended" in deaf.all


def test_the_end_of_the_listener_ends_consoles_that_read_nothing_too(path, machine):
    enough = threading.Event()

    def flood():
        while not enough.is_set():
            print("x" * 1000)
            yield Yield()

    with pyos_shell.listen(machine, path):
        deaf = Attached(path)
        deaf.wait_for("pyos> ")
        machine.call(NewTask(flood()))
        until(lambda: host_feed(machine).dropped_so_far)
    enough.set()
    until(lambda: not pyos_threads())
    deaf.socket.close()


def host_feed(machine):
    """What waits to be shown on its first console."""
    return HOSTS[machine].output.feeds[0]
