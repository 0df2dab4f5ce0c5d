"""The interpreter's switch interval: so long a thread waits for the interpreter's lock before it
asks for it by force.

While a kernel runs, it is short, so that whoever has a request gets its turn beside busy tasks. It
belongs to the whole process, so it is put back when the last kernel has stopped.
"""

from __future__ import annotations

import sys
import threading
from typing import Final

#: Seconds.
SHORT: Final = 50e-6


class SwitchInterval:
    """Short while any kernel of the process runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kernels = 0
        self.former = 0.0

    def shorten(self) -> None:
        with self.lock:
            if self.kernels == 0:
                self.former = sys.getswitchinterval()
                sys.setswitchinterval(SHORT)
            self.kernels += 1

    def put_back(self) -> None:
        with self.lock:
            self.kernels -= 1
            if self.kernels == 0:
                sys.setswitchinterval(self.former)


switch_interval: Final = SwitchInterval()
