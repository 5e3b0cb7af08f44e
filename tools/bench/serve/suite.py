#!/usr/bin/env python3
"""The cases of the server's benchmark, and the table of their medians.

Called by tools/bench/serve/run, which builds the programs.
"""
import argparse
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from beside import BoundaryCase, HeavyCase, IngestCase  # noqa: E402
from loads import ServeBench  # noqa: E402
from lookups import MillionCase, VectorCase, WarmCase, WindowsCase  # noqa: E402
from measure import say  # noqa: E402
from process import ConnectionsCase, StartCase  # noqa: E402
from report import ServeTable  # noqa: E402
from servers import LOOPS  # noqa: E402
from stores import STANDARD, make_store  # noqa: E402
from views import BuildCase, SilentCase, ViewsCase  # noqa: E402

CASES = {"warm": WarmCase, "million": MillionCase, "ingest": IngestCase, "vector": VectorCase,
         "windows": WindowsCase, "connections": ConnectionsCase, "start": StartCase, "heavy": HeavyCase,
         "boundary": BoundaryCase, "views": ViewsCase, "silent": SilentCase, "build": BuildCase}


class Sizes:
    def __init__(self, is_smoke, rounds):
        self.is_smoke = is_smoke
        self.rounds = 1 if is_smoke else rounds
        self.keys, self.events = (2_000, 20_000) if is_smoke else (100_000, 1_000_000)
        self.kept_events = 20_000 if is_smoke else 20_000_000
        self.many_keys, self.many_events = (5_000, 20_000) if is_smoke else (1_000_000, 5_000_000)
        # By pipeline: a few seconds each.
        self.requests = ({1: 5_000, 16: 20_000, 64: 20_000} if is_smoke else
                         {1: 100_000, 16: 400_000, 64: 1_200_000})
        self.daily_keys, self.days = (100, 400) if is_smoke else (2_000, 400)
        self.singles = 2_000 if is_smoke else 50_000
        self.seconds = 0.5 if is_smoke else 10
        self.rate, self.events_rate = (5_000, 1_000) if is_smoke else (50_000, 20_000)
        self.entities_at_once = 500 if is_smoke else 5_000
        self.connections = 500 if is_smoke else 5_000
        self.notes, self.note_bytes = (20_000, 100) if is_smoke else (8_000_000, 120)


class Suite:
    """What the cases share: programs, folders, sizes, the table."""

    def __init__(self, arguments):
        self.programs, self.work = arguments.programs, arguments.work
        self.bench = ServeBench(arguments.programs)
        self.sizes = Sizes(arguments.smoke, arguments.runs)
        self.table = ServeTable(judges=not arguments.smoke)
        self.cases = arguments.only.split(",") if arguments.only else list(CASES)
        self.stores = {}

    def all(self):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        try:
            for name in self.cases:
                self.tell(name)
                CASES[name](self).run()
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
        sizes = self.sizes
        print(f"medians of {sizes.rounds} rounds in turns; --loops {LOOPS}; {os.cpu_count()} cores, load average "
              f"{os.getloadavg()[1]:.1f} over the last five minutes\n")
        print(self.table.text())

    def tell(self, what):
        """Progress, for people who wait."""
        if sys.stderr.isatty():
            say(what)

    def standard_store(self):
        """Of the keys that most cases ask for, made once."""
        return self.store("standard", STANDARD, entities=self.sizes.keys, events=self.sizes.events)

    def store(self, name, declarations, **options):
        if name not in self.stores:
            self.tell(f"making the store '{name}'")
            self.stores[name] = make_store(self.programs, self.bench, self.work / name, declarations,
                                           **options)
        return self.stores[name]

    def copy_of(self, name, store):
        """For a case that writes."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(store, path)
        return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.only.split(",") if name and name not in CASES]
    if unknown:
        parser.error(f"no case is called '{unknown[0]}'; there are {', '.join(CASES)}")
    suite = Suite(arguments)
    suite.all()
    if arguments.check and suite.table.missed:
        sys.exit("bench: missed: " + "; ".join(suite.table.missed))


if __name__ == "__main__":
    main()
