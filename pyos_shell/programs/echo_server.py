"""An echo server: sends back whatever it is sent."""

from kernel import Accept, Listen, NewTask, Recv, Send


def echo_server(port: int = 45000, *, host: str = "127.0.0.1"):
    """Send back to every client whatever it sends.

    host: the address to listen on; other machines reach it only if you give one of theirs
    """
    with (yield Listen((host, port))) as listener:
        print("listening on", *listener.getsockname()[:2])
        while True:
            client, address = yield Accept(listener)
            yield NewTask(echo(client, address))


def echo(client, address):
    """Serve one client until it closes."""
    with client:
        while data := (yield Recv(client, 65536)):
            yield Send(client, data)
