"""A chat server: everybody reads what anybody writes."""

from kernel import (
    Accept,
    KillTask,
    LimitMailbox,
    Listen,
    MailboxFull,
    NewTask,
    NoSuchTask,
    Receive,
    Recv,
    Send,
    SendMessage,
    SpawnLinked,
)


def chat_server(port: int = 45100, *, host: str = "127.0.0.1"):
    """Let people talk; they come by `nc`.

    They type `nc 127.0.0.1 45100`. The first line that somebody writes is
    their name. Who does not read what the others write is dropped. Port 0 is
    any that is free.

    host: the address to listen on; 0.0.0.0 lets other machines in
    """
    names: dict[int, str] = {}  # of those who take part, by the task that writes to them
    with (yield Listen((host, port))) as listener:
        print("listening on", *listener.getsockname()[:2])
        while True:
            client, _ = yield Accept(listener)
            yield NewTask(read(client, names))


def read(client, names):
    """Pass on what one person writes, until they leave."""
    with client:
        writer = yield SpawnLinked(write(client))
        rest = b""
        try:
            while data := (yield Recv(client, 1000)):
                *lines, rest = (rest[:1000] + data).split(b"\n")
                for line in lines:
                    yield tell(names, said(line, writer, names))
        finally:
            if writer in names:
                yield tell(names, f"{names.pop(writer)} has left")
        yield SendMessage(writer, "")


def said(line, writer, names):
    """What everybody is told of a line."""
    words = "".join(filter(str.isprintable, line.decode(errors="replace")))
    if writer in names:
        return f"{names[writer]}: {words}"
    names[writer] = words[:20] or "somebody"
    return f"{names[writer]} is here"


def write(client):
    """Send one person what comes into this task's mailbox, until it is nothing."""
    yield LimitMailbox(100)
    while words := (yield Receive()):
        yield Send(client, f"{words}\n".encode())


def tell(names, words):
    """Tell it to all. Who has not read the last hundred lines is dropped, and the rest are told."""
    for writer, name in list(names.items()):
        try:
            yield SendMessage(writer, words)
        except (MailboxFull, NoSuchTask):
            if names.pop(writer, None):
                yield KillTask(writer)  # and with it, by their link, the task that reads
                yield tell(names, f"{name} does not listen, and was dropped")
