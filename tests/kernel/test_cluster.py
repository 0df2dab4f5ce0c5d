"""A task waits for what a cluster computes: a real one of Dask's, in a child of its own."""

from __future__ import annotations

from .support import printed

PROGRAM = """
from distributed import Client, LocalCluster
from kernel import *


def program(executor):
    for future in [executor.submit(pow, number, 2) for number in range(5)]:
        print((yield WaitFuture(future)))
    try:
        yield WaitFuture(executor.submit(divmod, 1, 0))
    except ZeroDivisionError as error:
        print(error)


cluster = LocalCluster(
    n_workers=2,
    threads_per_worker=1,
    processes=False,
    protocol="tcp",
    host="127.0.0.1",
    dashboard_address="127.0.0.1:0",
)
with cluster, Client(cluster) as client, client.get_executor() as executor, Machine() as machine:
    tid = machine.call(NewTask(program(executor)))
    print(machine.call(WaitTask(tid)))
"""


def test_wait_future_takes_what_the_executor_of_a_cluster_gives():
    out, error = printed(PROGRAM)
    assert out.splitlines() == [
        *("0", "1", "4", "9", "16"),
        "integer division or modulo by zero",
        "ended",
    ], error
