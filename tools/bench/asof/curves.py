#!/usr/bin/env python3
"""How the time of a join grows with history, spine, windows and features: tables, and charts of them.

    curves.py JOINS.json ... FOLDER       draws the curves of former runs anew, of several together
"""
import json
import sys
from math import ceil, floor, log10
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from svg import Axis, Chart, Line, Pen  # noqa: E402
from table import Markdown  # noqa: E402

CURVES = {
    "history": ("Time of a join by the length of history", "events in the history"),
    "spine": ("Time of a join by the length of the spine", "rows of the spine"),
    "windows": ("Time of a join by the length of the window", "days of the window"),
    "features": ("Time of a join by the number of features", "features"),
}
NAMES = {
    "swift": "Hindcast", "duckdb-range": "DuckDB, range join", "duckdb-asof": "DuckDB, ASOF",
    "polars": "Polars", "pandas": "pandas", "clickhouse": "ClickHouse", "pyspark": "PySpark", "feast": "Feast"}
PENS = {
    "swift": Pen("#cf222e", "#ff7b72", is_strong=True),
    "duckdb-range": Pen("#9a6700", "#d9a62e"), "duckdb-asof": Pen("#9a6700", "#d9a62e", "5 4"),
    "polars": Pen("#0969da", "#58a6ff"), "pandas": Pen("#8250df", "#bc8cff"),
    "clickhouse": Pen("#1a7f37", "#3fb950"), "pyspark": Pen("#0f766e", "#2dd4bf"),
    "feast": Pen("#59636e", "#9198a1")}


class Curves:
    def __init__(self, subtitles, points=None):
        """`points`: by curve and name, pairs of a place and seconds, or the reason why there are none."""
        self.subtitles = subtitles
        self.points = points or {curve: {} for curve in CURVES}

    def add(self, curve, name, x, outcome):
        if outcome is not None and name in NAMES:
            found = outcome if isinstance(outcome, str) else outcome.wall
            self.points[curve].setdefault(name, []).append([x, found])

    def save(self, path):
        path.write_text(json.dumps({"subtitles": self.subtitles, "points": self.points}, indent=1) + "\n")

    def text(self):
        return "\n\n".join(self.table(curve).text() for curve in CURVES)

    def table(self, curve):
        places = sorted({x for points in self.points[curve].values() for x, _ in points})
        table = Markdown([CURVES[curve][1], *(short(x) for x in places)], right=[short(x) for x in places])
        for name, points in self.points[curve].items():
            found = dict(map(tuple, points))
            table.add(NAMES[name], *(cell(found.get(x, "")) for x in places))
        return table

    def draw(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for curve in CURVES:
            lines = [Line(NAMES[name] + ending(points), drawn(points), PENS[name])
                     for name, points in self.points[curve].items() if drawn(points)]
            title, label = CURVES[curve]
            places = sorted({x for line in lines for x, _ in line.points})
            across = Axis(f"{label} (logarithmic)", [(x, short(x)) for x in places])
            up = Axis("seconds (logarithmic)", decades([y for line in lines for _, y in line.points]))
            chart = Chart(title, self.subtitles[curve], across, up, lines)
            (folder / f"joins-{curve}.svg").write_text(chart.text())


def drawn(points):
    return [(x, y) for x, y in sorted(points, key=lambda point: point[0]) if not isinstance(y, str)]


def ending(points):
    """Why a line ends before the others do."""
    reasons = [y for _, y in points if isinstance(y, str)]
    return f" (then {reasons[0]})" if reasons else ""


def decades(times):
    powers = range(floor(log10(min(times))), ceil(log10(max(times))) + 1)
    return [(10.0 ** power, f"{10.0 ** power:g}") for power in powers]


def cell(found):
    return found if isinstance(found, str) else f"{found:.3g} s" if found < 100 else f"{found:,.0f} s"


def short(number):
    for size, letter in [(1_000_000, " M"), (1_000, " k")]:
        if number >= size and number % (size // 10) == 0:
            return f"{number / size:g}{letter}"
    return f"{number:,}"


def main():
    *sources, folder = map(Path, sys.argv[1:])
    runs = [json.loads(source.read_text()) for source in sources]
    points = {curve: {} for curve in CURVES}
    for run in runs:
        for curve, found in run["points"].items():
            # Where runs have the same line, the last one's stands.
            points[curve].update(found)
    curves = Curves(runs[0]["subtitles"], points)
    print(curves.text())
    curves.draw(folder)


if __name__ == "__main__":
    main()
