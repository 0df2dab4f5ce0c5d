"""Laws of `port_scanner`."""

import re
import socket
from contextlib import ExitStack

import pytest

from kernel import Called, Connect, Scheduler
from pyos_shell.programs.port_scanner import port_scanner, scan


def listeners(stack, count):
    """Ports that somebody listens on, and those around them that nobody does."""
    opened = [
        stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=5)) for _ in range(count)
    ]
    return sorted(listener.getsockname()[1] for listener in opened)


def test_it_finds_the_ports_that_somebody_listens_on_and_no_others(shell):
    with ExitStack() as stack:
        ports = listeners(stack, 3)
        first, last = max(1, ports[0] - 50), min(65535, ports[-1] + 50)
        first = max(first, last - 3000)
        shell.succeeds(f"spawn port_scanner {first} {last}; wait 1")
        found = [int(port) for port in re.findall(r"port (\d+) is open", shell.printed)]
        assert {port for port in ports if port >= first} <= set(found)
        assert found == sorted(found)
        assert f"{len(found)} open ports" in shell.printed
    shell.succeeds(f"spawn port_scanner {ports[0]} {ports[0]}; wait")
    assert shell.printed.endswith("0 open ports\n")


def test_no_more_than_so_many_are_tried_at_once(capsys):
    scheduler = Scheduler()
    trying = []

    def count(event):
        if isinstance(event.call, Connect):
            trying.append(sum(task.name == "scan" for task in scheduler.tasks.values()))

    scheduler.trace.subscribe(count, Called)
    scheduler.new(port_scanner(1, 50, at_once=7))
    scheduler.mainloop()
    assert len(trying) == 50
    assert max(trying) == 7


def test_killed_it_takes_its_tasks_along():
    scheduler = Scheduler()
    tid = scheduler.new(port_scanner(1, 65535))
    for _ in range(10):
        scheduler.cycle(wait=False)
    assert len(scheduler.tasks) == 101
    scheduler.kill(scheduler.tasks[tid])
    scheduler.mainloop()
    assert scheduler.find(tid).status.killed


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "8.8.8.8", "::2", "0.0.0.0"])
def test_another_machine_is_not_scanned(shell, host):
    """Not acceptable: a single packet to it."""
    calls = []
    shell.machine.subscribe(lambda event: calls.append(event.call), Called)
    shell.fails(f"spawn port_scanner 1 5 --host {host}; wait 1")
    assert f"ValueError: only this machine is scanned, such as 127.0.0.1, and not {host}" in (
        shell.reported
    )
    assert not [call for call in calls if isinstance(call, Connect)]


def test_what_is_no_address_is_refused(shell):
    shell.fails("spawn port_scanner 1 5 --host example.com; wait 1")
    assert "ValueError: 'example.com' does not appear to be an IPv4 or IPv6 address" in (
        shell.reported
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9"])
def test_every_name_of_this_machine_will_do(shell, host):
    with ExitStack() as stack:
        [port] = listeners(stack, 1)
        shell.succeeds(f"spawn port_scanner {port} {port} --host {host}; wait 1")
        expected = 0 if host == "127.9.9.9" else 1
        assert f"{expected} open ports" in shell.printed


@pytest.mark.parametrize("ports", ["0 3", "-5 3", "65530 70000", "5 1"])
def test_ports_that_there_are_not_are_left_out(shell, ports):
    shell.succeeds(f"spawn port_scanner {ports}; wait 1")
    assert shell.printed.endswith("open ports\n")


def test_a_connection_to_itself_is_no_open_port():
    """The system may give the very port that is tried to the socket that tries it."""
    found = set()
    scheduler = Scheduler()
    with socket.socket() as sock:  # so that a port is free, and stays so
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    scheduler.new(scan("127.0.0.1", [port] * 200, found))
    scheduler.mainloop()
    assert found == set()
