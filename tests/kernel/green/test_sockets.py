"""The sockets of a green program seem to block, and suspend its task only."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kernel import Accept, Connect, KillTask, Recv, Send, Sleep, green_script

from .running import green, run_all, under_python, write

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"

SCRIPTS = {
    "timeouts": """
        import socket
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.001)
        try: listener.accept()
        except TimeoutError as error: print(error)
        ours, theirs = socket.socketpair()
        print(ours.gettimeout(), ours.getblocking(), ours.timeout)
        ours.settimeout(0.001)
        for attempt in (lambda: ours.recv(1), lambda: ours.recv_into(bytearray(1)),
                        lambda: ours.sendall(bytes(10_000_000)), lambda: ours.recvmsg(1)):
            try: attempt()
            except TimeoutError as error: print(error)
        ours.setblocking(False)
        print(ours.gettimeout(), ours.getblocking())
        try: ours.recv(1)
        except BlockingIOError as error: print(error.errno)
        ours.setblocking(True)
        try: ours.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError as error: print(error.errno)
        for wrong in (-1, "x"):
            try: ours.settimeout(wrong)
            except (ValueError, TypeError) as error: print(error)
        socket.setdefaulttimeout(2.5)
        with socket.socket() as made: print(made.gettimeout(), socket.getdefaulttimeout())
        print(ours.gettimeout())
        ours.close(); theirs.close(); listener.close()
        try: ours.recv(1)
        except OSError as error: print(error.errno)
        """,
    "streams and files": """
        import socket, threading
        listener = socket.create_server(("127.0.0.1", 0))
        def serve():
            client, address = listener.accept()
            with client:
                while data := client.recv(99): client.sendall(data.upper())
        thread = threading.Thread(target=serve); thread.start()
        with socket.create_connection(listener.getsockname(), timeout=30) as client:
            client.sendall(b"first\\nsec"); client.send(b"ond\\n")
            with client.makefile("rb") as lines: print(lines.readline(), lines.readline())
            buffer = bytearray(9)
            client.sendto(b"third\\n", 0) if False else client.sendall(b"third\\n")
            print(client.recv_into(buffer, 6), bytes(buffer))
            client.shutdown(socket.SHUT_WR)
            print(client.recv(1), client.fileno() >= 0)
        thread.join(); listener.close()
        """,
    "datagrams and unix sockets": """
        import os, socket, tempfile, threading
        a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
        threading.Timer(0.001, b.sendto, (b"datagram", a.getsockname())).start()
        data, address = a.recvfrom(99)
        print(data, address == b.getsockname())
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "socket")
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind(name); server.listen()
                client.connect(name)
                accepted, _ = server.accept()
                with accepted:
                    accepted.sendmsg([b"one", b"two"])
                    print(client.recvmsg(99)[0])
        a.close(); b.close()
        """,
    "errors": """
        import socket, urllib.request
        probe = socket.create_server(("127.0.0.1", 0)); port = probe.getsockname()[1]; probe.close()
        try: socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError as error: print(error)
        with socket.socket() as client: print(client.connect_ex(("127.0.0.1", port)) != 0)
        try: urllib.request.urlopen(f"http://127.0.0.1:{port}/")
        except OSError as error: print(error)
        try: socket.getaddrinfo("localhost", "no such service")
        except socket.gaierror as error: print(type(error).__name__)
        print(socket.gethostbyname("127.0.0.1"), socket.getaddrinfo("127.0.0.1", 80)[0][4])
        """,
    "encrypted": """
        import http.server, ssl, sys, threading, urllib.request
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.end_headers(); self.wfile.write(b"secret " * 50_000)
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trusting = ssl.create_default_context(cafile=sys.argv[1])
        address = f"https://localhost:{server.server_port}/"
        with urllib.request.urlopen(address, context=trusting) as answer:
            print(answer.status, len(answer.read()))
        try: urllib.request.urlopen(address)
        except OSError as error: print("CERTIFICATE_VERIFY_FAILED" in str(error))
        server.shutdown(); server.server_close()
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_sockets_do_what_they_do_under_python(tmp_path, capsys, name):
    script = write(tmp_path, {"script.py": SCRIPTS[name]})
    printed, status = under_python(script, str(CERTIFICATE))
    assert printed and status == 0
    (ended,) = run_all(green_script(str(script), str(CERTIFICATE)))
    assert ended.ok, ended
    assert capsys.readouterr().out == printed


SERVER = """
import http.server, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.001)
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
with getattr(http.server, sys.argv[1])(("127.0.0.1", int(sys.argv[2])), Handler) as server:
    server.serve_forever()
"""

CLIENT = """
import sys, threading, time, urllib.request
def get(name):
    for number in range(10):
        address = f"http://127.0.0.1:{sys.argv[1]}/{name}/{number}"
        while True:
            try:
                with urllib.request.urlopen(address, timeout=30) as answer:
                    assert answer.read().decode() == f"/{name}/{number}"
                break
            except ConnectionRefusedError: time.sleep(0.001)
            except OSError as error:
                if "refused" not in str(error): raise
                time.sleep(0.001)
threads = [threading.Thread(target=get, args=(name,)) for name in "abcdefgh"]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all answered")
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.mark.parametrize("kind", ["HTTPServer", "ThreadingHTTPServer"])
def test_a_server_and_a_client_that_block_run_beside_an_echo_server(tmp_path, capsys, kind):
    port = str(free_port())
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    echoed = []

    def echo():
        client, _ = yield Accept(listener)
        with client:
            while data := (yield Recv(client, 100)):
                yield Send(client, data)

    def load():
        sock = yield Connect(address)
        with sock:
            while not done:
                yield Send(sock, b"ping")
                echoed.append((yield Recv(sock, 100)))
                yield Sleep(0)

    done = []
    server = write(tmp_path, {"server.py": SERVER})
    client = write(tmp_path, {"client.py": CLIENT})

    def client_program():
        yield green_script(str(client), port)
        done.append(1)
        yield KillTask(1)

    with listener:
        ended = run_all(green_script(str(server), kind, port), client_program(), echo(), load())
    assert ended[0].killed and not ended[0].forced
    assert all(status.ok for status in ended[1:])
    assert capsys.readouterr().out == "all answered\n"
    assert len(echoed) > 10 and set(echoed) == {b"ping"}


def test_who_is_always_ready_gives_way_all_the_same(tmp_path):
    source = """
        import select, socket
        ours, theirs = socket.socketpair()
        with ours, theirs:
            while True:
                select.select([], [ours], [])
                ours.send(b"x"); theirs.recv(1)
        """
    script = write(tmp_path, {"script.py": source})

    def other():
        for _ in range(100):
            yield
        yield KillTask(1)

    status, _ = run_all(green_script(str(script)), other())
    assert status.killed


def test_names_are_looked_up_while_others_run(tmp_path):
    source = """
        import socket
        assert socket.getaddrinfo("localhost", 80)
        """
    assert green(tmp_path, source).ok
