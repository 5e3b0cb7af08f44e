"""What further views cost the look-ups of one: registered, built from kept events, or silent; and how soon a new
window answers."""
import json
import re
import socket
import statistics
import time
from pathlib import Path

from loads import middle
from measure import run
from servers import Hindcast, command, reply
from stores import FEATURES, STREAM, ten_features

FURTHER = 100


class ViewsCase:
    """One store as it is, and a copy with a hundred views more, each of ten features; in turns."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys

    def run(self):
        few = self.suite.standard_store()
        many = self.suite.copy_of("hundred", few)
        declared = many.with_suffix(".json")
        declared.write_text(json.dumps([ten_features(f"further_{number}") for number in range(FURTHER)]))
        run([self.suite.programs / "hindcast", "register", many, declared])
        with Hindcast(self.suite.programs, few) as one, Hindcast(self.suite.programs, many) as all_of_them:
            for pipeline in [1, 16]:
                self.turns(one, all_of_them, pipeline)
        for store, what in [(few, "1 view"), (many, f"{FURTHER + 1} views")]:
            self.windows(store, what)

    def turns(self, one, many, pipeline):
        self.suite.tell(f"views, -P {pipeline}")
        for server in [one, many]:
            self.ask(server, pipeline)
        turns = [(self.ask(one, pipeline), self.ask(many, pipeline)) for _ in range(self.suite.sizes.rounds)]
        rate = statistics.median(more.rate / less.rate for less, more in turns)
        p99 = statistics.median(more.p99 / less.p99 for less, more in turns)
        table = self.suite.table
        what = f"look-ups of one view, -P {pipeline}"
        table.load(f"{what}, 1 view registered", self.keys, middle([less for less, _ in turns]), one.peak_mib())
        goals = table.verdict(("the same rate within 5 %", rate >= 0.95, f"{rate:.2f}x"),
                              ("the same p99 within 10 %", p99 <= 1.1, f"{p99:.2f}x"))
        table.load(f"{what}, {FURTHER + 1} views registered", self.keys, middle([more for _, more in turns]),
                   many.peak_mib(), goal=goals)

    def ask(self, server, pipeline):
        requests = self.suite.sizes.requests[pipeline]
        return self.suite.bench.closed(server, self.keys, ["HMGET", "by_account:{n}", *FEATURES], pipeline, requests)

    def windows(self, store, what):
        """From FS.REGISTER of a window more until FS.GET has answered it, over one connection."""
        times = []
        with Hindcast(self.suite.programs, store) as server:
            for days in range(11, 11 + 3 * self.suite.sizes.rounds):
                view = ten_features("by_account")
                known = [*view["features"]["{window}_COUNT"]["windows"], *(f"{more}d" for more in range(11, days + 1))]
                view["features"]["{window}_COUNT"]["windows"] = known
                times.append(self.register(server, view, f"{days}d_COUNT"))
        spent = statistics.median(times)
        table = self.suite.table
        table.note(f"a new window from FS.REGISTER to the answer of FS.GET, {what}", f"{spent * 1e3:.1f} ms",
                   table.verdict(("under 100 ms", spent < 0.1, f"at most {max(times) * 1e3:.1f} ms")))

    @staticmethod
    def register(server, view, feature):
        with socket.create_connection(("127.0.0.1", server.port)) as wire, wire.makefile("rb") as file:
            wire.sendall(command(["PING"]))
            reply(file)
            start = time.monotonic()
            for words in [["FS.REGISTER", json.dumps(view)],
                          ["FS.GET", "by_account", "000000000007", "FEATURES", 1, feature]]:
                wire.sendall(command(words))
                reply(file)
            return time.monotonic() - start


class SilentCase:
    """A served log of all answers, without and with a silent version beside the view that is asked."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys

    def run(self):
        sizes = self.suite.sizes
        kept = [STREAM | {"keep": True}, ten_features("by_account")]
        one = self.suite.store("logged", kept, entities=sizes.keys, events=sizes.events)
        two = self.suite.copy_of("silent", one)
        changed = ten_features("by_account") | {"where": "amount > 10"}
        declared = two.with_suffix(".json")
        declared.write_text(json.dumps([kept[0], changed]))
        run([self.suite.programs / "hindcast", "register", two, declared, "--silent"])
        logs = [["--served-log", f"{store}-served", "--served-log-max-bytes", 256 << 20] for store in [one, two]]
        with Hindcast(self.suite.programs, one, *logs[0]) as plain, Hindcast(self.suite.programs, two, *logs[1]) as both:
            self.suite.tell("silent version")
            for server in [plain, both]:
                self.ask(server)
            turns = [(self.ask(plain), self.ask(both)) for _ in range(self.suite.sizes.rounds)]
            rate = statistics.median(more.rate / less.rate for less, more in turns)
            p99 = statistics.median(more.p99 / less.p99 for less, more in turns)
            table = self.suite.table
            table.load("logged look-ups at a fixed rate", self.keys, middle([less for less, _ in turns]), plain.peak_mib())
            goals = table.verdict(("the same rate", rate >= 0.98, f"{rate:.2f}x"),
                                  ("p99 within 1.5x", p99 <= 1.5, f"{p99:.2f}x"))
            table.load("... with a silent version logged beside them", self.keys,
                       middle([more for _, more in turns]), both.peak_mib(), goal=goals)

    def ask(self, server):
        sizes = self.suite.sizes
        flow = f"lookups,rate={sizes.rate // 5},connections=20,batch=5"
        return self.suite.bench.loads(server, self.keys, [(flow, ["HMGET", "by_account:{n}", *FEATURES])],
                                      seconds=sizes.seconds / 2)[0]


class BuildCase:
    """Look-ups of one view at a fixed rate, while another is built from all kept events."""

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys

    def run(self):
        sizes, table = self.suite.sizes, self.suite.table
        kept = [STREAM | {"keep": True}, ten_features("by_account")]
        store = self.suite.store("kept", kept, entities=sizes.keys, events=sizes.kept_events)
        rounds = [self.round(store) for _ in range(sizes.rounds)]
        alone = middle([round[0] for round in rounds])
        beside = middle([middle(round[1]) for round in rounds])
        # Of the pieces of each round the worst: the median would pass over a single halt.
        worst = statistics.median(max(load.p99 for load in round[1]) for round in rounds)
        seconds = statistics.median(round[2] for round in rounds)
        peak = max(round[3] for round in rounds)
        table.load("look-ups at a fixed rate, alone", self.keys, alone, peak)
        goals = table.verdict(
            ("live in under 60 s", seconds < 60, f"{seconds:.1f} s"),
            ("p99 under 1 ms in the worst two seconds", worst < 1000,
             f"{worst / 1e3:.2f} ms; in the middle {beside.p99 / alone.p99:.1f}x that of alone"))
        table.load(f"... while {sizes.kept_events:,} kept events become a view", self.keys, beside, peak, goal=goals)

    def round(self, store):
        """The load alone, its pieces while the view is built, the seconds of that, and the peak memory."""
        words = ["HMGET", "by_account:{n}", *FEATURES]
        written = self.suite.copy_of("building", store)
        with Hindcast(self.suite.programs, written) as server:
            self.suite.bench.closed(server, self.keys, words, 64, 20 * self.keys)
            flow = (f"lookups,rate={self.suite.sizes.rate // 5 * 2},connections=20,batch=5", words)

            def load(seconds):
                return self.suite.bench.loads(server, self.keys, [flow], seconds=seconds)[0]

            alone = load(self.suite.sizes.seconds)
            self.suite.tell("a view is built")
            server.ask("FS.REGISTER", json.dumps(ten_features("further")))
            loads = []
            while not (built := self.built(server)):
                loads.append(load(self.suite.sizes.seconds / 5))
            return alone, loads or [load(0.2)], built, server.peak_mib()

    @staticmethod
    def built(server):
        """Seconds that the build took, once it is over."""
        found = re.search(r'"view built".* milliseconds=(\d+)', Path(server.log).read_text())
        return int(found.group(1)) / 1e3 if found else None
