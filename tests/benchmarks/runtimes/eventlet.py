"""eventlet, by its own functions: nothing is patched."""

import os
import socket
import threading
import warnings

warnings.simplefilter("ignore")  # it announces its own end

import eventlet  # noqa: E402
import eventlet.event  # noqa: E402
import eventlet.hubs  # noqa: E402
import eventlet.queue  # noqa: E402
import eventlet.semaphore  # noqa: E402
import eventlet.tpool  # noqa: E402

STYLE = "greenlets"

sleep = eventlet.sleep
in_thread = eventlet.tpool.execute


def run(main):
    main()


def give_way(times):
    for _ in range(times):
        eventlet.sleep(0)


def run_all(function, arguments):
    threads = [eventlet.spawn(function, *each) for each in arguments]
    for thread in threads:
        thread.wait()


def park(count, wait):
    """Start so many tasks that never end, and give what keeps them."""
    event = eventlet.event.Event()
    function, arguments = (event.wait, ()) if wait == "event" else (eventlet.sleep, (3600,))
    tasks = [eventlet.spawn(function, *arguments) for _ in range(count)]
    give_way(2)
    return tasks, event


def channel(size):
    queue = eventlet.queue.Queue(size)
    return queue.put, queue.get


def semaphore(count):
    lock = eventlet.semaphore.Semaphore(count)
    return lock.acquire, lock.release


def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this hub.

    It has no way in for threads: a green thread waits for a pipe.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    answered = threading.Semaphore(0)
    ended = []

    def call():
        os.write(writer, b"!")
        answered.acquire()

    def body():
        client(call)
        ended.append(True)
        os.write(writer, b"!")

    threading.Thread(target=body, daemon=True).start()
    while not ended:
        eventlet.hubs.trampoline(reader, read=True)
        os.read(reader, 1)
        answered.release()


def serve(variant, port):
    def client(sock):
        try:
            while data := sock.recv(65536):
                sock.sendall(data)
        except ConnectionError:
            pass
        finally:
            sock.close()

    listener = eventlet.listen(("127.0.0.1", port), backlog=4096)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        eventlet.spawn_n(client, sock)
