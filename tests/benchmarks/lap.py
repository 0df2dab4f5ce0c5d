"""How long the tasks of a workload take together."""

import time


class Lap:
    """Runs from the moment when all of `tasks` have begun until the last of them has done."""

    def __init__(self, tasks=1):
        self.to_begin = self.to_end = tasks

    def begin(self):
        """One task has begun."""
        self.to_begin -= 1
        if not self.to_begin:
            self.processor, self.time = time.process_time(), time.perf_counter()

    def end(self):
        """One task has done."""
        self.to_end -= 1
        if not self.to_end:
            self.time = time.perf_counter() - self.time
            self.processor = time.process_time() - self.processor

    def nanoseconds(self, steps):
        """What each of `steps` took."""
        return {"ns": self.time / steps * 1e9}

    def microseconds(self, steps):
        return {"µs": self.time / steps * 1e6}
