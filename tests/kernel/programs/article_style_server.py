"""An echo server in the style of the article: blocking sockets, a script that runs itself."""

import sys
from socket import *

from kernel import *


def serve(connection, peer):
    print("client", peer[0], flush=True)
    while True:
        text = yield Recv(connection, 1024)
        if text == b"":
            break
        yield Send(connection, text)
    connection.close()
    print("goodbye", flush=True)


def listen(port):
    listening = socket(AF_INET, SOCK_STREAM)
    listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(16)
    print("port", listening.getsockname()[1], flush=True)
    while True:
        yield ReadWait(listening)
        connection, peer = listening.accept()
        yield NewTask(serve(connection, peer))


system = Scheduler()
system.schedule(Task(listen(int(sys.argv[1]) if sys.argv[1:] else 0)))
system.mainloop()
