"""Measure PyOS beside its peers: `python3 tests/benchmarks [--quick] [--only NAME …]`.

It makes itself an environment with the peers, in `.venv-bench`, if it needs one. Writes the
results into `docs/benchmarks/`, unless it was `--quick` or for `--only` some. `--quick` measures
nothing: it tells whether everything works.
"""

import argparse
import json
import os
import random
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __package__ in (None, ""):
    sys.path[0] = ROOT
    from pyos_shell import bootstrap

    os.environ.setdefault("PYOS_VENV", os.path.join(ROOT, ".venv-bench"))
    os.chdir(ROOT)
    python = bootstrap.python_for("bench")
    bootstrap.become([python, "-m", "tests.benchmarks", *sys.argv[1:]])

from . import chart, report  # noqa: E402
from .measure import Bench, Failure  # noqa: E402
from .suite import CASES  # noqa: E402

#: What a runtime cannot do: no figure, and no failure.
IMPOSSIBLE = ("NotImplementedError", "has no attribute 'eager_task_factory'")


def main():
    options = parser().parse_args()
    chosen = [case for case in CASES if matches(case.name, options.only)]
    if not chosen:
        names = " ".join(case.name for case in CASES)
        sys.exit(f"no workload is called so; there are: {names}")
    rounds = 1 if options.quick else options.rounds
    start = time.monotonic()
    found, failures = measure_all(chosen, rounds, options.quick)
    for failure in failures:
        print(failure, file=sys.stderr)
    kept = report.results(found)
    if options.quick:
        print(f"{len(chosen)} workloads work, {len(failures)} cells failed")
    elif options.only:
        print("\n".join(report.page(kept).splitlines()[6:]))
    else:
        write(kept)
    if not options.quick:
        print("\n".join(report.goals(kept)))
        print(f"{time.monotonic() - start:.0f} seconds")
    sys.exit(bool(failures))


def parser():
    made = argparse.ArgumentParser(prog="python3 tests/benchmarks", description=__doc__)
    made.add_argument("--quick", action="store_true", help="only see whether everything works")
    made.add_argument("--rounds", type=int, default=3, help="so many times each (3)")
    made.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these workloads")
    return made


def matches(name, wanted):
    return not wanted or any(name.startswith(start) for start in wanted)


def measure_all(cases, rounds, quick):
    """Every runtime of every case, in an order that differs from round to round."""
    chance = random.Random(1)
    found = {case.name: {runtime: [] for runtime in case.runtimes} for case in cases}
    failures = []
    with Bench(quick) as bench:
        for number in range(rounds):
            for case in cases:
                if number >= case.rounds:
                    continue
                tell(f"round {number + 1} of {rounds}: {case.title}")
                for runtime in chance.sample(case.runtimes, len(case.runtimes)):
                    figures = None
                    try:
                        figures = bench.measure(case, runtime)
                    except Failure as failure:
                        if not any(reason in str(failure) for reason in IMPOSSIBLE):
                            failures.append(f"{case.name}, {runtime}: {failure}")
                    found[case.name][runtime].append(figures)
    tell("")
    return found, failures


def tell(text):
    """Show where we are, on a terminal in one line that is written over."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def write(kept):
    """The page, the JSON and the chart."""
    folder = os.path.join(ROOT, "docs", "benchmarks")
    os.makedirs(folder, exist_ok=True)
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    contents = {
        f"{series}.json": json.dumps(kept, indent=1, ensure_ascii=False) + "\n",
        f"{series}.md": report.page(kept),
        f"{series}.svg": chart.draw(kept),
    }
    for name, content in contents.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)


if __name__ == "__main__":
    main()
