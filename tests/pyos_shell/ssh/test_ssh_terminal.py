"""Laws of consoles over SSH as people join them: with `ssh`, on a real terminal."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

if sys.platform == "win32":
    pytest.skip("platform: there is no pseudo-terminal", allow_module_level=True)
if shutil.which("ssh") is None:
    pytest.skip("platform: there is no ssh", allow_module_level=True)

import asyncssh

from ..shell import SAMPLES, environment, pyos, running
from ..terminal import GUARD, Terminal, leaves
from ..test_asyncio_terminal import look_and_kill

PROMPT = "pyos>"

PORT = re.compile(r"listening for SSH on 127\.0\.0\.1 port ([0-9]+)")
FINGERPRINT = re.compile(r"the host key is (SHA256:\S+)")


@pytest.fixture
def folder(tmp_path):
    """Where a key is, and where it may join."""
    tmp_path.chmod(0o700)
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "key").write_bytes(key.export_private_key())
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "keys").write_bytes(key.export_public_key())
    (tmp_path / "keys").chmod(0o600)
    return tmp_path


@contextmanager
def system(folder, *arguments):
    """A system that listens, on its own console; and the port."""
    command = ["pyos", "--ssh", "0", "--ssh-keys", "keys", *arguments]
    state = {"XDG_STATE_HOME": str(folder / "state")}
    with Terminal(command, cwd=folder, env=state) as terminal:
        terminal.wait(lambda: FINGERPRINT.search(terminal.text), "the host key")
        terminal.wait_last(PROMPT)
        terminal.port = PORT.search(terminal.text)[1]
        yield terminal


@pytest.fixture
def owner(folder):
    with system(folder) as terminal:
        yield terminal


def ssh(owner, *arguments, known="accept-new"):
    """The command that joins; nothing of the user's own settings is heard."""
    settings = {
        "BatchMode": "yes",
        "ControlPath": "none",
        "GlobalKnownHostsFile": "none",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": known,
        "UserKnownHostsFile": "known",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    return ["ssh", "-F", "none", "-i", "key", "-p", owner.port, *options, *arguments]


@contextmanager
def joined(folder, owner, *arguments, **options):
    """A console at its first prompt."""
    with Terminal(ssh(owner, "127.0.0.1", *arguments), cwd=folder, **options) as terminal:
        terminal.wait_last(PROMPT)
        yield terminal


@pytest.fixture
def guest(folder, owner):
    with joined(folder, owner) as terminal:
        yield terminal


def run(folder, owner, *commands, stdin=""):
    """Have commands run, without a terminal."""
    return subprocess.run(
        ssh(owner, "127.0.0.1", *commands),
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment({}),
        timeout=GUARD,
    )


def test_a_person_joins_works_and_leaves(owner, guest):
    guest.enter("spawn countdown 1")
    for terminal in (owner, guest):
        terminal.wait_for("task 1 (countdown 1) ended")
        assert terminal.history.count("  1 │ 1") == 1
    assert "console 2: spawn countdown 1" in owner.history
    guest.type("hel\t")
    guest.wait_typed(f"{PROMPT} help")
    guest.type("\x03")
    guest.enter("exit")
    leaves(guest)
    assert "You have left this console; the system goes on." in guest.lines
    owner.wait_last(PROMPT)
    assert "asyncssh" not in owner.history


def test_the_toolbar_and_top_fill_the_terminal(folder, owner):
    with joined(folder, owner, columns=60, rows=12) as guest:
        assert guest.toolbar
        guest.enter("spawn echo_server 0; top")
        guest.wait_for("q leave")
        guest.type("q")
        guest.wait_last(PROMPT)
        guest.resize(30, 8)
        guest.process.send_signal(signal.SIGWINCH)
        guest.enter("help no-such-thing")
        guest.wait_for("no command and no")
        guest.wait_last(PROMPT)
        assert all(len(line) <= 30 for line in guest.lines)


def test_a_program_of_asyncios_is_as_on_the_first_console(folder, guest):
    shutil.copy(SAMPLES / "asyncio_programs.py", folder / "p.py")
    look_and_kill(guest)


def test_a_program_in_the_foreground_has_the_keyboard(guest):
    guest.enter("run guess")
    guest.wait_for("?")
    guest.type("\x1a")
    guest.wait_for("stopped")
    guest.wait_typed(PROMPT)
    guest.enter("kill 1")
    guest.wait_for("killed")


def test_ctrl_c_stops_the_command_of_its_own_console_only(owner, guest):
    owner.enter("spawn echo_server 0; wait 1")
    owner.wait_last("Ctrl-C gives the prompt back")
    guest.enter("wait 1")
    guest.wait_last("Ctrl-C gives the prompt back")
    guest.type("\x03")
    guest.wait_for("given up")
    guest.wait_last(PROMPT)
    owner.type("\x03")
    owner.wait_for("given up")
    owner.enter("help nothing")
    owner.wait_for("no command and no program 'nothing'")
    assert "Ctrl-D or exit leaves" not in owner.history, "there was nothing left to give up"


def test_a_terminal_that_can_only_print_is_sent_nothing_but_text(folder, owner):
    with joined(folder, owner, env={"TERM": "dumb"}) as dumb:
        sent = bytearray()
        take_in = dumb.take_in
        dumb.take_in = lambda data: (sent.extend(data), take_in(data))
        dumb.type("tasky\x7f\x7fks\r")
        dumb.wait_for("no tasks; start one")
        dumb.type("\x04")
        leaves(dumb)
        assert b"\x1b" not in sent


def test_the_audience_looks_and_does_not_touch(folder):
    with system(folder, "--read-only") as owner, joined(folder, owner) as audience:
        refused = "this console is for looking only"
        for number, line in enumerate(("kill 1", "spawn countdown", "tasks > file", "> 42"), 1):
            audience.enter(line)
            audience.wait(lambda n=number: audience.history.count(refused) == n, refused)
            audience.wait_last(PROMPT)
    assert not (folder / "file").exists()


@pytest.mark.parametrize("how", ["shutdown", "exit", "SIGTERM"])
def test_when_the_system_ends_everybody_is_told_and_has_the_terminal_back(owner, guest, how):
    if how == "SIGTERM":
        owner.process.send_signal(signal.SIGTERM)
    else:
        (guest if how == "shutdown" else owner).enter(how)
    leaves(guest)
    assert "The system has ended." in guest.lines
    leaves(owner, status=143 if how == "SIGTERM" else 0)


def test_when_the_system_is_killed_the_terminal_comes_back(owner, guest):
    owner.process.kill()
    leaves(guest, status=255)


def test_a_client_that_is_killed_hurts_nobody(owner, guest):
    guest.enter("spawn echo_server 0; wait")
    guest.wait_for("listening")
    guest.process.kill()
    owner.enter("tasks")
    owner.wait_for("accept 127.0.0.1:")
    owner.enter("exit")
    leaves(owner)


def test_under_a_flood_a_slow_terminal_and_a_fast_one_both_answer(folder, owner):
    (folder / "p.py").write_text(
        "def flood():\n    while True:\n        print('flood ' * 10)\n        yield\n"
    )
    with joined(folder, owner, rate=200_000) as slow:
        owner.enter("spawn p.py:flood")
        owner.wait_for("lines dropped")
        slow.enter("kill 1")
        for terminal in (slow, owner):
            terminal.wait_for("(p.py:flood) killed")


# -- without a terminal


def test_commands_run_with_the_exit_status_and_the_streams_of_pyos_c(folder, owner):
    done = run(folder, owner, "spawn countdown 1; wait; tasks")
    assert (done.returncode, done.stderr) == (0, "task 1: countdown 1\n")
    assert done.stdout.startswith("no tasks")
    owner.wait_for("a script: spawn countdown 1; wait; tasks")
    failed = run(folder, owner, stdin="kill 77\nhelp exit\n")
    assert failed.returncode == 1
    assert "no task 77" in failed.stderr
    assert failed.stdout.startswith("  exit\n")


def test_a_command_on_a_terminal_looks_like_one(folder, owner):
    with Terminal(ssh(owner, "-t", "127.0.0.1", "kil 1"), cwd=folder) as terminal:
        leaves(terminal, status=1)
        assert terminal.lines[:2] == ["kil 1", "^^^"]


def test_whoever_is_not_listed_is_refused_in_one_line(folder, owner):
    other = asyncssh.generate_private_key("ssh-ed25519")
    (folder / "key").write_bytes(other.export_private_key())
    done = run(folder, owner, "tasks")
    assert (done.returncode, done.stdout) == (255, "")
    assert "Permission denied (publickey)." in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_is_forwarded(folder, owner):
    done = subprocess.run(
        ssh(owner, "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "127.0.0.1", "tasks"),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment({}),
        timeout=GUARD,
    )
    assert (done.returncode, done.stdout) == (255, "")
    assert "forwarding failed" in done.stderr


def test_the_next_time_the_system_is_known_again(folder):
    seen = []
    for known in ("accept-new", "yes"):
        with system(folder) as owner:
            seen.append(FINGERPRINT.search(owner.text)[1])
            listed = (folder / "known").read_text().split()[1:] if known == "yes" else None
            if listed:
                (folder / "known").write_text(f"[127.0.0.1]:{owner.port} {' '.join(listed)}\n")
            done = subprocess.run(
                ssh(owner, "127.0.0.1", "tasks", known=known),
                capture_output=True,
                cwd=folder,
                env=environment({}),
                timeout=GUARD,
            )
            assert done.returncode == 0, done.stderr
    assert seen[0] == seen[1]


# -- the command line


def home(folder):
    """The variables of a user who is at home there."""
    return {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def test_without_keys_one_line_says_what_to_do(folder):
    done = pyos("--ssh", "0", "-c", "tasks", cwd=folder, **home(folder))
    assert (done.returncode, done.stdout) == (2, "")
    expected = folder / ".ssh" / "authorized_keys"
    assert done.stderr == (
        f"pyos: nobody may join by SSH: there is no file {expected}; put public keys into it,"
        " or name another file: --ssh-keys FILE\n"
    )


def test_the_keys_of_the_user_are_those_that_ssh_takes_too(folder):
    (folder / ".ssh").mkdir(mode=0o700)
    os.rename(folder / "keys", folder / ".ssh" / "authorized_keys")
    done = pyos("--ssh", "0", "-c", "shutdown", cwd=folder, **home(folder))
    assert done.returncode == 0
    assert PORT.search(done.stderr)


def test_it_serves_beside_a_socket_and_without_a_prompt(folder):
    entrances = ["--listen", "s", "--ssh", "0", "--ssh-keys", "keys"]
    with running(*entrances, "-c", "spawn countdown 1", cwd=folder, env=home(folder)) as server:
        server.stdin.close()
        server.port = PORT.search(server.stderr.readline())[1]
        assert FINGERPRINT.match(server.stderr.readline())
        with joined(folder, server) as guest:
            guest.enter("wait 1; shutdown")
            leaves(guest)
        assert server.wait(GUARD) == 0
        assert not (folder / "s").exists()
