"""Laws of consoles over SSH: a key, or nothing; a console as any other, and no more than that."""

import os
import socket
import sys
import threading

import asyncssh
import pytest
from prompt_toolkit.output import ColorDepth

from kernel import Machine, NewTask, Scheduler, Yield
from pyos_shell.embedded import HOSTS
from pyos_shell.ssh import listener as listener_module
from pyos_shell.ssh.listener import SshListener, bound
from pyos_shell.ssh.session import FULL, SLOW
from pyos_shell.system import Failure

from ..shell import until
from .client import GUARD, PLAIN, Client, listening

posix = pytest.mark.skipif(sys.platform == "win32", reason="platform: no list of descriptors")


@pytest.fixture(scope="module")
def key():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def stranger():
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def machine():
    with Machine(Scheduler(stdin=False)) as machine:
        yield machine


@pytest.fixture
def listener(machine, folder, key):
    with listening(machine, folder, key) as listener:
        yield listener


@pytest.fixture
def client(listener, key):
    with Client(listener, key) as client:
        yield client


@pytest.fixture
def console(client):
    console = client.console()
    console.wait_for("pyos> ")
    return console


def feeds(machine):
    """What waits to be shown on its consoles."""
    return HOSTS[machine].output.feeds


def consoles():
    """The threads of consoles."""
    return [each for each in threading.enumerate() if each.name == "pyos console"]


def open_descriptors():
    return len(os.listdir("/dev/fd"))


def goes_on(listener, key):
    """Others join as ever."""
    with Client(listener, key) as other:
        console = other.console()
        console.wait_for("pyos> ")
        console.enter("tasks")
        console.wait_for("no tasks; start one")


# -- who may join


def test_whoever_has_the_key_has_a_console_and_leaves_it_again(client):
    console = client.console()
    console.wait_for("this is its console")
    console.wait_for("pyos> ")
    console.enter("help nothing")
    console.wait_for("no command and no program 'nothing'")
    console.enter("exit")
    console.wait_for("You have left this console; the system goes on.\r\n")
    assert console.wait_end() == 0


def test_whoever_has_another_key_gets_nothing(listener, key, stranger):
    with pytest.raises(asyncssh.PermissionDenied):
        Client(listener, stranger)
    assert listener.connections == set()
    goes_on(listener, key)


def test_the_key_is_that_of_the_user_who_runs_the_system(listener, key):
    for name in ("", "nobody", "root " if os.name == "nt" else "root2", "x" * 500):
        with pytest.raises(asyncssh.PermissionDenied):
            Client(listener, key, username=name)


def test_nothing_but_a_key_is_ever_asked_for(listener, client):
    methods = client.do(
        asyncssh.get_server_auth_methods(listener.host, listener.port, "anybody", config=None)
    )
    assert methods == ["publickey"]


def test_who_has_only_a_password_is_not_asked_for_it(listener):
    asked = []

    class Obliging(asyncssh.SSHClient):
        def password_auth_requested(self):
            asked.append("password")
            return "secret"

        def kbdint_auth_requested(self):
            asked.append("questions")
            return ""

    with pytest.raises(asyncssh.PermissionDenied):
        Client(listener, None, client_factory=Obliging, password="secret")
    assert asked == []


def test_keys_come_and_go_while_it_runs(listener, key, stranger):
    listener.keys.write_bytes(stranger.export_public_key())
    with pytest.raises(asyncssh.PermissionDenied):
        Client(listener, key)
    with Client(listener, stranger) as client:
        assert client.run("tasks")[0] == 0


def test_a_file_of_keys_that_has_gone_bad_lets_nobody_in_and_is_told_once(
    machine, listener, client, console, key
):
    listener.keys.unlink()
    for _ in range(3):
        with pytest.raises(asyncssh.PermissionDenied):
            Client(listener, key)
    console.wait_for("nobody may join by SSH: there is no file")
    console.enter("help nothing")
    console.wait_for("no command and no program")
    assert console.all.count("nobody may join") == 1


def test_a_key_without_a_terminal_has_none(machine, folder, key):
    for options in ("no-pty", "restrict"):
        with (
            listening(machine, folder, key, options=options) as listener,
            Client(listener, key) as client,
        ):
            with pytest.raises(asyncssh.ChannelOpenError):
                client.console()
            assert client.run("tasks")[0] == 0
    with (
        listening(machine, folder, key, options="restrict,pty") as listener,
        Client(listener, key) as client,
    ):
        client.console().wait_for("pyos> ")


def test_a_key_with_a_command_of_its_own_runs_that_and_nothing_else(machine, folder, key):
    options = 'command="help nothing"'
    with (
        listening(machine, folder, key, options=options) as listener,
        Client(listener, key) as client,
    ):
        status, _, said = client.run("spawn count")
        assert status == 1 and "no command and no program 'nothing'\n" in said
        assert "no command and no program 'nothing'" in client.run(None)[2]


# -- what may be asked for


def test_nothing_is_forwarded(client):
    with socket.create_server(("127.0.0.1", 0)) as bait:
        port = bait.getsockname()[1]
        with pytest.raises(asyncssh.ChannelOpenError):
            client.do(client.connection.open_connection("127.0.0.1", port))
        with pytest.raises(asyncssh.ChannelListenError):
            client.do(client.connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", port))
        bait.setblocking(False)
        with pytest.raises(BlockingIOError):
            bait.accept()
    with pytest.raises(asyncssh.ChannelOpenError):
        client.do(client.connection.open_unix_connection("/tmp/any"))
    with pytest.raises(asyncssh.ChannelListenError):
        client.do(client.connection.forward_remote_path("/tmp/never", "/tmp/any"))
    assert not os.path.exists("/tmp/never")


def test_no_files_are_copied_and_no_other_subsystem_is_there(client):
    with pytest.raises(asyncssh.ChannelOpenError):
        client.do(client.connection.start_sftp_client())
    with pytest.raises(asyncssh.ChannelOpenError):
        client.do(client.connection.create_process(subsystem="netconf"))
    status, _, said = client.run("scp -t /tmp/stolen")
    assert status == 1 and "no command 'scp'" in said
    assert not os.path.exists("/tmp/stolen")


def test_neither_an_agent_nor_a_screen_nor_an_environment_is_taken(machine, listener, key):
    before = dict(os.environ)
    with Client(listener, key) as client:
        with pytest.raises(asyncssh.ChannelOpenError):
            client.do(
                client.connection.create_process("tasks", x11_forwarding=True, x11_display=":0")
            )
        _, shown, _ = client.run(
            "py import os; print(os.environ.get('SSH_LAW'), os.environ.get('SSH_AUTH_SOCK'))",
            env={"SSH_LAW": "broken"},
        )
    assert "broken" not in shown
    assert dict(os.environ) == before


# -- a console as any other


def test_what_tasks_print_is_shown_line_under_line(client, console):
    console.enter("spawn countdown 1")
    console.wait_for("task 1: countdown 1")
    console.wait_for("│ \x1b[0m1\r\n")
    console.wait_for("task 1 (countdown 1) ended\x1b[0m\r\n")
    assert "\n" not in console.all.replace("\r\n", "")


def test_two_at_once_have_a_prompt_each_also_over_one_connection(client, console, listener, key):
    with Client(listener, key) as elsewhere:
        others = [client.console(), elsewhere.console()]
        for each in others:
            each.wait_for("pyos> ")
            each.enter("help nothing")
            each.wait_for("no command and no program 'nothing'")
        assert "nothing" not in console.all
        console.enter("kill 7")
        for each in others:
            each.wait_for(": kill 7")


def test_a_console_has_the_size_of_its_terminal_whenever_that_changes(listener, client):
    console = client.console(size=(100, 30))
    console.wait_for("pyos> ")
    (connection,) = listener.connections
    terminal = connection.served.terminal
    assert (terminal.columns, terminal.rows) == (100, 30)
    console.process.change_terminal_size(20, 8)
    console.type("x")
    console.wait_for("x")
    assert (terminal.columns, terminal.rows) == (20, 8)
    console.process.change_terminal_size(0, 0)  # a client may know none
    console.type("y")
    console.wait_for("y")
    assert (terminal.columns, terminal.rows) == (100, 30)


@pytest.mark.parametrize(
    ("term", "depth"),
    [
        (PLAIN, ColorDepth.DEPTH_1_BIT),
        ("linux", ColorDepth.DEPTH_4_BIT),
        ("xterm-256color", ColorDepth.DEPTH_8_BIT),
        ("xterm-direct", ColorDepth.DEPTH_24_BIT),
        ("what nobody knows" * 99, ColorDepth.DEPTH_8_BIT),
    ],
)
def test_colours_are_those_that_the_terminal_has(listener, client, term, depth):
    console = client.console(term)
    console.wait_for("pyos> ")
    (connection,) = listener.connections
    assert connection.served.terminal.color_depth == depth
    console.enter("help nothing")
    console.wait_for("no command")
    assert ("\x1b[0;31;1mno command" in console.all) == (depth != ColorDepth.DEPTH_1_BIT)


def test_ctrl_c_gives_the_prompt_back_as_a_key_and_as_a_signal(console):
    console.enter("spawn echo_server 0")
    console.wait_for("listening")
    for press in (lambda: console.type("\x03"), lambda: console.process.send_signal("INT")):
        console.enter("wait 1")
        console.wait_for("Ctrl-C gives the prompt back")
        press()
        console.wait_for("given up")


def test_ctrl_d_and_the_end_of_the_input_leave(client):
    for leave in (
        lambda console: console.type("\x04"),
        lambda console: console.process.stdin.write_eof(),
    ):
        console = client.console()
        console.wait_for("pyos> ")
        leave(console)
        assert console.wait_end() == 0
        assert "the system goes on" in console.all


def test_a_terminal_that_can_only_print_is_sent_nothing_but_text(client):
    console = client.console("dumb")
    console.wait_for("pyos> ")
    console.type("taskk\x7fs\r")
    console.wait_for("no tasks; start one")
    console.enter("spawn echo_server 0; wait")
    console.wait_for("listening")
    console.type("\x03")
    console.wait_for("given up")
    console.type("\x04")
    assert console.wait_end() == 0
    assert "\x1b" not in console.all
    assert "taskk\b \bs\r\n" in console.all


# -- the audience


@pytest.mark.parametrize("line", ["spawn count", "kill 1", "restart", "shutdown", "py 1"])
def test_the_audience_only_looks(machine, folder, key, line):
    with (
        listening(machine, folder, key, read_only=True) as listener,
        Client(listener, key) as client,
    ):
        status, shown, said = client.run(line)
        assert (status, shown) == (1, "")
        assert "this console is for looking only" in said
        console = client.console()
        console.wait_for("for looking")
        console.enter(line)
        console.wait_for("this console is for looking only")


# -- without a terminal


def test_commands_have_an_exit_status_and_two_streams(client):
    status, shown, said = client.run("tasks")
    assert (status, said) == (0, "")
    assert shown.startswith("no tasks; start one") and shown.count("\n") == 1
    status, shown, said = client.run("kil 1")
    assert (status, shown) == (1, "")
    assert said.splitlines()[:2] == ["kil 1", "^^^"]


def test_commands_on_a_terminal_end_their_lines_for_it_and_can_be_stopped(client):
    done = client.console(command="kill 77; help exit")
    assert done.wait_end() == 1
    assert "no task 77; type tasks for those there are\r\n" in done.all
    assert "\r\n  exit\r\n" in done.all
    waiting = client.console(command="spawn echo_server 0; wait")
    waiting.wait_for("task 1: echo_server 0")
    waiting.type("\x03")
    assert waiting.wait_end() == 130


def test_lines_that_are_piped_in_are_commands(client):
    status, shown, said = client.run(None, stdin="kill 77\nhelp \\\nexit")
    assert status == 1 and "no task 77" in said
    assert shown.startswith("  exit\n")
    assert client.run(None, stdin="") == (0, "", "")


def test_a_line_without_an_end_is_refused(client):
    status, shown, said = client.run(None, stdin="x" * 100_000)
    assert (status, shown) == (2, "")
    assert said == "a line of commands has 16,384 bytes at most\n"
    assert client.run("tasks # " + "x" * 20_000)[0] == 2


def test_a_client_that_is_gone_stops_its_command(client, listener):
    for _ in range(2):
        process = client.do(client.connection.create_process("spawn echo_server 0; wait"))
        assert "echo_server" in client.do(process.stderr.readline())
        process.close()
        until(lambda: not listener.connections)


# -- who speaks otherwise


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 99, b"SSH-1.5-old\r\n", b"\0" * 9],
)
def test_garbage_ends_that_connection_only(listener, key, console, data):
    with socket.create_connection((listener.host, listener.port)) as rude:
        rude.settimeout(GUARD)
        rude.sendall(data)
        rude.shutdown(socket.SHUT_WR)
        while rude.recv(1000):
            pass
    console.enter("help nothing")
    console.wait_for("no command and no program")
    goes_on(listener, key)


def test_who_shows_no_key_is_not_waited_for(machine, folder, key, monkeypatch):
    monkeypatch.setattr(listener_module, "LOGIN", 0.05)
    with (
        listening(machine, folder, key) as listener,
        socket.create_connection((listener.host, listener.port)) as silent,
    ):
        silent.settimeout(GUARD)
        while silent.recv(1000):
            pass


def test_there_are_not_more_connections_than_can_be(listener, key, console, monkeypatch):
    monkeypatch.setattr(listener_module, "MOST", 1)
    with socket.create_connection((listener.host, listener.port)) as other:
        other.settimeout(GUARD)
        assert other.recv(1000) == b""
    monkeypatch.undo()
    console.enter("help nothing")
    console.wait_for("no command and no program")


def test_there_are_not_more_consoles_than_can_be(client, console, monkeypatch):
    monkeypatch.setattr(listener_module, "MOST", 1)
    with pytest.raises(asyncssh.ChannelOpenError, match="there are 1 consoles already"):
        client.console()
    console.enter("exit")
    assert console.wait_end() == 0
    client.console().wait_for("pyos> ")


@posix
def test_a_session_that_is_refused_leaves_nothing_behind(listener, client):
    (door,) = listener.doors
    before = open_descriptors()
    with pytest.raises(asyncssh.ChannelOpenError):
        client.do(client.connection.start_sftp_client())
    until(lambda: not door.sessions)
    until(lambda: open_descriptors() <= before)


def test_a_client_that_vanishes_hurts_nobody(machine, listener, key, console):
    victim = Client(listener, key)
    other = victim.console()
    other.wait_for("pyos> ")
    other.enter("spawn echo_server 0; wait")
    other.wait_for("listening")
    victim.__exit__()
    until(lambda: len(consoles()) == 1)
    console.enter("tasks")
    console.wait_for("echo_server 0")


# -- who reads nothing


def narrow(listener):
    """A connection that not much is on its way in."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    connection.connect((listener.host, listener.port))
    return connection


@pytest.fixture
def flood(machine):
    """A task that prints without end, until the event is set."""
    enough = threading.Event()

    def flood():
        while not enough.is_set():
            print("a line of a flood that is longer than all there is room for")
            yield Yield()

    yield lambda: machine.call(NewTask(flood())), enough
    enough.set()


@pytest.mark.parametrize(("options", "reason"), [({"window": 16_384}, FULL), ({}, SLOW)])
def test_a_console_that_reads_nothing_slows_nobody_and_is_told_what_it_missed(
    machine, listener, key, console, flood, options, reason
):
    begin, enough = flood
    before = set(listener.doors)
    with Client(listener, key, sock=narrow(listener)) as slow:
        deaf = slow.console(**options)
        deaf.wait_for("pyos> ")
        if reason == FULL:
            deaf.process.channel.pause_reading()
        (door,) = listener.doors - before
        (session,) = door.sessions
        begin()
        until(lambda: reason in session.reasons)
        until(lambda: all(feed.dropped_so_far for feed in feeds(machine)))
        console.enter("kill 77")
        console.wait_for("no task 77")
        assert reason in session.reasons
        enough.set()
        console.wait_for("ended")
        deaf.process.channel.resume_reading()
        deaf.enter("kill 77")
        deaf.wait_for("no task 77")
        assert "lines dropped" in deaf.all and "ended" in deaf.all


def test_the_end_of_the_listener_ends_consoles_that_read_nothing_too(machine, folder, key, flood):
    begin, enough = flood
    with listening(machine, folder, key) as listener:
        client = Client(listener, key)
        deaf = client.console(window=16_384)
        deaf.wait_for("pyos> ")
        begin()
        until(lambda: feeds(machine)[0].dropped_so_far)
    assert consoles() == []
    enough.set()
    client.__exit__()


# -- the end


def test_at_the_end_of_the_listener_everybody_is_told(machine, folder, key):
    with listening(machine, folder, key) as listener:
        client = Client(listener, key)
        console = client.console()
        console.wait_for("pyos> ")
    assert console.wait_end() == 0
    assert "The program serves no more consoles.\r\n" in console.all
    client.__exit__()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((listener.host, listener.port))


def test_consoles_that_come_and_go_leave_nothing_behind(machine, folder, key):
    def ours():
        return [
            each
            for each in threading.enumerate()
            if each.name.startswith(
                ("pyos console", "pyos ssh", "pyos output", "pyos command", "asyncio")
            )
        ]

    with listening(machine, folder, key) as listener:
        for how in ("exit", "vanish", "commands"):
            with Client(listener, key) as client:
                if how == "commands":
                    assert client.run("tasks")[0] == 0
                    continue
                console = client.console()
                console.wait_for("pyos> ")
                if how == "exit":
                    console.enter("exit")
                    console.wait_end()
            until(lambda: not consoles() and not listener.doors)
    until(lambda: not ours())
    assert machine.observers == []


def test_a_port_that_is_taken_is_one_line():
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            Failure, match=f"cannot listen for SSH on 127.0.0.1 port {port}: "
        ) as raised:
            bound("127.0.0.1", port)
    assert "\n" not in str(raised.value)


def test_a_host_that_is_not_ours_is_one_line():
    for host in ("192.0.2.1", "no such host", "a..b", "x" * 99):
        with pytest.raises(Failure, match="cannot listen for SSH on") as raised:
            bound(host, 0)
        assert "\n" not in str(raised.value)


def test_without_keys_nothing_listens(folder):
    with pytest.raises(Failure, match="nobody may join by SSH"):
        SshListener("127.0.0.1", 0, folder / "none")
    assert not (folder / "state").exists()
