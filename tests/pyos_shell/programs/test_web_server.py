"""Laws of `web_server`."""

import http.client
import os
import re
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest

from kernel import ManualClock, Scheduler
from pyos_shell.programs.web_server import GOODBYE, HEAD, PATIENCE, PIECE, web_server

from ..shell import GUARD, until


@pytest.fixture
def folder(tmp_path):
    """A folder with files, and one beside it that is none of the visitors' business."""
    root = tmp_path / "site"
    (root / "sub").mkdir(parents=True)
    (root / "plain.txt").write_text("hello\n", "utf-8")
    (root / "page.html").write_text("<p>hello", "utf-8")
    (root / "picture.png").write_bytes(b"\x89PNG")
    (root / "archive.tar.gz").write_bytes(b"\x1f\x8b")
    (root / "unknown.xyzzy").write_bytes(b"?")
    (root / "empty.txt").write_bytes(b"")
    (root / "large.bin").write_bytes(os.urandom(3 * PIECE + 12345))
    (root / "sub" / "index.html").write_text("the index", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return root


@pytest.fixture
def port(shell, folder):
    shell.run(f"spawn web_server '{folder}' --port 0")
    return int(until(lambda: re.search(r"listening on \S+ (\d+)\n", shell.printed))[1])


@contextmanager
def visit(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, GUARD)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection, target, method="GET", **options):
    """One request; the answer, and what is in it."""
    connection.request(method, target, **options)
    response = connection.getresponse()
    return response, response.read()


def get(port, target, method="GET", **options):
    with visit(port) as connection:
        return ask(connection, target, method, **options)


def raw(port, request):
    """All that a server answers to these very bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port), GUARD) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


# -- what is there


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plain.txt", "text/plain; charset=utf-8"),
        ("page.html", "text/html; charset=utf-8"),
        ("picture.png", "image/png"),
        ("archive.tar.gz", "application/octet-stream"),
        ("unknown.xyzzy", "application/octet-stream"),
        ("empty.txt", "text/plain; charset=utf-8"),
        ("large.bin", "application/octet-stream"),
    ],
)
def test_every_byte_of_a_file_comes_with_its_type_and_length(port, folder, name, kind):
    response, body = get(port, f"/{name}")
    assert response.status == 200
    assert response.getheader("Content-Type") == kind
    assert response.getheader("Content-Length") == str(len(body))
    assert body == (folder / name).read_bytes()


def test_head_tells_the_same_and_sends_nothing(port):
    for target in ("/large.bin", "/", "/nothing"):
        response, _ = get(port, target)
        head, nothing = get(port, target, "HEAD")
        assert nothing == b""
        assert head.status == response.status
        for field in ("Content-Type", "Content-Length"):
            assert head.getheader(field) == response.getheader(field)


def test_a_folder_shows_its_index_or_else_a_list_of_what_is_in_it(port):
    assert get(port, "/sub/")[1] == b"the index"
    response, body = get(port, "/")
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert b'<a href="./plain.txt">plain.txt</a>' in body
    assert b'<a href="./sub/">sub/</a>' in body
    assert b"secret" not in body


def test_a_folder_without_its_slash_is_where_it_is_with_it(port):
    response, _ = get(port, "/sub")
    assert (response.status, response.getheader("Location")) == (301, "/sub/")
    response, _ = get(port, "//127.0.0.1/sub")
    assert response.getheader("Location") == "/sub/"


NAMES = [
    "with blanks.txt",
    "größe.txt",
    "100%.txt",
    "a#b?c.txt",
    "&lt;.txt",
    "'quotes\".txt",
    "日本",
]


@pytest.mark.skipif(os.name == "nt", reason="platform: no such names on Windows")
@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_a_list_leads_to_its_file(port, folder, name):
    (folder / "odd").mkdir()
    (folder / "odd" / name).write_text(name, "utf-8")
    page = get(port, "/odd/")[1].decode()
    [link] = re.findall(r'href="([^"]*)"', page)
    response, body = get(port, urljoin("/odd/", link))
    assert (response.status, body.decode()) == (200, name)


@pytest.mark.skipif(os.name == "nt", reason="platform: no such names on Windows")
def test_names_that_are_no_text_are_no_trouble(port, folder):
    (folder / "odd").mkdir()
    with open(os.fsencode(folder / "odd") + b"/\xff", "wb") as file:
        file.write(b"found")
    page = get(port, "/odd/")[1].decode()
    assert 'href="./%FF"' in page
    assert get(port, "/odd/%FF")[1] == b"found"


def test_a_query_makes_no_difference(port):
    assert get(port, "/plain.txt?version=2")[1] == b"hello\n"


# -- what is not there, or not to be seen


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/nothing/",
        "/plain.txt/",
        "/plain.txt/x",
        "/%00",
        "/" + "x" * 300,
        "/sub/nothing",
    ],
)
def test_what_there_is_not_is_not_found(port, target):
    response, body = get(port, target)
    assert (response.status, body) == (404, b"404 Not Found\n")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/%2e%2e/%2e%2e/secret.txt",
        "/../../../../../../../../etc/passwd",
        "/..",
        "/../site-of-somebody-else/",
    ],
)
def test_what_is_outside_of_the_folder_is_forbidden(port, target):
    """Not acceptable: to tell whether there is anything."""
    response, body = get(port, target)
    assert response.status == 403
    assert b"secret" not in body
    assert b"root" not in body


@pytest.mark.skipif(os.name == "nt", reason="platform: links need a privilege on Windows")
def test_a_symbolic_link_out_of_the_folder_is_forbidden_and_one_within_is_followed(port, folder):
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "away").symlink_to(folder.parent)
    (folder / "in.txt").symlink_to(folder / "plain.txt")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dangling").symlink_to(folder / "nothing")
    (folder / "trap").mkdir()
    (folder / "trap" / "index.html").symlink_to(folder.parent / "secret.txt")
    for target in ("/out.txt", "/away/secret.txt", "/away/", "/away", "/trap/"):
        response, body = get(port, target)
        assert (response.status, b"secret" in body) == (403, False)
    assert get(port, "/in.txt")[1] == b"hello\n"
    assert get(port, "/loop")[0].status == 404
    assert get(port, "/dangling")[0].status == 404


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="platform: no named pipes")
def test_what_would_never_end_is_not_read(port, folder):
    os.mkfifo(folder / "pipe")
    assert get(port, "/pipe")[0].status == 404


def test_other_methods_are_not_allowed_and_the_answer_arrives(port):
    """Although all that the client sends with them is not read."""
    for method in ("POST", "PUT", "DELETE"):
        response, _ = get(port, "/plain.txt", method, body=bytes(1 << 18))
        assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")
    response, body = get(port, "*", "OPTIONS")
    assert (response.status, body) == (405, b"405 Method Not Allowed\n")


# -- connections


def test_a_connection_serves_for_many_requests(port, folder):
    with visit(port) as connection:
        connection.connect()
        name = connection.sock.getsockname()
        for _ in range(3):
            for target in ("/plain.txt", "/nothing", "/large.bin", "/sub/"):
                response, body = ask(connection, target)
                assert response.getheader("Connection") == "keep-alive"
                assert len(body) == int(response.getheader("Content-Length"))
            assert ask(connection, "/large.bin", "HEAD")[1] == b""
        assert connection.sock.getsockname() == name


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /plain.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /plain.txt HTTP/1.0\r\n\r\n",
        b"GET /plain.txt HTTP/1.1\r\nhost:x\r\nContent-Length: 5\r\n\r\n12345",
        b"GET http://127.0.0.1/plain.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_it_is_closed_where_that_is_asked_for_or_safer(port, request_):
    answer = raw(port, request_)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello\n")
    assert b"Connection: close" in answer


def test_requests_that_come_together_are_answered_one_after_the_other(port):
    one = b"GET /plain.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /sub/ HTTP/1.0\r\n\r\n"
    answer = raw(port, one + one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.endswith(b"the index")


def test_a_request_may_come_byte_by_byte(port):
    with socket.create_connection(("127.0.0.1", port), GUARD) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /plain.txt HTTP/1.0\r\n\r\n":
            sock.send(bytes([byte]))
        assert b"".join(iter(lambda: sock.recv(100), b"")).endswith(b"hello\n")


BAD = [
    b"nonsense\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
    b"GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\r\n\r\n",
    b"\r\n\r\n",
]


@pytest.mark.parametrize("request_", BAD, ids=repr)
def test_what_is_no_request_is_refused(port, request_):
    answer = raw(port, request_)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert get(port, "/plain.txt")[1] == b"hello\n"


def test_a_request_that_is_too_long_is_refused_and_not_kept(port):
    answer = raw(port, b"GET /" + b"x" * (10 * HEAD))
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_clients_that_leave_in_the_middle_are_nobody_elses_trouble(port, shell):
    for request in (b"", b"GET /", b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), GUARD) as sock:
            sock.sendall(request)
    assert get(port, "/plain.txt")[1] == b"hello\n"
    until(lambda: len(shell.machine.kernel.tasks) == 1)  # only the server is left
    assert "crashed" not in shell.reported


def test_many_clients_at_once_get_the_whole_file(port, folder):
    socks = [socket.create_connection(("127.0.0.1", port), GUARD) for _ in range(20)]
    for sock in socks:
        sock.sendall(b"GET /large.bin HTTP/1.0\r\n\r\n")
    expected = (folder / "large.bin").read_bytes()
    for sock in socks:
        with sock:
            answer = b"".join(iter(lambda sock=sock: sock.recv(1 << 20), b""))
        assert answer.endswith(expected)


@pytest.mark.skipif(shutil.which("curl") is None, reason="platform: no curl")
def test_curl_can_read_from_it(port, folder):
    url = f"http://127.0.0.1:{port}/"
    command = ["curl", "--silent", "--show-error", "--fail", "--location", "--noproxy", "*"]
    done = subprocess.run(
        [*command, url + "large.bin", url + "sub"], capture_output=True, timeout=GUARD
    )
    assert done.stderr == b""
    assert done.stdout == (folder / "large.bin").read_bytes() + b"the index"
    done = subprocess.run([*command, url + "nothing"], capture_output=True, timeout=GUARD)
    assert done.returncode != 0


def test_what_is_no_folder_is_one_line(shell, folder):
    for wrong in (folder / "plain.txt", folder / "nothing"):
        shell.fails(f"spawn web_server '{wrong}'; wait")
        assert f"NotADirectoryError: there is no folder {wrong}" in shell.reported


def test_it_prints_what_it_was_asked_for(port, shell):
    shell.run("tasks")  # pytest has put its own stdout in place of ours
    get(port, "/plain.txt")
    get(port, "/nothing")
    assert shell.printed.endswith("GET /plain.txt 200\nGET /nothing 404\n")


# -- who is too slow: on a clock that the test moves


class Served:
    """A server in this thread, turned by hand."""

    def __init__(self, folder, capsys):
        self.kernel = Scheduler(clock=ManualClock())
        self.kernel.new(web_server(folder, port=0))
        self.turn()
        self.port = int(capsys.readouterr().out.split()[-1])

    def turn(self, seconds=0.0):
        self.kernel.clock.advance(seconds)
        for _ in range(100):
            self.kernel.cycle(wait=False)

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), GUARD)
        self.turn()
        return sock

    def answers(self, sock):
        """Turn until something has come."""
        sock.setblocking(False)
        until(lambda: self.turn(0.001) or arrived(sock))

    def closed(self, sock):
        """Whether it has been closed; what has come is dropped."""
        sock.setblocking(False)
        try:
            while sock.recv(1 << 20):
                pass
        except BlockingIOError:
            return False
        except ConnectionResetError:
            pass
        return True


def arrived(sock):
    try:
        return sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return b""


@pytest.fixture
def served(folder, capsys):
    served = Served(folder, capsys)
    yield served
    served.kernel.end_all()
    served.kernel.workers.close()
    served.kernel.poller.close()


@pytest.mark.parametrize("sent", [b"", b"GET /plain.txt HTTP/1.1\r\nHost:"])
def test_a_client_that_sends_no_whole_request_in_time_is_left(served, sent):
    with served.connect() as sock:
        sock.sendall(sent)
        served.turn(PATIENCE * 0.9)
        assert not served.closed(sock)
        served.turn(PATIENCE * 0.2)
        assert served.closed(sock)
    assert len(served.kernel.tasks) == 1


def test_one_that_sends_a_byte_now_and_then_has_no_more_time_for_it(served):
    with served.connect() as sock:
        for _ in range(9):
            sock.sendall(b"x")
            served.turn(PATIENCE / 8)
        assert served.closed(sock)


def test_one_that_does_not_read_is_left(served):
    with served.connect() as sock:
        sock.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        until(lambda: served.turn(0.001) or len(served.kernel.tasks) == 2)
        for _ in range(50):
            served.turn()
        served.turn(PATIENCE * 1.1)
        until(lambda: served.turn(0.001) or len(served.kernel.tasks) == 1)


def test_one_that_goes_on_sending_after_the_last_answer_is_left(served):
    with served.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        served.turn()
        for _ in range(5):
            sock.sendall(b"x" * 1000)
            served.turn(GOODBYE / 4)
        assert len(served.kernel.tasks) == 1


def test_a_file_that_becomes_shorter_meanwhile_ends_the_connection(served, folder):
    with served.connect() as sock:
        (folder / "shrinks").write_bytes(bytes(50 * PIECE))
        sock.sendall(b"GET /shrinks HTTP/1.1\r\nHost: x\r\n\r\n")
        served.answers(sock)
        os.truncate(folder / "shrinks", 10)
        until(lambda: served.turn(0.001) or served.closed(sock))


def test_the_folder_may_be_the_current_one(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    served = Served(Path(), capsys)
    with served.connect() as sock:
        sock.sendall(b"GET /plain.txt HTTP/1.0\r\n\r\n")
        served.answers(sock)
    served.kernel.end_all()
    served.kernel.workers.close()
    served.kernel.poller.close()
