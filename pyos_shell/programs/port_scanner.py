"""Tells which ports of this machine somebody listens on."""

from ipaddress import ip_address

from kernel import Connect, TaskGroup, within


def port_scanner(first: int = 1, last: int = 1024, *, host: str = "127.0.0.1", at_once: int = 100):
    """Tell which ports of this host are open.

    Only on this machine: those who look after others would not like it.

    at_once: how many ports are tried at the same time
    """
    if host != "localhost" and not ip_address(host).is_loopback:
        raise ValueError(f"only this machine is scanned, such as 127.0.0.1, and not {host}")
    group, ports = TaskGroup(), iter(range(max(first, 1), min(last, 65535) + 1))
    found: set[int] = set()
    yield group.run(start(group, at_once, host, ports, found))
    for port in sorted(found):
        print(f"port {port} is open")
    print(len(found), "open ports")


def start(group, at_once, host, ports, found):
    """Start the tasks that share the ports; `run` waits for them."""
    for _ in range(at_once):
        yield group.spawn(scan(host, ports, found))


def scan(host, ports, found):
    """Try one port after the other, and note those that are open."""
    for port in ports:
        try:
            with (yield within(1.0, Connect((host, port)))) as sock:
                # The system may give us the very port that we try, and connect us to ourselves.
                if sock.getsockname() != sock.getpeername():
                    found.add(port)
        except (ConnectionError, TimeoutError):
            continue
