"""Holds connections to a server: `python idle_connections.py PORT COUNT`.

Prints a line when all are open; when it is sent one, every tenth sends a byte and gets it back.
"""

import resource
import socket
import sys

port, count = map(int, sys.argv[1:])
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
connections = [socket.create_connection(("127.0.0.1", port), 60) for _ in range(count)]
print("open", flush=True)
sys.stdin.readline()
some = connections[::10]
for connection in some:
    connection.sendall(b"x")
for connection in some:
    assert connection.recv(1) == b"x"
print("echoed", len(some), flush=True)
sys.stdin.readline()
for connection in connections:
    connection.close()
