"""Draws the results: a group of bars for each workload, the best one on top."""

from html import escape

from .suite import CASES, LIMIT, PYOS

WIDTH, LABEL, BAR, GAP, HEAD = 720, 130, 14, 4, 34
COLUMNS = 2
MOST = 7  # bars in a group: the limit, PyOS and the best peers

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600 }
.value { fill: #666; font-size: 11px }
.peer { fill: #b8c0cc } .limit { fill: none; stroke: #888; stroke-dasharray: 3 2 }
.pyos { fill: #2b7de9 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .value { fill: #aaa } .peer { fill: #59626f } .pyos { fill: #5aa2ff }
}
"""


def draw(found):
    """An SVG of the charted cases, two columns of them."""
    charted = [case for case in CASES if case.charted and case.name in found["cases"]]
    groups = [group(case, found["cases"][case.name]) for case in charted]
    height = HEAD + MOST * (BAR + GAP) + 14
    rows = -(-len(groups) // COLUMNS)
    parts = []
    for number, lines in enumerate(groups):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * height
        parts += [f'<g transform="translate({x} {y})">', *lines, "</g>"]
    python = found["machine"]["python"]
    size = f'viewBox="0 0 {COLUMNS * WIDTH} {rows * height}" width="{COLUMNS * WIDTH}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>PyOS beside its peers, {python}</title>",
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def group(case, found):
    """The bars of one case: the limit, PyOS, and the best peers."""
    rows = chosen(case, found["rows"])
    longest = max(value for _, value in rows)
    word = "more is better" if case.more_is_better else "less is better"
    unit = f"{case.figure}, {word}"
    yield text(8, 22, case.title, 'class="title"')
    yield text(WIDTH - 20, 22, unit, 'class="value" text-anchor="end"')
    room = WIDTH - LABEL - 90
    for number, (runtime, value) in enumerate(rows):
        y = HEAD + number * (BAR + GAP)
        kind = runtime if runtime in (LIMIT, PYOS) else "peer"
        name = {PYOS: "PyOS", LIMIT: "the limit"}.get(runtime, runtime)
        length = max(1, round(value / longest * room))
        yield text(LABEL - 8, y + 11, name, 'text-anchor="end"')
        shape = f'x="{LABEL}" y="{y}" width="{length}" height="{BAR}" rx="2"'
        yield f'<rect class="{kind}" {shape}/>'
        yield text(LABEL + length + 6, y + 11, amount(value), 'class="value"')


def text(x, y, words, attributes):
    return f'<text x="{x}" y="{y}" {attributes}>{escape(words)}</text>'


def chosen(case, rows):
    """(runtime, median) of the best, in their order; the limit and PyOS always among them."""
    ordered = sorted(rows, key=lambda name: rows[name]["median"], reverse=case.more_is_better)
    peers = [name for name in ordered if name not in (LIMIT, PYOS)][: MOST - 2]
    kept = [name for name in ordered if name in (LIMIT, PYOS, *peers)]
    return [(name, rows[name]["median"]) for name in kept]


def amount(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
