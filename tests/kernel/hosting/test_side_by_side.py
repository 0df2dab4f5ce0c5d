"""Whole programs of asyncio's, unmodified, side by side and beside the kernel's own tasks."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from kernel import Connect, KillTask, NewTask, Recv, Scheduler, Send, WaitTask, hosted

from ..net import descriptors, listening, python, serve
from ..support import outcome

REQUESTS = 40


def kernel_load(address):
    """Three clients of the echo server, one after the other."""

    def client():
        total = 0
        with (yield Connect(address)) as sock:
            for number in range(100):
                yield Send(sock, b"%08d" % number)
                data = b""
                while len(data) < 8:
                    data += yield Recv(sock, 8)
                assert data == b"%08d" % number
                total += 1
        return total

    answers = 0
    for _ in range(3):
        answers += yield client()
    return answers


@pytest.mark.filterwarnings("ignore::DeprecationWarning:aiohttp")
def test_a_server_and_a_client_of_aiohttp_beside_the_echo_server():
    aiohttp = pytest.importorskip("aiohttp")
    from aiohttp import web

    listener = listening()
    port = listener.getsockname()[1]

    async def upper(request):
        await asyncio.sleep(0.001)
        return web.Response(text=(await request.text()).upper())

    async def socket(request):
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            await answer.send_str(message.data[::-1])
        return answer

    def server():
        """As below `if __name__ == "__main__"`."""
        app = web.Application()
        app.add_routes([web.post("/upper", upper), web.get("/socket", socket)])
        web.run_app(app, sock=listener, print=lambda *_: None)

    async def client():
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def post(number):
                async with session.post("/upper", data=f"request {number}") as response:
                    return await response.text()

            answers = await asyncio.gather(*map(post, range(REQUESTS)))
            async with session.ws_connect("/socket") as web_socket:
                await web_socket.send_str("abc")
                answers.append((await web_socket.receive()).data)
        return answers

    def all_of_it(echo_address):
        serving = yield NewTask(hosted(server))
        loads = []
        for program in (hosted(client), hosted(client), kernel_load(echo_address)):
            loads.append((yield NewTask(program)))
        values = []
        for tid in loads:
            status = yield WaitTask(tid)
            assert status.ok, status
            values.append(status.value)
        yield KillTask(serving)
        return values, (yield WaitTask(serving))

    sched = Scheduler()
    echo_listener = listening()
    echo = sched.new(serve(echo_listener))
    tid = sched.new(all_of_it(echo_listener.getsockname()))
    while tid in sched.tasks:
        sched.cycle()
    status = outcome(sched, tid)
    assert status.ok, status
    values, end = status.value
    sched.force(sched.find(echo))
    while sched.tasks:
        sched.cycle()
    sched.poller.close()
    expected = [*(f"REQUEST {number}" for number in range(REQUESTS)), "cba"]
    assert values == [expected, expected, 300]
    assert str(end) == "killed"


@pytest.mark.skipif(sys.platform == "win32", reason="platform: this loop has no subprocesses there")
def test_two_programs_with_servers_streams_threads_and_processes():
    async def program(name):
        async def echo(reader, writer):
            while line := await reader.readline():
                writer.write(name + line)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
            ended.release()

        async def talk(port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            answers = []
            for number in range(10):
                writer.write(b"%d\n" % number)
                answers.append(await reader.readline())
            writer.close()
            await writer.wait_closed()
            await ended.acquire()
            return answers == [name + b"%d\n" % number for number in range(10)]

        async def process(number):
            code = "import sys; print(sys.stdin.read(), end='')"
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(*python(code), stdin=pipe, stdout=pipe)
            out, _ = await child.communicate(name * number)
            return out == name * number and child.returncode == 0

        async def thread(number):
            return await asyncio.to_thread(lambda: time.sleep(0.001) or sum(range(number))) >= 0

        ended = asyncio.Semaphore(0)
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            work = [talk(port) for _ in range(5)]
            work += [process(number) for number in range(3)]
            work += [thread(number) for number in range(5)]
            return await asyncio.gather(*work)

    sched = Scheduler()
    before = descriptors()
    tids = [sched.new(hosted(program, name)) for name in (b"one ", b"two ")]
    sched.mainloop()
    for tid in tids:
        assert outcome(sched, tid).value == [True] * 13
    assert descriptors() == before
