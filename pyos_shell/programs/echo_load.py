"""Clients for the echo server, and how fast it answers them."""

from time import monotonic

from kernel import Connect, NewTask, Recv, Send, WaitTask


def echo_load(
    clients: int = 10,
    messages: int = 100,
    *,
    size: int = 1000,
    port: int = 45000,
    host: str = "127.0.0.1",
):
    """Send messages to an echo server from many clients at once, and check what comes back.

    size: bytes of a message
    """
    begun = monotonic()
    tids = []
    for number in range(clients):
        tids.append((yield NewTask(client((host, port), messages, bytes([number % 256]) * size))))
    for tid in tids:
        status = yield WaitTask(tid)
        if not status.ok:
            raise RuntimeError(f"client {tid} {status}")
    total = clients * messages
    print(f"{total:,} messages echoed, {total / (monotonic() - begun):,.0f} a second")


def client(address, messages, message):
    """Send a message, read it back, and so on."""
    with (yield Connect(address)) as server:
        for _ in range(messages):
            yield Send(server, message)
            if (yield receive(server, len(message))) != message:
                raise RuntimeError("something else came back")


def receive(server, size):
    """Read exactly `size` bytes."""
    parts = []
    while size:
        part = yield Recv(server, size)
        if not part:
            raise ConnectionError("the server closed the connection")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
