"""What came of it: medians, ratios within a round, whether goals are met; as JSON and as a page."""

import os
import platform
import statistics
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .suite import CASES, PYOS, Case

PEERS = ("uvloop", "trio", "curio", "gevent", "eventlet", "greenlet")
NAMES = {PYOS: "**PyOS**", "limit": "*the limit*"}

#: {case: {runtime: [what was measured in each round, or None]}}
Rounds = dict[str, dict[str, list[dict[str, float] | None]]]


def results(rounds: Rounds) -> dict[str, Any]:
    """Everything that is known, as it is kept in JSON."""
    cases = {case.name: summary(case, rounds[case.name]) for case in CASES if case.name in rounds}
    return {"machine": machine(), "cases": cases}


def machine() -> dict[str, Any]:
    """What it was measured on."""
    versions = {}
    for peer in PEERS:
        try:
            versions[peer] = version(peer)
        except PackageNotFoundError:
            continue
    configured = str(sysconfig.get_config_var("CONFIG_ARGS"))
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "optimised": "--enable-optimizations" in configured,
        "versions": versions,
    }


def processor() -> str:
    """The name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def summary(case: Case, runtimes: dict[str, list[dict[str, float] | None]]) -> dict[str, Any]:
    """Medians, the lowest and the highest; how all stand to the limit; and the goals."""
    rows = {}
    for runtime in case.runtimes:
        found = [figures for figures in runtimes[runtime] if figures is not None]
        if not found:
            continue
        values = [figures[case.figure] for figures in found]
        rows[runtime] = {
            "median": statistics.median(values),
            "low": min(values),
            "high": max(values),
            "rounds": len(values),
            "to_limit": ratio(case, runtimes, runtime, "limit"),
            "unserved": max(figures.get("unserved", 0) for figures in found),
        }
        for extra in ("p99", "cpu"):
            if extra in found[0]:
                rows[runtime][extra] = statistics.median(figures[extra] for figures in found)
    goals = {
        other: {"goal": factor, "is": is_, "met": met(case, is_, factor)}
        for other, factor in case.goals.items()
        if (is_ := ratio(case, runtimes, PYOS, other)) is not None
    }
    return {"title": case.title, "unit": case.figure, "rows": rows, "goals": goals}


def ratio(case: Case, runtimes: Any, one: str, other: str) -> float | None:
    """The median, over the rounds, of what `one` took to what `other` took in the same round."""
    pairs = zip(runtimes.get(one, []), runtimes.get(other, []), strict=False)
    ratios = [a[case.figure] / b[case.figure] for a, b in pairs if a and b and b[case.figure]]
    return statistics.median(ratios) if ratios else None


def met(case: Case, is_: float, goal: float) -> bool:
    return is_ >= goal if case.more_is_better else is_ <= goal


def page(found: dict[str, Any]) -> str:
    """The results as a page of Markdown."""
    python = found["machine"]["python"]
    lines = [
        f"# What PyOS does beside its peers, with {python}",
        "",
        "Made by `python3 tests/benchmarks`; [performance](../performance.md) says what it means.",
        "",
        *described(found["machine"]),
    ]
    for name, case in found["cases"].items():
        lines += ["", f"## {case['title']}", "", *table(name, case)]
    return "\n".join(lines) + "\n"


def described(of: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{peer} {number}" for peer, number in of["versions"].items())
    how = "with" if of["optimised"] else "without"
    return [
        f"Measured on {of['processors']} processors ({of['processor']}), {of['system']}, with",
        f"{of['python']}, built {how} profile-guided optimisation; {versions}.",
    ]


def table(name: str, case: dict[str, Any]) -> list[str]:
    """The runtimes of a case, the best one first."""
    more_is_better = next(each.more_is_better for each in CASES if each.name == name)
    rows = sorted(case["rows"].items(), key=lambda row: row[1]["median"], reverse=more_is_better)
    extra = next((column for column in ("p99", "cpu") if any(column in row for _, row in rows)), "")
    head = ["", case["unit"], "lowest to highest", "to the limit"]
    if extra:
        head.append({"p99": "99 of 100 within", "cpu": "processor s for 100,000"}[extra])
    lines = [line(head), line(["---", *["---:"] * (len(head) - 1)])]
    for runtime, row in rows:
        spread = f"{number(row['low'])} to {number(row['high'])}"
        to_limit = "" if row["to_limit"] is None else f"{row['to_limit']:.2f}"
        label = NAMES.get(runtime, runtime)
        if row["unserved"]:
            label += f" ({row['unserved']:.0f} clients not served)"
        cells = [label, number(row["median"]), spread, to_limit]
        if extra:
            cells.append(number(row[extra]) if extra in row else "")
        lines.append(line(cells))
    return lines


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def goals(found: dict[str, Any]) -> list[str]:
    """How PyOS stands to what it is to reach, a line each."""
    lines = []
    for case in found["cases"].values():
        for other, goal in case["goals"].items():
            word = "met   " if goal["met"] else "MISSED"
            lines.append(
                f"{word} {case['title']}: {goal['is']:.2f} of {other}, goal {goal['goal']:.2f}"
            )
    return lines
