"""A database that is asked on a worker thread, while other tasks run on."""

from contextlib import closing
from sqlite3 import connect

from kernel import NewTask, RunInThread, Sleep


def sqlite_query(payments: int = 300_000):
    """Ask a database, and count meanwhile.

    A worker thread fills a temporary database with so many PAYMENTS and asks
    it. That takes a while, in which another task has its turns.
    """
    busy, turns = ["the database"], [0]
    yield NewTask(count(turns, busy))
    try:
        for customer, total in (yield RunInThread(ask, payments)):
            print(f"{customer:12} has paid {total:12,}")
        print(f"another task had {turns[0]:,} turns meanwhile")
    finally:
        busy.clear()


def count(turns, busy):
    """Count its turns for as long as there is something busy."""
    while busy:
        turns[0] += 1
        yield Sleep(0.001)


def ask(payments):
    """On the worker: fill a database that vanishes when it is closed, and ask it."""
    rows = ((f"customer {n % 97}", n * n % 1000) for n in range(payments))
    with closing(connect("")) as database:
        database.execute("CREATE TABLE payments (customer, amount)")
        database.executemany("INSERT INTO payments VALUES (?, ?)", rows)
        return database.execute(
            "SELECT customer, sum(amount) FROM payments GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
        ).fetchall()
