"""Hindcast's side, from Swift: stores loaded from memory, joins of a spine in memory, and their answers."""
from features import names_of
from inputs import SEED, made_once
from measure import run_reporting
from works import new_windows

# Those that StoreBench gives to the view of a store that it loads.
WINDOWS = [1, 3, 7, 14, 30, 60, 90, 180, 270, 365]


class Ours:
    def __init__(self, programs, cache, scratch, entities, threads):
        self.programs, self.cache, self.scratch = programs, cache, scratch
        self.entities, self.threads = entities, threads

    def load(self, store, events):
        """What it costs until the store is compacted."""
        return self.run("bulk", store, "--events", events)["bulk, compacted"]

    def join(self, store, work, runs):
        windows = new_windows(work, WINDOWS)
        options = ["--windows", ",".join(map(str, windows))] if windows else []
        return self.run("join", store, "--rows", work.rows, "--features", names_of(work.features), *options,
                        "--runs", runs, "--threads", self.threads, "--answers", self.answers(work))["join"]

    def scan(self, store, runs):
        """A bare iterator of RocksDB over the blocks that a join reads."""
        return self.run("scan", store, "--runs", runs, "--threads", self.threads)["scan"]

    def answers(self, work):
        return self.scratch / f"answers-{work.name}.bin"

    def spine(self, rows):
        """The rows of a join, as CSV."""
        return made_once(self.cache / f"spine-{rows}-{self.entities}-{SEED}.csv",
                         lambda path: self.run("spine", path, "--rows", rows))

    def run(self, work, path, *options):
        return run_reporting([self.programs / "StoreBench", work, path, "--json", "--seed", SEED,
                              "--entities", self.entities, *options])
