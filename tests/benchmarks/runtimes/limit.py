"""The least that does the same work: an echo server over epoll, by hand.

Every other limit stands in the file of its workload.
"""

import select
import socket


def serve(variant, port):
    """Keep each connection registered; read once when it is ready, and send at once."""
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    listening = listener.fileno()
    epoll = select.epoll()
    epoll.register(listening, select.EPOLLIN)
    connections, unsent = {}, {}

    def accept():
        try:
            while True:
                sock, _ = listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[sock.fileno()] = sock
                epoll.register(sock.fileno(), select.EPOLLIN)
        except BlockingIOError:
            pass

    def close(fd):
        unsent.pop(fd, None)
        connections.pop(fd).close()

    def send(fd, sock, data):
        try:
            sent = sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            if fd not in unsent:
                epoll.modify(fd, select.EPOLLOUT)
            unsent[fd] = memoryview(data)[sent:]
        elif fd in unsent:
            del unsent[fd]
            epoll.modify(fd, select.EPOLLIN)

    while True:
        for fd, event in epoll.poll(-1, 1024):
            if fd == listening:
                accept()
                continue
            sock = connections[fd]
            try:
                if event & select.EPOLLOUT:
                    send(fd, sock, unsent[fd])
                    continue
                data = sock.recv(65536)
                if data:
                    send(fd, sock, data)
                else:
                    close(fd)
            except OSError:
                close(fd)
