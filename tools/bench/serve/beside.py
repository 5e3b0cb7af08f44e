"""Look-ups at a fixed rate while something else goes on: events that come in, compactions, heavy commands.

Requests are due at fixed times, and their latency counts from when they were due: a server that halts for a
while is late with all that was due meanwhile.
"""
import shutil
import threading
import time

from loads import middle
from report import rate_text, time_text
from servers import Hindcast
from stores import FEATURES, MINUTE_FEATURES, MINUTES

FSYNC = "interval"
GOAL = 1000


class Steady:
    """Look-ups at a fixed rate over a store of its own."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys
        self.words = ["HMGET", "by_account:{n}", *FEATURES]
        self.folder = suite.work / "checkpoints"

    def flow(self, rate):
        return (f"lookups,rate={rate},connections=20,batch=5", self.words)

    def checkpoints(self, pause):
        return (f"checkpoints,pause={pause}", ["FS.CHECKPOINT", f"{self.folder}/{{i}}"])

    def server(self):
        store = self.suite.copy_of("written", self.suite.standard_store())
        return Hindcast(self.suite.programs, store, "--fsync", FSYNC)

    def warm(self, server):
        self.suite.bench.closed(server, self.keys, self.words, 64, 20 * self.keys)

    def measure(self, server, rate, others, name):
        """Medians over the rounds, of the look-ups and of each flow beside them."""
        rounds = []
        for _ in range(self.suite.sizes.rounds):
            self.suite.tell(name)
            with Cleaner(self.folder):
                rounds.append(self.suite.bench.loads(server, self.keys, [self.flow(rate), *others],
                                                     seconds=self.suite.sizes.seconds))
        return [middle(loads) for loads in zip(*rounds)]

    def row(self, server, name, load, goal):
        against = f"the load: {load.own * 100:.0f} % of a core, its own delay {load.delay:.0f} us at p99"
        goals = [("p99 under 1 ms", load.p99 < GOAL, f"{load.p99 / 1e3:.2f} ms")] if goal else []
        self.suite.table.load(name, self.keys, load, server.peak_mib(), against=against,
                              goal=self.suite.table.verdict(*goals), has_cpu=not goal)

    def beside_row(self, name, load):
        """The server's time cannot be told apart from that of the look-ups."""
        self.suite.table.add(name, "", "", rate_text(load.rate), time_text(load.p50), time_text(load.p99))


class IngestCase(Steady):
    def run(self):
        sizes = self.suite.sizes
        with self.server() as server:
            self.warm(server)
            alone = self.measure(server, sizes.rate, [], "look-ups alone")
            self.row(server, f"{sizes.rate:,} look-ups/s alone", alone[0], goal=False)
            events = [self.producer(number) for number in range(4)]
            found = self.measure(server, sizes.rate, events, "look-ups and events")
            what = f"{sizes.events_rate:,} events/s of 4 producers, fsync {FSYNC}"
            self.row(server, f"{sizes.rate:,} look-ups/s and {what}", found[0], goal=True)
            self.events_row(server, found[1:])
            # A checkpoint writes the events in memory to a file, and after a few of these RocksDB compacts.
            compacting = Compactions(self.suite.work / "written")
            with compacting:
                found = self.measure(server, sizes.rate, [*events, self.checkpoints(200)],
                                     "look-ups, events and compactions")
            self.row(server, f"... and compactions ({compacting.files} files replaced)", found[0], goal=True)
            self.events_row(server, found[1:-1])

    def producer(self, number):
        rate = self.suite.sizes.events_rate / 4
        return (f"events,rate={rate},batch=10",
                ["XADD", f"payments:p{number}", "*", "account", "{n}", "at", "{t}", "amount", "12.50",
                 "shop", "{n}", "card", "{n}"])

    def events_row(self, server, loads):
        total = middle(loads)
        total.rate = sum(load.rate for load in loads)
        self.beside_row("... the events: from due to acknowledged", total)


class BoundaryCase(Steady):
    """A slice ends: no kept answer counts any more, and each is computed when it is next asked for."""

    def __init__(self, suite):
        super().__init__(suite)
        self.words = ["HMGET", "by_minute:{n}", *MINUTE_FEATURES]

    def run(self):
        sizes = self.suite.sizes
        store = self.suite.store("minutes", MINUTES, entities=sizes.keys, events=sizes.events, days=1)
        with Hindcast(self.suite.programs, store) as server:
            found = {"within a slice": [], "and a slice's end": []}
            for _ in range(sizes.rounds):
                for name, second in zip(found, [20, 58]):
                    self.suite.tell(f"{name}: waiting for the minute's second {second}")
                    found[name].append(self.around(server, second))
            for name, loads in found.items():
                self.row(server, f"{sizes.rate:,} look-ups/s, {name}", middle(loads), goal=len(name) > 14)

    def around(self, server, second):
        """Four seconds of look-ups from a second of the minute on, with all answers kept."""
        if not self.suite.sizes.is_smoke:
            time.sleep((second - 8 - time.time()) % 60)
        self.warm(server)
        if not self.suite.sizes.is_smoke:
            time.sleep((second - time.time()) % 60)
        return self.suite.bench.loads(server, self.keys, [self.flow(self.suite.sizes.rate)],
                                      seconds=min(4, self.suite.sizes.seconds))[0]


class HeavyCase(Steady):
    def run(self):
        rate = self.suite.sizes.rate / 5 * 2
        entities = self.suite.sizes.entities_at_once
        many = ("many", ["FS.MGET", "by_account", entities, *(["{n}"] * entities)])
        explain = ("explain", ["FS.EXPLAIN", "by_account", "{n}", "365d_COUNT"])
        kinds = {"alone": [], f"FS.MGET of {entities:,} in a loop": [many],
                 "FS.EXPLAIN in a loop": [explain], "FS.CHECKPOINT every 100 ms": [self.checkpoints(100)],
                 "all three": [many, explain, self.checkpoints(100)]}
        with self.server() as server:
            self.warm(server)
            for kind, others in kinds.items():
                found = self.measure(server, rate, others, kind)
                self.row(server, f"{rate:,.0f} look-ups/s, {kind}", found[0], goal=bool(others))
                for (flow, _), load in zip(others, found[1:]):
                    self.beside_row(f"... {flow.split(',')[0]}", load)


class Cleaner:
    """Deletes checkpoints as they come."""

    def __init__(self, folder):
        self.folder = folder
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.is_over.wait(0.5):
            for path in sorted(self.folder.glob("*"))[:-2]:
                shutil.rmtree(path, ignore_errors=True)

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.thread.start()

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)


class Compactions:
    """Counts the files of a store that compactions replace."""

    def __init__(self, store):
        self.store, self.files = store, 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        before = set()
        while not self.is_over.wait(0.05):
            now = {path.name for path in self.store.glob("*.sst")}
            self.files += len(before - now)
            before = now

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
