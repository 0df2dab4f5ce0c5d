"""asyncio, of the standard library."""

import asyncio
import functools
import threading

STYLE = "coroutines"
RELEASE_IS_AWAITED = False

sleep = asyncio.sleep


def run(main):
    asyncio.run(main())


async def give_way(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def run_all(function, arguments):
    tasks = [asyncio.create_task(function(*each)) for each in arguments]
    for task in tasks:
        await task


async def park(count, wait):
    """Start so many tasks that never end, and give what keeps them."""
    event = asyncio.Event()
    function = event.wait if wait == "event" else functools.partial(asyncio.sleep, 3600)
    tasks = [asyncio.create_task(function()) for _ in range(count)]
    await give_way(2)
    return tasks, event


def channel(size):
    queue = asyncio.Queue(size)
    return queue.put, queue.get


def semaphore(count):
    lock = asyncio.Semaphore(count)
    return lock.acquire, lock.release


async def in_thread(function):
    return await asyncio.get_running_loop().run_in_executor(None, function)


async def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this loop."""
    loop = asyncio.get_running_loop()
    answered = threading.Semaphore(0)
    done = asyncio.Event()

    def call():
        loop.call_soon_threadsafe(answered.release)
        answered.acquire()

    def body():
        client(call)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=body, daemon=True).start()
    await done.wait()


async def streams(port):
    async def client(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.write = transport.write

    def data_received(self, data):
        self.write(data)


async def protocol(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


SERVERS = {"streams": streams, "protocol": protocol}


def serve(variant, port):
    run(lambda: SERVERS[variant](port))
