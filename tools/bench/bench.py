#!/usr/bin/env python3
"""The works of the benchmark, ours and the peers' in turns, and the table of their medians.

Called by tools/bench/run, which builds the programs and finds the Python.
"""
import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from inputs import SEED, events_csv
from measure import bytes_under, middle, run, run_reporting, say
from table import Table

HERE = Path(__file__).parent
MEMORY_LIMIT_MIB = 1536


class Sizes:
    def __init__(self, smoke, large):
        self.events, self.entities = (100_000, 10_000) if smoke else (20_000_000, 1_000_000)
        self.streamed, self.lookups, self.rounds = (20_000, 2_000, 1) if smoke else (1_000_000, 100_000, 5)
        self.questions = 200 if smoke else 2_000
        self.flatness = [self.events // 4, self.events] + ([3 * self.events] if large else [])


class Bench:
    def __init__(self, arguments):
        self.programs, self.work = arguments.programs, arguments.work
        self.runs = 1 if arguments.smoke else arguments.runs
        self.sizes = Sizes(arguments.smoke, arguments.large)
        self.table = Table(judges=not arguments.smoke)
        self.scratch = self.work / "scratch"
        self.store = self.scratch / "csv-store"
        self.memory_store = self.scratch / "memory-store"
        self.database = self.scratch / "peer.duckdb"

    def all(self):
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        try:
            self.our("declarations", self.scratch)
            self.bulk_from_memory()
            self.ingest_from_csv()
            self.memory_flatness()
            self.streaming()
            self.lookups()
            self.streaming_into(self.memory_store, "into the loaded store")
            self.size_on_disk()
            self.agreement()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)
        print(f"medians of {self.runs}; {os.cpu_count()} cores, load average "
              f"{os.getloadavg()[1]:.1f} over the last five minutes\n")
        print(self.table.text())

    # Works

    def bulk_from_memory(self):
        loads = []
        for turn in range(self.runs):
            say(f"bulk load from memory, {turn + 1} of {self.runs}")
            loads.append(self.bulk(self.memory_store))
        for work, name, target in [("bulk", "bulk load from memory", 3e6),
                                   ("bulk, compacted", "... and compacted", None)]:
            self.table.timed(name, self.sizes.events, middle([load[work] for load in loads]), target=target)
        print("of the peak memory of a load from memory, "
              f"{loads[0]['bulk'].figures['batches_mib']:.0f} MiB are the benchmark's own batches")

    def bulk(self, store):
        remove(store)
        return self.our("bulk", store, "--events", self.sizes.events)

    def ingest_from_csv(self):
        csv = self.csv(self.sizes.events)
        ours, compacted, theirs = [], [], []
        for turn in range(self.runs):
            say(f"ingest from CSV, {turn + 1} of {self.runs}")
            ours.append(self.ingest(csv))
            compaction = run([self.programs / "hindcast", "compact", self.store])
            compacted.append(sum_of(ours[-1], compaction))
            remove(self.database)
            theirs.append(self.peer("load", csv, self.database)["load"])
        peer, rows = middle(theirs), self.sizes.events
        self.table.timed("ingest from CSV", rows, middle(ours), peer=peer, target=1e6)
        self.table.timed("... and compacted", rows, middle(compacted), peer=peer)
        self.table.timed("DuckDB: group by account, day", rows, peer)
        self.ingest_rss = middle(ours).rss_mib

    def ingest(self, csv):
        hindcast = self.programs / "hindcast"
        remove(self.store)
        run([hindcast, "register", self.store, *sorted(self.scratch.glob("*.json"))])
        cost = run([hindcast, "ingest", self.store, "payments", csv, "--json"])
        if json.loads(cost.output)["rows"] != csv_rows(csv):
            sys.exit(f"bench: not all rows were taken in: {cost.output}")
        return cost

    def memory_flatness(self):
        """Each size in a store of its own; the size of the other works was measured there."""
        first = None
        for events in self.sizes.flatness:
            rss = self.ingest_rss
            if events != self.sizes.events:
                say(f"peak memory of {events:,} events")
                kept = self.store
                self.store = self.scratch / "flatness-store"
                rss = self.ingest(self.csv(events)).rss_mib
                remove(self.store)
                self.store = kept
            first = first or rss
            goal = self.table.verdict(f"under {MEMORY_LIMIT_MIB:,} MiB", rss < MEMORY_LIMIT_MIB)
            self.table.add("peak memory of the ingest from CSV", f"{events:,}", f"{rss:,.0f} MiB", "", "",
                           "", f"{rss / first:.2f}x that of {self.sizes.flatness[0]:,}", goal)

    def streaming(self):
        store = self.scratch / "stream-store"
        self.streaming_into(store, "into an empty store")
        self.streaming_into(store, "into an empty store", synced=True)

    def streaming_into(self, store, where, synced=False):
        """A store that exists takes one run: the next would find it changed."""
        say(f"streaming {where}")
        is_loaded = store.exists()
        costs = []
        for _ in range(1 if is_loaded else self.runs):
            costs.append(self.our("stream", store, "--events", self.sizes.streamed, "--synced", int(synced)))
            if not is_loaded:
                remove(store)
        name = "synced" if synced else "written"
        for suffix, target in [("", 150e3), (", compacted", None)]:
            cost = middle([found[f"stream, {name}{suffix}"] for found in costs])
            work = "... and compacted" if suffix else f"stream, 1,000 a batch, {name}, {where}"
            self.table.timed(work, self.sizes.streamed, cost, target=target)

    def lookups(self):
        say("look-ups")
        found = self.our("lookup", self.memory_store, "--lookups", self.sizes.lookups,
                         "--rounds", self.sizes.rounds)
        figures = {work.removeprefix("look-up, "): cost.figures for work, cost in found.items()}
        short = figures["1d"]["p50_us"]
        for window in ["ten windows", "1d", "30d", "365d"]:
            ratio = figures[window]["p50_us"] / figures["bare get"]["p50_us"]
            goal = ""
            if window == "ten windows":
                goal = self.table.verdict("8 us", figures[window]["p50_us"] < 8)
            if window == "365d":
                times = figures[window]["p50_us"] / short
                goal = self.table.verdict(f"within 20 % of 1d ({times:.2f}x)", times <= 1.2)
            self.table.lookup(f"look-up, {window}", self.sizes.lookups, figures[window],
                              against=f"{ratio:.2f}x the bare get", goal=goal)
        self.table.lookup("RocksDB: bare get of one block", self.sizes.lookups, figures["bare get"])

    def size_on_disk(self):
        file = self.scratch / "partials.parquet"
        say("size on disk")
        self.peer("parquet", self.database, file)
        ours, parquet, database = (bytes_under(path) for path in [self.store, file, self.database])
        self.table.add("size of the compacted store", "", mib(ours), "", "", "",
                       f"{ours / parquet:.2f}x Parquet, {ours / database:.2f}x DuckDB's file",
                       self.table.verdict("1.5x Parquet", ours <= 1.5 * parquet))
        self.table.add("pyarrow: the same partials in Parquet, zstd", "", mib(parquet))
        self.table.add("DuckDB: the same partials in its file", "", mib(database))

    def agreement(self):
        say("agreement of the answers")
        spine, joined = self.scratch / "spine.csv", self.scratch / "joined.csv"
        agreement = [sys.executable, HERE / "agreement.py"]
        run([*agreement, "ask", spine, "--questions", self.sizes.questions, "--entities", self.sizes.entities])
        features = ",".join(f"{days}d_{name}" for days in (1, 30, 365) for name in ("COUNT", "SUM"))
        run([self.programs / "hindcast", "join", self.store, spine, "--view", f"account_activity:{features}",
             "--time", "time", "--output", joined])
        print(run([*agreement, "compare", spine, joined, self.csv(self.sizes.events)]).output, end="")

    # Programs and files

    def our(self, work, path, *options):
        return run_reporting([self.programs / "StoreBench", work, path, "--json", "--seed", SEED,
                              "--entities", self.sizes.entities, *options])

    def peer(self, *words):
        return run_reporting([sys.executable, HERE / "peers.py", *words])

    def csv(self, events):
        return events_csv(self.programs, self.work, events, self.sizes.entities)


def csv_rows(path):
    return int(path.name.split("-")[1])


def sum_of(first, second):
    first = type(first)(first.wall, first.cpu, first.rss_mib)
    first.wall += second.wall
    first.cpu += second.cpu
    first.rss_mib = max(first.rss_mib, second.rss_mib)
    return first


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def mib(count):
    return f"{count / 2**20:,.1f} MiB"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    Bench(parser.parse_args()).all()


if __name__ == "__main__":
    main()
