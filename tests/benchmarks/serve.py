"""An echo server, in a process of its own: `python -m tests.benchmarks.serve RUNTIME VARIANT`.

Prints the port that it listens on; it serves until somebody ends it.
"""

import importlib
import os
import resource
import socket
import sys


def main():
    of, variant = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    runtime = importlib.import_module(f"{__package__}.runtimes.{of}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    print(port, flush=True)
    runtime.serve(variant, port)


if __name__ == "__main__":
    main()
