"""Programs of every kind in one kernel, each loaded while the others are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kernel import (
    Called,
    Connect,
    Exited,
    KillTask,
    NewTask,
    Recv,
    Scheduler,
    Send,
    Sleep,
    WaitTask,
    green_script,
    hosted,
)

from .net import listening, serve
from .support import outcome, watch

REQUESTS = 20

#: Two ordinary scripts, which know nothing of any of this.
SERVER = """
import http.server, pathlib

class Upper(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).upper()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upper) as server:
    pathlib.Path("port.new").write_text(str(server.server_address[1]))
    pathlib.Path("port.new").rename("port")
    server.serve_forever()
"""

CLIENT = """
import sys, urllib.request

url = f"http://127.0.0.1:{sys.argv[1]}/"
for number in range(int(sys.argv[2])):
    with urllib.request.urlopen(url, data=b"request %d" % number) as answer:
        assert answer.read() == b"REQUEST %d" % number
"""


def kernels_own(address):
    """A client of the echo server."""
    with (yield Connect(address)) as sock:
        for number in range(REQUESTS):
            yield Send(sock, b"%08d" % number)
            data = b""
            while len(data) < 8:
                data += yield Recv(sock, 8)
            assert data == b"%08d" % number


def of_asyncio(listener):
    """A server of aiohttp and its client."""
    aiohttp = pytest.importorskip("aiohttp")
    from aiohttp import web

    async def upper(request):
        return web.Response(text=(await request.text()).upper())

    def server():
        app = web.Application()
        app.add_routes([web.post("/", upper)])
        web.run_app(app, sock=listener, print=lambda *_: None)

    async def client():
        url = "http://{}:{}/".format(*listener.getsockname())
        async with aiohttp.ClientSession() as session:
            for number in range(REQUESTS):
                async with session.post(url, data=f"request {number}") as response:
                    assert await response.text() == f"REQUEST {number}"
                await asyncio.sleep(0)

    return server, client


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiohttp")
def test_generators_asyncio_and_blocking_scripts_serve_and_ask_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("server.py").write_text(SERVER)
    Path("client.py").write_text(CLIENT)
    echo_listener, web_listener = listening(), listening()
    web_server, web_client = of_asyncio(web_listener)
    servers, clients = [], []

    def all_of_it():
        for server in (serve(echo_listener), hosted(web_server), green_script("server.py")):
            servers.append((yield NewTask(server)))
        while not Path("port").exists():
            yield Sleep(0.001)
        blocking = green_script("client.py", Path("port").read_text(), str(REQUESTS))
        for client in (kernels_own(echo_listener.getsockname()), hosted(web_client), blocking):
            clients.append((yield NewTask(client)))
        ends = []
        for tid in clients:
            ends.append(str((yield WaitTask(tid))))
        for tid in servers:
            yield KillTask(tid)
        for tid in servers:
            ends.append(str((yield WaitTask(tid))))
        return ends

    sched = Scheduler()
    ends, calls = watch(sched, Exited), watch(sched, Called)
    main = sched.new(all_of_it())
    sched.mainloop()
    assert outcome(sched, main).value == ["ended"] * 3 + ["killed"] * 3
    assert not [end for end in ends if end.status.crashed]
    callers = [call.tid for call in calls]
    last = {tid: len(callers) - callers[::-1].index(tid) for tid in clients}
    assert all(callers.index(tid) < min(last.values()) for tid in clients), "one after the other"
