"""One cell of the benchmark, in a process of its own: a workload on a runtime.

    python -m tests.benchmarks.cell WORKLOAD RUNTIME '{"parameter": value, …}'

Prints its figures as JSON. A workload has a function for each style of runtime, and may have one
for a certain runtime.
"""

import importlib
import json
import os
import sys

from .outcome import tell


def main():
    name, of, parameters = sys.argv[1:]
    parameters = json.loads(parameters)
    if parameters.pop("alone", True):
        stay_on_one_processor()
    workload = importlib.import_module(f"{__package__}.workloads.{name}")
    runtime = importlib.import_module(f"{__package__}.runtimes.{of}") if of != "limit" else None
    measure = getattr(workload, of, None) or getattr(workload, runtime.STYLE)
    tell(measure(runtime, **parameters))


def stay_on_one_processor():
    """The last one: whoever started us is at work on another, perhaps."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
