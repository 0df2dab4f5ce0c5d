"""Clients for the echo server, and how fast it answers them."""

from time import perf_counter

from kernel import Connect, NewTask, Recv, Send, WaitTask


def echo_load(clients: int = 10, messages: int = 100, *, size: int = 1000, port: int = 45000):
    """Test an echo server with many clients.

    Each sends messages and checks what comes back. In the end you are told
    how fast that was.

    size: bytes of a message
    """
    begun = perf_counter()
    tids = []
    for number in range(clients):
        tids.append((yield NewTask(client(port, messages, bytes([number % 256]) * size))))
    for tid in tids:
        status = yield WaitTask(tid)
        if not status.ok:
            raise RuntimeError(f"client {tid} {status}")
    speed = clients * messages / (perf_counter() - begun)
    print(f"{clients * messages:,} messages echoed, {speed:,.0f} a second")


def client(port, messages, message):
    """Send a message, read it back, and so on."""
    with (yield Connect(("127.0.0.1", port))) as server:
        for _ in range(messages):
            yield Send(server, message)
            left = len(message)
            while left:
                part = yield Recv(server, left)
                if not part or part != message[: len(part)]:
                    raise ConnectionError("the message did not come back")
                left -= len(part)
