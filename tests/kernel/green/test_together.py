"""Programs of every kind serve and load each other in one kernel at once."""

from __future__ import annotations

import asyncio
import socket

import pytest

from kernel import (
    Accept,
    Connect,
    KillTask,
    NewTask,
    Recv,
    Send,
    WaitTask,
    call,
    fiber,
    green_script,
    hosted,
)

from .running import run_all, write

REQUESTS = 20

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.path.encode())
    def log_message(self, *words): pass
class Server(ThreadingHTTPServer):
    daemon_threads = True
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

CLIENT = """
import sys, threading, time, urllib.request
def get(port):
    for number in range(int(sys.argv[1])):
        while True:
            try: answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/{number}", timeout=30)
            except OSError: time.sleep(0.001)
            else: break
        with answer: assert answer.read().decode() == f"/{number}"
threads = [threading.Thread(target=get, args=(port,)) for port in sys.argv[2:] for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("green client done")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def echo_server(listener):
    while True:
        client, _ = yield Accept(listener)
        yield NewTask(echo(client))


def echo(client):
    with client:
        while data := (yield Recv(client, 100)):
            yield Send(client, data)


def plain_load(address):
    """A client of the echo server that is a plain function."""
    with call(Connect(address)) as sock:
        for number in range(REQUESTS):
            message = b"message %d" % number
            call(Send(sock, message))
            assert call(Recv(sock, 100)) == message


@pytest.mark.filterwarnings("ignore")  # of aiohttp, and of what killed servers leave open
def test_green_asyncio_and_kernel_programs_load_each_others_servers_at_once(tmp_path, capsys):
    aiohttp = pytest.importorskip("aiohttp")
    from aiohttp import web

    green_port, asyncio_port = free_port(), free_port()
    listener = socket.create_server(("127.0.0.1", 0))

    async def path(request):
        await asyncio.sleep(0)
        return web.Response(text=request.path)

    def asyncio_server():
        app = web.Application()
        app.add_routes([web.get("/{number}", path)])
        web.run_app(app, host="127.0.0.1", port=asyncio_port, print=lambda *_: None)

    async def asyncio_client():
        async with aiohttp.ClientSession() as session:
            for number in range(REQUESTS):
                for port in (green_port, asyncio_port):
                    assert await get(session, f"http://127.0.0.1:{port}/{number}") == f"/{number}"

    async def get(session, address):
        while True:
            try:
                async with session.get(address) as answer:
                    return await answer.text()
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.001)

    def all_of_it():
        server = str(write(tmp_path, {"server.py": SERVER}))
        client = str(write(tmp_path, {"client.py": CLIENT}))
        ports = str(green_port), str(asyncio_port)
        servers = (
            green_script(server, ports[0]),
            hosted(asyncio_server),
            echo_server(listener),
        )
        loads = (
            green_script(client, str(REQUESTS), *ports),
            hosted(asyncio_client),
            *(fiber(plain_load, listener.getsockname()) for _ in range(3)),
        )
        serving, loading = [], []
        for target in servers:
            serving.append((yield NewTask(target)))
        for target in loads:
            loading.append((yield NewTask(target)))
        ends = []
        for tid in loading:
            ends.append((yield WaitTask(tid)))
        for tid in serving:
            yield KillTask(tid)
        for tid in serving:
            yield WaitTask(tid)
        return ends

    with listener:
        (status,) = run_all(all_of_it())
    assert status.ok, status
    assert all(end.ok for end in status.value), status.value
    assert capsys.readouterr().out == "green client done\n"
