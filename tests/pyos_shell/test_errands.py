"""Laws of errands: done on the console's thread, and nobody waits for one that is never done."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from pyos_shell.errands import Ended, Errands

from .shell import GUARD, until

COLOUR = ContextVar("COLOUR", default="none")


def conversing(others):
    """Be the console's thread, while `others` runs on another one; what that has answered."""
    errands = Errands()

    async def converse():
        COLOUR.set("green")
        errands.begin()
        return await asyncio.wait_for(asyncio.to_thread(others, errands), GUARD)

    return asyncio.run(converse())


def test_whoever_has_something_done_gets_what_came_of_it():
    here = threading.get_ident()

    def others(errands):
        assert errands.do(threading.get_ident) == here != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            errands.do(lambda: 1 / 0)
        return errands.do(COLOUR.get)

    assert conversing(others) == "green"


def test_what_is_to_be_done_soon_is_waited_for_by_nobody_and_done_in_its_order():
    done = []

    def others(errands):
        for number in range(3):
            errands.soon(done.append, number)
        errands.do(lambda: None)

    conversing(others)
    assert done == [0, 1, 2]


def test_before_the_beginning_and_after_the_end_nothing_is_done_and_nobody_waits():
    errands = Errands()
    errands.soon(pytest.fail, "it is done")
    with pytest.raises(Ended):
        errands.do(lambda: None)

    async def converse():
        errands.begin()

    asyncio.run(converse())
    errands.soon(pytest.fail, "it is done")  # the loop has ended
    with pytest.raises(Ended):
        errands.do(lambda: None)
    errands.end()
    with pytest.raises(Ended):
        errands.do(lambda: None)


def test_the_end_lets_go_of_those_who_wait():
    errands, raised = Errands(), []

    def waits():
        try:
            errands.do(pytest.fail)
        except Ended as error:
            raised.append(error)

    async def converse():
        errands.begin()
        thread = threading.Thread(target=waits)
        thread.start()
        until(lambda: errands.pending)  # and the loop does nothing meanwhile
        errands.end()
        thread.join(GUARD)

    asyncio.run(converse())
    assert len(raised) == 1
