"""What the tests of the kernel share."""

from collections.abc import Iterator

import pytest

from kernel import ManualClock, Scheduler


@pytest.fixture
def kernel() -> Iterator[Scheduler]:
    """A kernel whose loop is turned, and whose clock is moved, by hand; nothing is left of it."""
    kernel = Scheduler(clock=ManualClock())
    yield kernel
    kernel.end_all()
    kernel.workers.close()
    kernel.poller.close()
