"""curio. Its last release, 1.6, knows names that CPython has dropped since; they are put back."""

import functools
import multiprocessing.connection
import socket
import ssl
import threading

for name in ("CHALLENGE", "WELCOME", "FAILURE"):
    if not hasattr(multiprocessing.connection, name):
        value = getattr(multiprocessing.connection, f"_{name}")
        setattr(multiprocessing.connection, name, value)
if not hasattr(ssl, "wrap_socket"):
    vars(ssl)["wrap_socket"] = None  # only named at import

import curio  # noqa: E402

STYLE = "coroutines"
RELEASE_IS_AWAITED = True

run = curio.run
sleep = curio.sleep
in_thread = curio.run_in_thread


async def give_way(times):
    for _ in range(times):
        await curio.sleep(0)


async def run_all(function, arguments):
    tasks = [await curio.spawn(function, *each) for each in arguments]
    for task in tasks:
        await task.join()


async def park(count, wait):
    """Start so many tasks that never end, and give what keeps them."""
    event = curio.Event()
    function = event.wait if wait == "event" else functools.partial(curio.sleep, 3600)
    tasks = []
    for number in range(count):
        tasks.append(await curio.spawn(function))
        if number % 100 == 0:
            await curio.sleep(0)
    await give_way(2)
    return tasks, event


def channel(size):
    queue = curio.Queue(size)
    return queue.put, queue.get


def semaphore(count):
    lock = curio.Semaphore(count)
    return lock.acquire, lock.release


async def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this loop."""
    asked, answered = curio.UniversalQueue(), threading.Semaphore(0)

    def call():
        asked.put(True)
        answered.acquire()

    def body():
        client(call)
        asked.put(False)

    threading.Thread(target=body, daemon=True).start()
    while await asked.get():
        answered.release()


async def sockets(port):
    async def client(sock):
        async with sock:
            try:
                while data := await sock.recv(65536):
                    await sock.sendall(data)
            except ConnectionError:
                pass

    listener = curio.socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4096)
    while True:
        sock, _ = await listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await curio.spawn(client, sock, daemon=True)


def serve(variant, port):
    curio.run(sockets, port)
