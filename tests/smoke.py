"""The smoke test of the gate: what a user does first, with an installed PyOS.

    python3 tests/smoke.py COMMAND...

Each COMMAND starts PyOS: the `pyos` of an environment, or `python3 pyos_shell`.
"""

import re
import shlex
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

GUARD = 30  # seconds until what hangs is ended


def shows_its_version(pyos: list[str]) -> None:
    """`pyos --version` names PyOS and a version."""
    printed = run([*pyos, "--version"])
    assert re.fullmatch(r"PyOS \S.*\n", printed), printed


def counts_down(pyos: list[str]) -> None:
    """`pyos -c` runs a program to its end."""
    printed = run([*pyos, "-c", "spawn countdown 3; wait 1"])
    assert printed.split() == ["3", "2", "1"], printed


def echoes(pyos: list[str]) -> None:
    """A server spawned by a piped line serves a real client until the input ends."""
    with session(pyos) as (commands, output):
        print("spawn echo_server 0", file=commands, flush=True)
        address = next(
            filter(None, (re.search(r"([\d.]+)[ :](\d+)\s*$", line) for line in output)), None
        )
        assert address, "no line named the server's address"
        with socket.create_connection((address[1], int(address[2])), GUARD) as client:
            client.sendall("Grüße\0\n".encode())
            client.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: client.recv(100), b""))
        assert received.decode() == "Grüße\0\n", f"the echo was {received!r}"


def asks(pyos: list[str]) -> None:
    """A task's questions are answered by stdin."""
    printed = run([*pyos, "-c", "spawn guess 9 --number 7; wait"], "5\n7\n")
    question = "a number from 1 to 9? "
    assert printed == f"{question}too small\n{question}yes, after 2 tries\n", printed


def run(command: list[str], stdin: str = "") -> str:
    """Return what a command prints; it must end well."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=GUARD)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def session(pyos):
    """Start PyOS on pipes, and see that it ends well when its input does."""
    pipe = subprocess.PIPE
    with subprocess.Popen(pyos, stdin=pipe, stdout=pipe, text=True) as process:
        watchdog = threading.Timer(GUARD, process.kill)
        watchdog.start()
        try:
            yield process.stdin, process.stdout
            process.communicate()
        finally:
            process.kill()
            watchdog.cancel()
    assert process.returncode == 0, f"exit status {process.returncode} when the input ended"


def main(commands: list[str]) -> None:
    """Check each way to start PyOS, and stop at the first fault."""
    for command in commands:
        for check in (shows_its_version, counts_down, echoes, asks):
            try:
                check(shlex.split(command))
            except (AssertionError, OSError, subprocess.SubprocessError) as fault:
                sys.exit(f"{command}: {check.__name__} failed: {fault}")
            print(f"{command}: {check.__name__}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
