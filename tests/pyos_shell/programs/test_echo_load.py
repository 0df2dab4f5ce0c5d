"""Laws of `echo_load`."""

import re
import socket
import threading

from ..shell import GUARD, until


def test_it_sends_all_its_messages_to_the_server_and_says_how_fast_that_was(shell):
    shell.run("spawn echo_server 0")
    port = until(lambda: re.search(r"listening on \S+ (\d+)\n", shell.printed))[1]
    shell.succeeds(f"spawn echo_load 20 50 --size 5000 --port {port}; wait 2")
    assert re.search(r"^1,000 messages echoed, [\d,]+ a second$", shell.printed, re.MULTILINE)


def test_without_a_server_it_fails_and_says_so(shell):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    shell.fails(f"spawn echo_load 1 --port {port}; wait 1")
    assert f"client 2 crashed: ConnectionRefusedError: nobody listens there: 127.0.0.1:{port}" in (
        shell.reported
    )


def test_a_server_that_does_not_send_everything_back_is_found_out(shell):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            client, _ = listener.accept()
            with client:
                client.recv(3, socket.MSG_WAITALL)
                client.sendall(b"\0\0x")

        liar = threading.Thread(target=answer)
        liar.start()
        shell.run(f"spawn echo_load 1 1 --size 3 --port {listener.getsockname()[1]}")
        status = shell.wait(1)
        liar.join(GUARD)
    assert "the message did not come back" in str(status.error)


def test_no_clients_are_no_error(shell):
    shell.succeeds("spawn echo_load 0; wait")
    assert shell.printed.startswith("0 messages echoed, 0 a second")
