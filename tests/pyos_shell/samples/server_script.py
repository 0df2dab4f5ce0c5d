"""An echo server as in the article: it makes its own scheduler, and sockets that block."""

import sys
from socket import *

from kernel import *


def handle_client(client, address):
    print("Connection from", *address)
    while data := (yield Recv(client, 65536)):
        yield Send(client, data)
    client.close()
    print("Client closed.")


def server(port):
    print("Server start..")
    sock = socket(AF_INET, SOCK_STREAM)
    sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1024)
    print("port", sock.getsockname()[1], "task", (yield GetTid()))
    while True:
        yield ReadWait(sock)
        client, address = sock.accept()
        yield NewTask(handle_client(client, address))


if __name__ == "__main__":
    sched = Scheduler()
    tid = sched.new(server(int(sys.argv[1])))
    print("made task", tid)
    sched.mainloop()
