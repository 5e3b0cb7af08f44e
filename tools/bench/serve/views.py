"""What further views cost the look-ups of one: registered, built from kept events, or silent; and how soon a new
window answers."""
import json
import re
import socket
import statistics
import subprocess
import sys
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
    """Look-ups of one view at a fixed rate, while another is built from all kept events.

    A machine whose cores are all at work halts programs that one with idle cores does not halt: so the look-ups
    are also asked for beside a program that only counts, at the priority that builds have. What these halts cost
    is the machine's; what comes on top of them is the build's.
    """

    def __init__(self, suite):
        self.suite, self.keys = suite, suite.sizes.keys
        self.flow = (f"lookups,rate={suite.sizes.rate // 5 * 2},connections=20,batch=5",
                     ["HMGET", "by_account:{n}", *FEATURES])

    def run(self):
        sizes, table = self.suite.sizes, self.suite.table
        kept = [STREAM | {"keep": True}, ten_features("by_account")]
        store = self.suite.store("kept", kept, entities=sizes.keys, events=sizes.kept_events)
        rounds = [self.round(store) for _ in range(sizes.rounds)]
        alone, counting, building = (middle([found[place] for found in rounds]) for place in range(3))
        seconds = statistics.median(found[3] for found in rounds)
        ratio = statistics.median(found[2].p99 / found[1].p99 for found in rounds)
        peak = max(found[4] for found in rounds)
        for what, load in [("look-ups at a fixed rate, alone", alone),
                           ("... beside a program of the lowest priority that counts", counting)]:
            table.load(what, self.keys, load, peak, against=f"the load's own delay {load.delay:.0f} us at p99",
                       has_cpu=load is alone)
        goals = table.verdict(
            ("live in under 60 s", seconds < 60, f"{seconds:.1f} s"),
            ("p99 within 1.5x of beside the counting program", ratio <= 1.5,
             f"{ratio:.2f}x; {building.p99 / alone.p99:.2f}x that of alone"))
        table.load(f"... while {sizes.kept_events:,} kept events become a view", self.keys, building, peak,
                   against=f"the load's own delay {building.delay:.0f} us at p99", goal=goals, has_cpu=False)

    def round(self, store):
        """The loads: alone, beside what counts, and all the time a view is built; its seconds; the peak memory."""
        written, bench = self.suite.copy_of("building", store), self.suite.bench
        with Hindcast(self.suite.programs, written) as server:
            bench.closed(server, self.keys, self.flow[1], 64, 20 * self.keys)
            alone = bench.loads(server, self.keys, [self.flow], seconds=2 * self.suite.sizes.seconds)[0]
            with Counting():
                beside = bench.loads(server, self.keys, [self.flow], seconds=4 * self.suite.sizes.seconds)[0]
            self.suite.tell("a view is built")
            (building,), seconds = bench.loads_during(server, self.keys, [self.flow], lambda: self.build(server))
            return alone, beside, building, seconds, server.peak_mib()

    def build(self, server):
        """Registers the view; the seconds that its history took, once it is there."""
        server.ask("FS.REGISTER", json.dumps(ten_features("further")))
        while True:
            found = re.search(r'"view built".* milliseconds=(\d+)', Path(server.log).read_text())
            if found:
                return int(found.group(1)) / 1e3
            # Seldom: each look takes a core from the look-ups for as long as some of them take.
            time.sleep(1)


class Counting:
    """A process that does nothing but count, whenever a core is free."""

    program = ("import os\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n"
               "count = 0\nwhile True: count += 1")

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-c", self.program])

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
