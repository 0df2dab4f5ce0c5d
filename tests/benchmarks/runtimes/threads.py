"""Threads of the operating system, each a task."""

import queue
import socket
import threading
import time

STYLE = "greenlets"

threading.stack_size(128 * 1024)

sleep = time.sleep


def run(main):
    main()


def run_all(function, arguments):
    threads = [threading.Thread(target=function, args=each) for each in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def park(count, wait):
    """Start so many threads that never end, and give what keeps them."""
    event = threading.Event()
    function, arguments = (event.wait, ()) if wait == "event" else (time.sleep, (3600,))
    threads = [threading.Thread(target=function, args=arguments, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, event


def channel(size):
    messages = queue.Queue(size)
    return messages.put, messages.get


def semaphore(count):
    lock = threading.Semaphore(count)
    return lock.acquire, lock.release


def attend(client):
    """Run `client(call)` in a thread, where each `call()` is answered by this one."""
    asked, answered = queue.SimpleQueue(), threading.Semaphore(0)

    def call():
        asked.put(True)
        answered.acquire()

    def body():
        client(call)
        asked.put(False)

    threading.Thread(target=body, daemon=True).start()
    while asked.get():
        answered.release()


def serve(variant, port):
    def client(sock):
        with sock:
            try:
                while data := sock.recv(65536):
                    sock.sendall(data)
            except ConnectionError:
                pass

    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=client, args=(sock,), daemon=True).start()
