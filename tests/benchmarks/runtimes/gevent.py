"""gevent, by its own functions: nothing is patched."""

import socket
import threading

import gevent
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.queue import Queue
from gevent.server import StreamServer

STYLE = "greenlets"

sleep = gevent.sleep


def run(main):
    main()


def give_way(times):
    for _ in range(times):
        gevent.sleep(0)


def run_all(function, arguments):
    gevent.joinall([gevent.spawn(function, *each) for each in arguments])


def park(count, wait):
    """Start so many tasks that never end, and give what keeps them."""
    event = Event()
    function, arguments = (event.wait, ()) if wait == "event" else (gevent.sleep, (3600,))
    tasks = [gevent.spawn(function, *arguments) for _ in range(count)]
    give_way(2)
    return tasks, event


def channel(size):
    queue = Queue(size)
    return queue.put, queue.get


def semaphore(count):
    lock = Semaphore(count)
    return lock.acquire, lock.release


def in_thread(function):
    return gevent.get_hub().threadpool.apply(function)


def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this hub."""
    loop = gevent.get_hub().loop
    answered = threading.Semaphore(0)
    done = Event()
    keeper = loop.async_()  # without a watcher an idle hub ends
    keeper.start(lambda: None)

    def call():
        loop.run_callback_threadsafe(answered.release)
        answered.acquire()

    def body():
        client(call)
        loop.run_callback_threadsafe(done.set)

    threading.Thread(target=body, daemon=True).start()
    done.wait()


def serve(variant, port):
    def client(sock, address):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := sock.recv(65536):
                sock.sendall(data)
        except ConnectionError:
            pass
        finally:
            sock.close()

    StreamServer(("127.0.0.1", port), client, backlog=4096).serve_forever()
