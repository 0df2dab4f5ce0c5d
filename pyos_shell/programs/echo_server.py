"""An echo server: sends back whatever it is sent."""

from kernel import Accept, Listen, NewTask, Recv, Send


def echo_server(port: int = 45000, *, host: str = "127.0.0.1"):
    """Send back whatever clients send.

    Port 0 is any that is free. Talk to it with `nc 127.0.0.1 45000`, or have
    it done: `spawn echo_load`.

    host: the address to listen on; 0.0.0.0 lets other machines in
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
