"""A console that is attached from within the test: it speaks to the socket itself, so that it can
also say what no client says, and read nothing.
"""

import socket
import time

from pyos_shell.wire import HEAD, Channel, Hello, Kind

GUARD = 30.0


class Attached:
    """A client of the system that listens at `path`."""

    def __init__(self, path, behind=b"", **hello):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(GUARD)
        self.socket.connect(str(path))
        self.channel = Channel(self.socket)
        #: What has been shown since the last wait, and ever.
        self.shown = self.all = ""
        self.said = ""
        self.status = None
        options = {"terminal": True, "term": "xterm-256color", "no_color": True, **hello}
        data = Hello(**options).frame().data
        # What is said right behind it arrives together with it.
        keys = HEAD.pack(Kind.KEYS, len(behind)) + behind if behind else b""
        self.socket.sendall(HEAD.pack(Kind.HELLO, len(data)) + data + keys)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def read(self):
        """Take in what has come; false at the end."""
        try:
            frames = self.channel.receive()
        except ConnectionResetError:
            frames = None
        for frame in frames or []:
            text = frame.data.decode("utf-8", "replace")
            if frame.kind is Kind.SCREEN:
                self.shown += text
                self.all += text
            elif frame.kind is Kind.MESSAGE:
                self.said += text
            elif frame.kind is Kind.STATUS:
                self.status = frame.data[0]
        return frames is not None

    def wait_for(self, text):
        """Read until this has been shown since the last wait."""
        deadline = time.monotonic() + GUARD
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in {self.shown!r}"
            assert self.read(), f"ended without {text!r}: {self.shown!r} {self.said!r}"
        self.shown = self.shown.partition(text)[2]

    def wait_end(self):
        """Read until there is no more; the exit status, None if none has come."""
        while self.read():
            pass
        return self.status

    def type(self, text):
        self.channel.send(Kind.KEYS, text.encode())

    def enter(self, line):
        self.type(f"{line}\r")

    def run(self, *lines):
        """Have commands run, as a client without a terminal does; the exit status."""
        for line in lines:
            self.channel.send(Kind.COMMAND, line.encode())
        self.channel.send(Kind.END)
        return self.wait_end()
