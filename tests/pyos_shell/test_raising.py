"""Laws of errors out of the blue."""

import threading

from pyos_shell.raising import raise_in

from .terminal import GUARD


class Enough(BaseException):
    """What the test raises."""


def test_it_is_raised_in_the_middle_of_python_code_and_nowhere_else():
    begun, seen = threading.Event(), []

    def work():
        try:
            begun.set()
            while True:
                pass
        except Enough:
            seen.append(threading.current_thread())

    deaf, bystander = threading.Thread(target=work), threading.Thread(target=begun.wait)
    bystander.start()
    deaf.start()
    assert begun.wait(GUARD)
    raise_in(deaf, Enough)
    deaf.join(GUARD)
    bystander.join(GUARD)
    assert seen == [deaf]
    assert not bystander.is_alive()


def test_a_thread_that_has_not_begun_or_has_ended_is_none_of_its_business():
    done = []
    thread = threading.Thread(target=lambda: done.append(True))
    raise_in(thread, Enough)
    thread.start()
    thread.join(GUARD)
    raise_in(thread, Enough)
    assert done == [True]
