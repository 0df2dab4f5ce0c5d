"""Clients of an echo server: `python echo_clients.py PORT CLIENTS MESSAGES SEED`.

All connect first; then each sends messages of 1 to 65,536 bytes, and checks every byte that comes
back. Prints how many messages that were.
"""

import asyncio
import random
import sys


async def client(port, messages, seed, all_connected):
    chance = random.Random(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await all_connected.arrive()
    for number in range(messages):
        size = (1, 65_536)[number] if number < 2 else int(2 ** chance.uniform(0, 16))
        message = chance.randbytes(size)
        writer.write(message)
        assert await reader.readexactly(size) == message, "something else came back"
    writer.close()
    await writer.wait_closed()


class Meeting:
    def __init__(self, expected):
        self.expected = expected
        self.complete = asyncio.Event()

    async def arrive(self):
        self.expected -= 1
        if not self.expected:
            self.complete.set()
        await self.complete.wait()


async def main(port, clients, messages, seed):
    meeting = Meeting(clients)
    every = (client(port, messages, seed + number, meeting) for number in range(clients))
    await asyncio.gather(*every)
    print(clients * messages)


asyncio.run(main(*map(int, sys.argv[1:])))
