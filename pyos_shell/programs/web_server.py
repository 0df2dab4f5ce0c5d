"""A web server: shows the files of a folder to browsers."""

from email.utils import formatdate
from html import escape
from http import HTTPStatus
from mimetypes import guess_type
from os import fsdecode, fsencode, fstat
from pathlib import Path
from socket import SHUT_WR
from urllib.parse import quote, unquote_to_bytes, urlsplit

from kernel import (
    Accept,
    LineTooLong,
    Listen,
    NewTask,
    OpenScope,
    Reader,
    Recv,
    RunInThread,
    Send,
    SendFile,
    within,
)

HTML = "text/html; charset=utf-8"
HEAD = 8192  # bytes of a request, at most
PIECE = 256 * 1024  # bytes of a file that go out in one go
PATIENCE = 10.0  # seconds that a request may take, or a piece
GOODBYE = 2.0  # seconds that a client may go on sending when we have closed


def web_server(folder: Path = Path(), *, port: int = 8000, host: str = "127.0.0.1"):
    """Show the files of FOLDER to browsers.

    Open http://127.0.0.1:8000 to see them. Port 0 is any that is free.

    host: the address to listen on; 0.0.0.0 lets other machines in
    """
    root = folder.resolve()
    if not root.is_dir():
        raise NotADirectoryError(f"there is no folder {folder}")
    with (yield Listen((host, port))) as listener:
        print("listening on", *listener.getsockname()[:2])
        while True:
            client, _ = yield Accept(listener)
            yield NewTask(serve(client, root))


def serve(client, root):
    """Answer one client's requests, until it closes or is too slow."""
    with client:
        reader = Reader(client)
        try:
            while (yield answer(client, reader, root)):
                pass
            # Closed with something unread in it, a socket would take back what it has sent.
            client.shutdown(SHUT_WR)
            with (yield OpenScope(GOODBYE)):
                while (yield Recv(client, 65536)):
                    pass
        except (OSError, EOFError):
            pass  # it is too slow, or it has left


def answer(client, reader, root):
    """Answer one request; may there be another?"""
    try:
        request = yield within(PATIENCE, reader.read_until(b"\r\n\r\n", HEAD))
        method, path, keep = parse(request)
    except LineTooLong:
        return (yield reply(client, "?", "", False, 431))
    except ValueError:
        return (yield reply(client, "?", "", False, 400))
    if method not in ("GET", "HEAD"):
        return (yield reply(client, method, path, False, 405, {"Allow": "GET, HEAD"}))
    return (yield reply(client, method, path, keep, *(yield RunInThread(look_up, root, path))))


def parse(request):
    """The method and the path of a request, and whether there may be another."""
    first, *lines = request.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = first.split(" ")
    fields = {}
    for line in lines:
        name, value = line.split(":", 1)
        if not name or name != name.strip():
            raise ValueError(line)
        fields[name.lower()] = value.strip().lower()
    if version not in ("HTTP/1.0", "HTTP/1.1") or (version == "HTTP/1.1" and "host" not in fields):
        raise ValueError(version)
    has_body = "transfer-encoding" in fields or fields.get("content-length", "0") != "0"
    closes = version == "HTTP/1.0" or "close" in fields.get("connection", "")
    return method, fsdecode(unquote_to_bytes(urlsplit(target).path)), not (has_body or closes)


def look_up(root, path):
    """On a worker: what is there for a path? A status, what is to be said of it, and a file or a
    page.
    """
    try:
        place = (root / path.lstrip("/")).resolve()
        if not place.is_relative_to(root):  # by `..`, or by a symbolic link
            return 403, {}
        if place.is_dir():
            return look_into(root, path, place)
        if not place.is_file() or path.endswith("/"):
            return 404, {}
        return 200, {"Content-Type": kind(place)}, place.open("rb")
    except PermissionError:
        return 403, {}
    except (OSError, ValueError, RuntimeError):  # no name of a file, or one that leads in circles
        return 404, {}


def look_into(root, path, folder):
    """The folder's own page, or one with a link to each of its files."""
    if not path.endswith("/"):  # or the page's links would lead elsewhere
        return 301, {"Location": quote(fsencode(below(root, folder)))}
    found = look_up(root, f"{path}index.html")
    if found[0] != 404:
        return found
    names = sorted(f"{place.name}/" if place.is_dir() else place.name for place in folder.iterdir())
    links = [f'<li><a href="./{quote(fsencode(name))}">{escape(name)}</a>' for name in names]
    page = ["<!DOCTYPE html>", f"<title>{escape(below(root, folder))}</title>", "<ul>", *links]
    return 200, {"Content-Type": HTML}, "\n".join(page).encode("utf-8", "replace")


def below(root, folder):
    """The path under which a browser asks for a folder."""
    return "/".join(["", *folder.relative_to(root).parts, ""])


def kind(file):
    """The type of what is in a file, told by its name."""
    found, encoding = guess_type(file.name)
    if found is None or encoding is not None:
        return "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def reply(client, method, path, keep, status, fields=None, body=None):
    """Send an answer; may there be another request?"""
    print(method, path, status)
    page = f"{status} {HTTPStatus(status).phrase}\n".encode() if body is None else body
    if isinstance(page, bytes):
        start = head(status, len(page), keep, fields)
        yield within(PATIENCE, Send(client, start if method == "HEAD" else start + page))
    else:
        with page:
            size = fstat(page.fileno()).st_size
            yield within(PATIENCE, Send(client, head(status, size, keep, fields)))
            if method != "HEAD":
                yield send_file(client, page, size)
    return keep


def head(status, size, keep, fields):
    """What comes before a page."""
    fields = {
        "Date": formatdate(usegmt=True),
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": size,
        "Connection": "keep-alive" if keep else "close",
        **(fields or {}),
    }
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *lines, "", ""]).encode()


def send_file(client, file, size):
    """Send a file piece by piece: only a client that takes none of it in time is too slow."""
    for begin in range(0, size, PIECE):
        piece = min(PIECE, size - begin)
        if (yield within(PATIENCE, SendFile(client, file, begin, piece))) < piece:
            raise EOFError("the file has become shorter meanwhile")
