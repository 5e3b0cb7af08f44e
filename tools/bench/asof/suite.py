#!/usr/bin/env python3
"""The same as-of join through Hindcast and its peers: what it takes, and whether all answers agree.

Called by tools/bench/asof/run, which builds the programs and finds the Python.
"""
import argparse
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from curves import Curves  # noqa: E402
from exactness import write_sample  # noqa: E402
from features import names_of, windows_of  # noqa: E402
from inputs import SEED, events_csv, made_once  # noqa: E402
from measure import Cost, run, say  # noqa: E402
from ours import Ours  # noqa: E402
from peer import LOAD, play  # noqa: E402
from report import PEERS, PYTHON, SCAN, SWIFT, TITLES, join_table  # noqa: E402
from works import FULL, SMOKE, STANDARD, curve_works, standard  # noqa: E402

SPARE_BYTES = 2 << 30


class Suite:
    def __init__(self, arguments, scratch):
        self.sizes = sizes_of(arguments)
        self.runs = self.sizes.runs
        self.timeout, self.threads = arguments.timeout, arguments.threads
        self.peers = [name for name in PEERS if is_chosen(name, arguments.only)]
        self.has_python = is_chosen(PYTHON, arguments.only)
        self.cache, self.scratch, self.programs = arguments.work, scratch, arguments.programs
        self.store = scratch / "store"
        self.ours = Ours(self.programs, self.cache, scratch, self.sizes.entities, self.threads)
        self.standard = standard(self.sizes.rows)
        self.works = curve_works(self.sizes) if arguments.curves else []
        self.images = arguments.images
        self.outcomes = {}
        self.judged, self.wrong, self.stopped = 0, [], []

    def all(self):
        say("Hindcast: load")
        self.outcomes[SWIFT] = {LOAD: self.ours.load(self.store, self.sizes.events)}
        self.our_joins([self.standard])
        if self.has_python:
            self.outcomes[PYTHON] = self.play(PYTHON, [self.standard], 1)
        self.outcomes[SCAN] = {STANDARD: self.ours.scan(self.store, self.runs)}
        self.our_joins(self.works)
        for name in self.peers:
            self.outcomes[name] = self.play(name, [self.standard, *self.works], 1)
        self.sample()
        print(f"medians of up to {self.runs}; {self.threads} threads; {self.sizes.events:,} events, "
              f"{self.sizes.rows:,} rows, {len(self.standard.features)} features; load average "
              f"{os.getloadavg()[1]:.1f} over the last five minutes\n")
        print(join_table(self.outcomes, self.sizes.rows).text())
        beyond = self.outcomes[SWIFT][STANDARD].figures.get("beyond_mib")
        if beyond is not None:
            print(f"\nof the peak memory from Swift, {beyond:,.0f} MiB are beyond spine and answers")
        if self.works:
            self.curves()
        print(f"\nanswers compared with ours: those of {self.judged} joins; {len(self.wrong)} differ")

    # Works

    def our_joins(self, works):
        """The view may have other windows afterwards than those that it was loaded with."""
        for work in works:
            say(f"Hindcast: {work.name}")
            self.outcomes[SWIFT][work.name] = self.ours.join(self.store, work, self.runs)

    def play(self, name, works, times):
        """One engine, on a history of so many times the events."""
        history = self.history(times * self.sizes.events)
        told = {work: self.told(work) for work in works}
        say(TITLES[name][0])
        scratch = self.scratch / "engine"

        def job(left):
            return {"threads": self.threads, "memory": available_bytes() - SPARE_BYTES,
                    "history": str(history), "store": str(self.store), "scratch": str(scratch),
                    "works": [told[work] for work in left]}

        outcomes = play(name, works, job, self.patience, scratch)
        for work, outcome in outcomes.items():
            self.judge(f"{name}, {work}", outcome)
        return outcomes

    def patience(self, work):
        """The curves have works that take many times as long as that of the table, and get less time."""
        return self.timeout / 6 if work in [work.name for work in self.works] else self.timeout

    def told(self, work):
        """A work, as an engine is told of it. On the curves one run is enough where it takes long."""
        return {"name": work.name, "spine": str(self.ours.spine(work.rows)),
                "features": names_of(work.features), "expected": str(self.ours.answers(work)),
                "runs": self.runs,
                "budget": self.patience(work.name) / (10 if work in self.works else 2)}

    def judge(self, what, outcome):
        if not isinstance(outcome, Cost):
            self.stopped.append(f"{what}: {outcome}")
        elif "differing" in outcome.figures:
            self.judged += 1
            if outcome.figures["differing"]:
                self.wrong.append(f"{what}: {outcome.figures['differing']:,} answers differ from ours")

    def sample(self):
        """Some of our own answers against the raw events, in every bit."""
        say("our answers against the events")
        asked, joined = self.scratch / "asked.csv", self.scratch / "joined.csv"
        write_sample(self.ours.spine(self.sizes.rows), self.ours.answers(self.standard),
                     self.standard.features, self.sizes.questions, asked, joined)
        windows = ",".join(map(str, windows_of(self.standard.features)))
        print(run([sys.executable, HERE.parent / "agreement.py", "compare", asked, joined,
                   self.events(self.sizes.events), "--windows", windows]).output, end="")

    # Curves

    def curves(self):
        curves = Curves(self.subtitles())
        for name, outcomes in self.outcomes.items():
            for work in self.works:
                curves.add(work.curve, name, work.x, outcomes.get(work.name))
            curves.add("spine", name, self.sizes.rows, outcomes.get(STANDARD))
        for times in self.sizes.history:
            self.history_point(curves, times)
        curves.save(self.cache / "joins.json")
        print("\n" + curves.text())
        curves.draw(self.images)

    def subtitles(self):
        events, rows = f"{self.sizes.events:,} events", f"{self.sizes.rows:,} rows"
        asked = "count and sum of 7 and 30 days"
        return {"history": f"{rows}, {asked}", "spine": f"{events}, {asked}",
                "windows": f"{events}, {rows}, count and sum of one window",
                "features": f"{events}, {rows}, counts and sums of up to 50 days"}

    def history_point(self, curves, times):
        events = times * self.sizes.events
        if times == 1:
            for name in [SWIFT, *self.peers]:
                curves.add("history", name, events, self.outcomes[name].get(STANDARD))
            return
        say(f"Hindcast: {times} times the history")
        work = replace(self.standard, name=f"history-{times}")
        shutil.rmtree(self.store)
        self.ours.load(self.store, events)
        curves.add("history", SWIFT, events, self.ours.join(self.store, work, self.runs))
        for name in self.peers:
            curves.add("history", name, events, self.play(name, [work], times).get(work.name))

    # Files

    def events(self, events):
        return events_csv(self.programs, self.cache, events, self.sizes.entities)

    def history(self, events):
        """Only the CSV of the table's own history is kept: the others are large."""
        path = self.cache / f"daily-{events}-{self.sizes.entities}-{SEED}.parquet"
        if not path.exists():
            csv = self.events(events)
            made_once(path, lambda partial: run([sys.executable, HERE / "history.py", csv, partial]))
            if events != self.sizes.events:
                csv.unlink()
        return path


def sizes_of(arguments):
    given = {name: getattr(arguments, name) for name in ["events", "entities", "rows", "runs"]}
    sizes = replace(SMOKE if arguments.smoke else FULL,
                    **{name: value for name, value in given.items() if value is not None})
    return sizes


def is_chosen(name, only):
    return not only or any(name == word or name.startswith(f"{word}-") for word in only.split(","))


def available_bytes():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def main():
    parser = argparse.ArgumentParser()
    for name in ["programs", "work", "images"]:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--timeout", type=float, default=900)
    parser.add_argument("--threads", type=int, default=2)
    for name in ["runs", "events", "entities", "rows"]:
        parser.add_argument(f"--{name}", type=int)
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    scratch = arguments.work / "scratch-asof"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        suite = Suite(arguments, scratch)
        suite.all()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    # In large, an engine may need more time or memory than there is; in small, none of them does.
    faults = suite.wrong + (suite.stopped if arguments.smoke else [])
    if faults:
        sys.exit("\n".join(f"bench: {fault}" for fault in faults))


if __name__ == "__main__":
    main()
