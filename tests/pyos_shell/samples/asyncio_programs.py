"""Programs of asyncio's, as somebody has written them who has never heard of PyOS."""

import asyncio
import sys

value = 3


async def shout(reader, writer):
    """Send every line back in capitals."""
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def server(port: int = 0, *, greeting: str = "listening on"):
    """Serve until it is cancelled."""
    server = await asyncio.start_server(shout, "127.0.0.1", port)
    print(greeting, server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


async def worker(name):
    while True:
        await asyncio.sleep(1000)


async def workers(count: int = 2):
    """So many workers."""
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(worker(number), name=f"worker-{number}")
            await asyncio.sleep(0)
            print("workers come to work")
    finally:
        await asyncio.sleep(0)
        print("workers have gone home")


async def counting(to: int = 3):
    for number in range(to):
        print(number)
        await asyncio.sleep(0)


async def crashing():
    await asyncio.sleep(0)
    raise ValueError("no")


async def numbers():
    yield 1


def plain(*words: str):
    """What stands below `if __name__ == "__main__"` in many programs."""
    try:
        asyncio.run(workers(len(words)))
    except KeyboardInterrupt:
        print("interrupted")


class Main:
    pass


def leaves():
    sys.exit(3)
