#!/usr/bin/env python3
"""Runs one engine's joins in a process of its own, so that its time and memory can be told.

    engine.py NAME JOB.json

The job: {"threads", "memory": bytes, "history": Parquet of the daily table, "store": ours, "scratch": a
folder, "works": [{"name", "spine": CSV, "features": "7d_COUNT,...", "expected": our answers, "runs",
"budget": seconds after which no further run begins}]}.

Prints JSON lines: what the load cost; the start and the end of each join; and what each work's joins cost,
as medians, and how many of its answers differ from ours. Loading is from the Parquet file to whatever the
engine's plan needs. A join is from the spine, in memory as columns of the engine's own, to answers in memory
in the order of the spine.
"""
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

from pyarrow import csv

sys.path.append(str(Path(__file__).parents[1]))
from compare import differing  # noqa: E402
from features import feature  # noqa: E402
from measure import cost_of, middle, usage  # noqa: E402

ENGINES = {
    "python": ("hindcast", "Package"),
    "duckdb-range": ("duckdb", "RangeJoin"),
    "duckdb-asof": ("duckdb", "AsOfJoin"),
    "polars": ("polars", "Polars"),
    "pandas": ("pandas", "Pandas"),
    "clickhouse": ("clickhouse", "ClickHouse"),
    "pyspark": ("spark", "PySpark"),
    "feast": ("feast", "Feast"),
}


class Reports:
    """JSON lines on what was the standard output; the engines' own words go where errors go."""

    def __init__(self):
        self.lines = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def say(self, **figures):
        print(json.dumps(figures), file=self.lines, flush=True)


def measured(work, *arguments):
    """What it returns, and what it cost."""
    busy, start = usage()[0], time.monotonic()
    result = work(*arguments)
    wall = time.monotonic() - start
    processor, rss_mib = usage()
    return result, {"wall_s": wall, "cpu_s": processor - busy, "rss_mib": rss_mib}


def join(engine, work, is_ours, reports):
    features = [feature(name) for name in work["features"].split(",")]
    engine.take(csv.read_csv(work["spine"]))
    costs, answer = [], None
    while len(costs) < work["runs"] and sum(cost["wall_s"] for cost in costs) < work["budget"]:
        answer = None
        reports.say(starts=work["name"])
        answer, cost = measured(engine.join, features)
        reports.say(ends=work["name"])
        costs.append(cost)
    columns = engine.columns(answer, features)
    reports.say(
        work=work["name"], rows=len(columns[0]), runs=len(costs), first_s=costs[0]["wall_s"],
        differing=differing(columns, features, work["expected"], exact=is_ours),
        **vars_of(middle([cost_of(cost) for cost in costs])))


def vars_of(cost):
    return {"wall_s": cost.wall, "cpu_s": cost.cpu, "rss_mib": cost.rss_mib}


def main():
    name, path = sys.argv[1:]
    job = json.loads(Path(path).read_text())
    # An engine that wants more than there is gets an error of its own, and no other process is ended for it.
    resource.setrlimit(resource.RLIMIT_DATA, (job["memory"], job["memory"]))
    module, kind = ENGINES[name]
    is_ours = name == "python"
    reports = Reports()
    engine = getattr(importlib.import_module(f"engines.{module}"), kind)(job["threads"], Path(job["scratch"]))
    _, cost = measured(engine.load, job["store"] if is_ours else job["history"])
    reports.say(work="load", **cost)
    for work in job["works"]:
        join(engine, work, is_ours, reports)


if __name__ == "__main__":
    main()
