"""trio."""

import functools
import socket
import threading

import trio

STYLE = "coroutines"
RELEASE_IS_AWAITED = False

run = trio.run
sleep = trio.sleep
in_thread = trio.to_thread.run_sync


async def give_way(times):
    for _ in range(times):
        await trio.lowlevel.checkpoint()


async def run_all(function, arguments):
    async with trio.open_nursery() as nursery:
        for each in arguments:
            nursery.start_soon(function, *each)


async def park(count, wait):
    """Start so many tasks that never end, and give what keeps them."""
    event = trio.Event()
    function = event.wait if wait == "event" else functools.partial(trio.sleep, 3600)
    manager = trio.open_nursery()
    nursery = await manager.__aenter__()  # never left: the process ends before
    for _ in range(count):
        nursery.start_soon(function)
    await give_way(2)
    return manager, nursery, event


def channel(size):
    sender, receiver = trio.open_memory_channel(size)
    return sender.send, receiver.receive


def semaphore(count):
    lock = trio.Semaphore(count)
    return lock.acquire, lock.release


async def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this loop."""
    token = trio.lowlevel.current_trio_token()
    answered = threading.Semaphore(0)
    done = trio.Event()

    def call():
        token.run_sync_soon(answered.release)
        answered.acquire()

    def body():
        client(call)
        token.run_sync_soon(done.set)

    threading.Thread(target=body, daemon=True).start()
    await done.wait()


async def streams(port):
    async def client(stream):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := await stream.receive_some(65536):
                await stream.send_all(data)
        except trio.BrokenResourceError:
            pass

    await trio.serve_tcp(client, port, host="127.0.0.1", backlog=4096)


def serve(variant, port):
    trio.run(streams, port)
