"""Takes the figures: every cell in a process of its own, and all runtimes of a case in turn."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from .suite import Case

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
PACKAGE = __package__

#: Seconds after which a cell is given up, and a server is given up that does not listen.
PATIENCE = 60.0

#: Milliseconds for which the clients of an echo server only warm up, and are then measured.
WARM, MEASURED = 60, 250


class Failure(Exception):
    """A cell that gave no figures, and why."""


def command(module: str, runtime: str, *arguments: str) -> list[str]:
    """The command that runs a module for a runtime: `curio -O` is curio in an optimised Python."""
    flags = ["-O"] if runtime.endswith(" -O") else []
    return [sys.executable, *flags, "-W", "ignore", "-m", f"{PACKAGE}.{module}", *arguments]


def module_of(runtime: str) -> str:
    """The adapter of a runtime, whatever flag or kind of server its name tells as well."""
    for suffix in (" -O", " streams", " protocol"):
        runtime = runtime.removesuffix(suffix)
    return runtime.replace(" ", "_")


class Bench:
    """Measures cells. Echo servers are started when first needed, and stay up."""

    def __init__(self, quick: bool) -> None:
        self.quick = quick
        self.stack = ExitStack()
        self.servers: dict[str, tuple[subprocess.Popen, int]] = {}

    def __enter__(self):
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *error):
        for name in list(self.servers):
            self.stop(name)
        self.stack.close()

    def measure(self, case: Case, runtime: str) -> dict[str, float]:
        """The figures of one cell. Raises `Failure`."""
        if case.workload == "echo":
            return self.measure_echo(case, runtime)
        sizes = case.sizes_for(runtime)
        if self.quick:
            sizes = {name: smaller(name, value) for name, value in sizes.items()}
        arguments = [case.workload, module_of(runtime), json.dumps(sizes)]
        return figures_of(command("cell", runtime, *arguments))

    def measure_echo(self, case: Case, runtime: str) -> dict[str, float]:
        size, clients = case.sizes["size"], case.sizes["clients"]
        if self.quick:
            clients = min(clients, 50)
        server, port = self.server(runtime)
        milliseconds = [5, 20] if self.quick else [WARM, MEASURED]
        arguments = [port, clients, size, *milliseconds, server.pid]
        try:
            figures = figures_of([*first_processor(), self.clients(), *map(str, arguments)])
        finally:
            # What so many connections leave behind must not count for the next.
            if clients >= 1000 or server.poll() is not None:
                self.stop(runtime)
        if figures["served"] < clients:
            figures["unserved"] = clients - figures["served"]
        return figures

    def clients(self) -> str:
        """The program that plays the clients; it is compiled when first needed."""
        program = self.folder / "echo_load"
        if not program.exists():
            compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
            if compiler is None:
                raise Failure("the echo clients are written in C, and there is no compiler here")
            source = str(FOLDER / "echo_load.c")
            subprocess.run([compiler, "-O2", "-o", str(program), source], check=True)
        return str(program)

    def server(self, runtime: str) -> tuple[subprocess.Popen, int]:
        if runtime not in self.servers:
            variant = "protocol" if runtime.endswith("protocol") else "streams"
            server = subprocess.Popen(
                command("serve", runtime, module_of(runtime), variant),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert server.stdout is not None
            try:
                port = int(server.stdout.readline())
                wait_until_it_listens(port)
            except (OSError, ValueError):
                server.kill()
                raise Failure(f"the server of {runtime} does not listen") from None
            self.servers[runtime] = server, port
        return self.servers[runtime]

    def stop(self, runtime: str) -> None:
        server, _ = self.servers.pop(runtime)
        server.kill()
        server.communicate()


def smaller(name: str, value: object) -> object:
    """A size that takes no time: a smoke test measures nothing."""
    if name in ("tasks", "times", "messages", "rounds", "calls") and isinstance(value, int):
        return min(value, 1000 if name == "tasks" else 100)
    return value


def first_processor() -> list[str]:
    """The clients stay on one processor, and the servers and cells on another."""
    if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
        return []
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))]


def figures_of(line: list[str]) -> dict[str, float]:
    """Run a cell, and read what it prints."""
    try:
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failure(f"no figures after {PATIENCE:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise Failure(last[0])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def wait_until_it_listens(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
