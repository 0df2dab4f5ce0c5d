"""PyOS: a kernel of its own for each `run`."""

import socket

from kernel import Accept, NewTask, Recv, Scheduler, Send, WaitTask

STYLE = "pyos"


def run(main):
    scheduler = Scheduler()
    scheduler.new(main)
    scheduler.mainloop()


def run_all(function, arguments):
    """A subroutine that runs so many tasks and waits for all."""
    tids = []
    for each in arguments:
        tids.append((yield NewTask(function(*each))))
    for tid in tids:
        yield WaitTask(tid)


def serve(variant, port):
    def client(sock):
        with sock:
            try:
                while data := (yield Recv(sock, 65536)):
                    yield Send(sock, data)
            except ConnectionError:
                pass

    def server():
        listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        while True:
            sock, _ = yield Accept(listener)
            yield NewTask(client(sock))

    run(server())
