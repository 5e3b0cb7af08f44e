"""Look-ups beside Redis, whole vectors, and what windows and features cost."""
import random
import statistics
import sys

from inputs import SEED
from loads import CONNECTIONS, by_redis_benchmark, middle
from servers import Hindcast, Redis
from stores import FEATURES, KEYS, MANY, PART, SPANS, VECTOR, STANDARD, WINDOWS

CACHE_OF_ALL = 1 << 30
# For all that is read of single entities, some 320 MiB.
ROWS = 1 << 30
NOTHING_KEPT = ["--cache-bytes", 0, "--row-cache-bytes", 0]
NAMES = {"redis-benchmark": "redis-benchmark", "own": "ServeBench"}


class Duel:
    """Our server and Redis, in turns."""

    def __init__(self, suite, keys):
        self.suite, self.keys = suite, keys

    def words(self, key):
        return ["HMGET", f"by_account:{key}", *FEATURES]

    def ask(self, server, tool, pipeline):
        requests = self.suite.sizes.requests[pipeline]
        if tool == "own":
            return self.suite.bench.closed(server, self.keys, self.words("{n}"), pipeline, requests)
        return by_redis_benchmark(server, self.words("__rand_int__"), self.keys, pipeline, requests)

    def run(self, ours, theirs, what, goals, tools=("redis-benchmark", "own"), most_cpu=None):
        """`goals` are the least ratios of requests by pipeline, `most_cpu` the greatest of processor time."""
        for pipeline, least in goals.items():
            for tool in tools:
                self.suite.tell(f"{what}, -P {pipeline}, {NAMES[tool]}")
                turns = [(self.ask(ours, tool, pipeline), self.ask(theirs, tool, pipeline))
                         for _ in range(self.suite.sizes.rounds)]
                self.rows(ours, theirs, f"{what}, -P {pipeline}, {NAMES[tool]}", turns, least,
                          (most_cpu or {}).get(pipeline))

    def rows(self, ours, theirs, what, turns, least, most):
        rate = statistics.median(our.rate / their.rate for our, their in turns)
        cpu = statistics.median(our.cpu / their.cpu for our, their in turns)
        goals = [(f"{least:g}x", rate >= least, f"{rate:.2f}x")] if least else []
        if most:
            goals.append((f"{most:g}x CPU", cpu <= most, f"{cpu:.2f}x"))
        table, our = self.suite.table, middle([our for our, _ in turns])
        table.load(what, self.keys, our, ours.peak_mib(),
                   against=f"{rate:.2f}x requests, {cpu:.2f}x CPU; server {100 * our.busy:.0f} %, "
                           f"load {100 * our.own:.0f} % of a core", goal=table.verdict(*goals))
        table.load("... Redis", self.keys, middle([their for _, their in turns]), theirs.peak_mib())

    def fill(self, ours, theirs):
        """Redis gets what we answer; now all of it is kept on our side, too. Then some keys are compared."""
        self.suite.tell(f"copying {self.keys:,} answers to Redis")
        self.suite.bench.copy(ours, theirs, self.keys, "by_account", FEATURES)
        source = random.Random(SEED)
        for _ in range(200):
            words = self.words(f"{source.randrange(self.keys):012d}")
            if ours.ask(*words) != theirs.ask(*words):
                sys.exit(f"bench: the servers differ: {words}: {ours.ask(*words)}, {theirs.ask(*words)}")


class WarmCase:
    """All answers are kept."""

    def __init__(self, suite):
        self.suite, self.duel = suite, Duel(suite, suite.sizes.keys)

    def run(self):
        store = self.suite.standard_store()
        with Hindcast(self.suite.programs, store) as ours, Redis(self.suite.work) as theirs:
            self.duel.fill(ours, theirs)
            self.duel.run(ours, theirs, "warm", {1: 1, 16: 2.5, 64: 4}, most_cpu={16: 0.5})


class MillionCase:
    """Uniformly random entities of many, with memory for all answers and for a tenth of them."""

    def __init__(self, suite):
        self.suite, self.duel = suite, Duel(suite, suite.sizes.many_keys)

    def run(self):
        sizes = self.suite.sizes
        store = self.suite.store("many", STANDARD, entities=sizes.many_keys, events=sizes.many_events)
        with Redis(self.suite.work) as theirs:
            with Hindcast(self.suite.programs, store, "--cache-bytes", CACHE_OF_ALL) as ours:
                self.duel.fill(ours, theirs)
                used = self.used_bytes(ours)
            # An eighth at most is the index.
            all_of_it, tenth = (max(64 << 10, int(used * 8 / 7 * share)) for share in [1.05, 0.1])
            self.turns(store, theirs, "memory for all answers", all_of_it, 0, {1: 1, 16: 2})
            self.turns(store, theirs, "for a tenth and all rows", tenth, ROWS, {1: 0.85, 16: 0.7})
            self.turns(store, theirs, "for a tenth and a tenth of the rows", tenth, 32 << 20, {16: None})

    @staticmethod
    def used_bytes(ours):
        return int(ours.figures("memory")["answer_cache_bytes"])

    def turns(self, store, theirs, memory, budget, rows, goals):
        what = f"uniform, {memory}"
        flags = ["--cache-bytes", budget, "--row-cache-bytes", rows]
        with Hindcast(self.suite.programs, store, *flags) as ours:
            self.suite.tell(f"{what}: warming")
            # Every key has its turn in order: as full as it gets.
            with Redis(self.suite.work) as nobody:
                self.suite.bench.copy(ours, nobody, self.duel.keys, "by_account", FEATURES)
            self.duel.run(ours, theirs, what, goals)


class VectorCase:
    """FS.VECTOR over three views with keys of their own, beside three HMGETs of the same features."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys // 10

    def run(self):
        sizes = self.suite.sizes
        store = self.suite.store("vector", VECTOR, entities=sizes.keys, events=sizes.events)
        for kept, flags in [("kept", []), ("not kept", NOTHING_KEPT)]:
            with Hindcast(self.suite.programs, store, *flags) as server:
                self.compare(server, kept)

    def compare(self, server, kept):
        hmgets = [["HMGET", f"by_{key}:{{n}}", *PART] for key in KEYS]
        pipelined = [*hmgets[0], ";", *hmgets[1], ";", *hmgets[2]]
        vector = ["FS.VECTOR", "model", *(f"{key}={{n}}" for key in KEYS)]
        asked = {"FS.VECTOR over three entities": vector, "... 3 HMGET together": pipelined}
        for connections, pipeline in [(1, 1), (CONNECTIONS, 16)]:
            self.suite.tell(f"FS.VECTOR, {kept}, -P {pipeline}")
            for words in asked.values():
                self.ask(server, words, connections, pipeline)
            turns = [[self.ask(server, words, connections, pipeline) for words in asked.values()]
                     for _ in range(self.suite.sizes.rounds)]
            self.rows(server, f"{kept}, {connections} connections, -P {pipeline}", asked, turns)
        singles = [self.sum([self.ask(server, words, 1, 1) for words in hmgets])
                   for _ in range(self.suite.sizes.rounds)]
        self.suite.table.load(f"3 HMGET one by one, {kept}, 1 connection", self.keys, middle(singles),
                              server.peak_mib())

    def rows(self, server, where, asked, turns):
        cpu, p50 = (statistics.median(getattr(one, name) / getattr(other, name) for one, other in turns)
                    for name in ["cpu", "p50"])
        table = self.suite.table
        goals = [table.verdict(("less CPU than 3 HMGET", cpu < 1, f"{cpu:.2f}x"),
                               ("less time", p50 < 1, f"{p50:.2f}x")), ""]
        for name, loads, goal in zip(asked, zip(*turns), goals):
            table.load(f"{name}, {where}", self.keys, middle(loads), server.peak_mib(), goal=goal)

    def ask(self, server, words, connections, pipeline):
        requests = self.suite.sizes.singles * (1 if pipeline == 1 else 6)
        return self.suite.bench.closed(server, self.keys, words, pipeline, requests, connections)

    @staticmethod
    def sum(loads):
        """One behind the other."""
        total = middle(loads)
        total.p50, total.p99, total.cpu = (
            sum(getattr(load, name) for load in loads) for name in ["p50", "p99", "cpu"])
        total.rate = 1 / sum(1 / load.rate for load in loads)
        return total


class WindowsCase:
    """What a look-up costs by its window and its number of features, with nothing kept."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.daily_keys

    def run(self):
        sizes = self.suite.sizes
        store = self.suite.store("daily", WINDOWS, entities=sizes.daily_keys, days=sizes.days, daily=1)
        with Hindcast(self.suite.programs, store, *NOTHING_KEPT) as server:
            asked = {f"{days}d": [f"{days}d_COUNT"] for days in SPANS}
            asked |= {f"{count} features": MANY[:count] for count in [10, 50]}
            for pipeline in [1, 16]:
                self.suite.tell(f"windows and features, -P {pipeline}")
                turns = [[self.ask(server, features, pipeline) for features in asked.values()]
                         for _ in range(sizes.rounds)]
                self.report(server, pipeline, dict(zip(asked, map(middle, zip(*turns)))))

    def ask(self, server, features, pipeline):
        return self.suite.bench.closed(server, self.keys, ["HMGET", "spans:{n}", *features], pipeline,
                                       self.suite.sizes.requests[pipeline] // 3)

    def report(self, server, pipeline, found):
        table = self.suite.table
        for name, load in found.items():
            ratio = load.cpu / found["1d"].cpu
            goal = ""
            if name == f"{SPANS[-1]}d":
                goal = table.verdict(("within 20 % of 1d", ratio <= 1.2, f"{ratio:.2f}x CPU"))
            if name == "50 features":
                goal = table.verdict(("within 2x of one", ratio <= 2, f"{ratio:.2f}x CPU"))
            table.load(f"nothing kept, {name}, -P {pipeline}", self.keys, load, server.peak_mib(), goal=goal)
