"""Clients of SSH within the test: they say also what no good client says, and may read nothing.

What a client does happens while the test waits for it, and at no other time.
"""

import asyncio
import sys
import time
from contextlib import contextmanager

import asyncssh

from pyos_shell.embedded import hosted
from pyos_shell.ssh.listener import SshListener, own_name

GUARD = 30.0

#: A terminal without colours, so that what is shown can be looked for.
PLAIN = "vt100"


@contextmanager
def listening(machine, folder, *keys, read_only=False, options="", port=0):
    """The machine's consoles over SSH, for these keys."""
    file = folder / "keys"
    lines = [f"{options} {key.export_public_key().decode()}".strip() for key in keys]
    file.write_text("".join(f"{line}\n" for line in lines))
    file.chmod(0o600)
    listener = SshListener("127.0.0.1", port, file, read_only, history=False)
    with hosted(machine) as host:
        listener.serve(host.consoles)
        try:
            yield listener
        finally:
            listener.close()
            host.consoles.servers.remove(listener)


class Client:
    """Somebody who joins with a key, and can ask for sessions."""

    def __init__(self, listener, key, **options):
        self.output = listener.consoles.output
        self.runner = asyncio.Runner()
        chosen = {
            "username": own_name(),
            "client_keys": [key] if key is not None else None,
            "known_hosts": asyncssh.import_known_hosts(known_host(listener)),
            "agent_path": None,
            "config": None,
            "gss_host": None,
            "x509_trusted_certs": None,
            **options,
        }
        try:
            self.connection = self.do(
                asyncssh.connect(listener.host, listener.port, **chosen)  # its key is checked, too
            )
        except BaseException:
            self.runner.close()
            raise

    def do(self, awaitable):
        sys.stdout = self.output  # pytest has put its own there since

        async def within():
            return await asyncio.wait_for(awaitable, GUARD)

        return self.runner.run(within())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.abort()
        self.do(self.connection.wait_closed())
        self.runner.close()

    def console(self, term=PLAIN, size=(80, 24), **options):
        """A console, on a terminal."""
        return Joined(self, term_type=term, term_size=size, **options)

    def run(self, command, stdin="", **options):
        """Have commands run; their exit status, and what they have written to the two streams."""
        given = {"input": stdin} if stdin else {"stdin": asyncssh.DEVNULL}
        done = self.do(
            self.connection.run(command, encoding="utf-8", errors="replace", **given, **options)
        )
        return done.exit_status, done.stdout, done.stderr


class Joined:
    """A session."""

    def __init__(self, client, command=None, **options):
        self.client = client
        self.process = client.do(
            client.connection.create_process(command, encoding="utf-8", errors="replace", **options)
        )
        #: What has been shown since the last wait, and ever.
        self.shown = self.all = ""

    def read(self):
        """Take in what has come; false at the end."""
        data = self.client.do(self.process.stdout.read(4096))
        self.shown += data
        self.all += data
        return bool(data)

    def wait_for(self, text):
        """Read until this has been shown since the last wait."""
        deadline = time.monotonic() + GUARD
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in {self.shown!r}"
            assert self.read(), f"ended without {text!r}: {self.shown!r}"
        self.shown = self.shown.partition(text)[2]

    def wait_end(self):
        """Read until there is no more; the exit status."""
        while self.read():
            pass
        self.client.do(self.process.wait_closed())
        return self.process.exit_status

    def type(self, text):
        self.process.stdin.write(text)
        self.client.do(self.process.stdin.drain())

    def enter(self, line):
        self.type(f"{line}\r")


def known_host(listener):
    """What a client knows of the host."""
    key = listener.host_key.export_public_key().decode()
    return f"[{listener.host}]:{listener.port} {key}"
