"""Load on a server, and what it costs that server: by redis-benchmark, and by ServeBench."""
import csv
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

from inputs import SEED
from measure import run

CONNECTIONS = 50


@dataclass
class Load:
    """What one run of a load found; times in microseconds."""
    rate: float
    p50: float
    p99: float
    cpu: float          # of the server, for each request
    hits: float = 0     # share of look-ups that were answered from what was kept, or found
    busy: float = 0     # of a core, by the server
    own: float = 0      # of a core, by the load
    delay: float = 0    # the load's own, at the 99th percentile


def middle(loads):
    return Load(*(statistics.median(getattr(load, name) for load in loads)
                  for name in Load.__dataclass_fields__))


class Watch:
    """The server's processor time and hits over a load."""

    def __init__(self, server):
        self.server, self.counts = server, server.hits()
        self.cpu = server.cpu()

    def spent(self):
        return self.server.cpu() - self.cpu

    def share(self):
        (hits, misses), (before, missed) = self.server.hits(), self.counts
        return (hits - before) / max(1, hits - before + misses - missed)


def by_redis_benchmark(server, words, keys, pipeline, requests):
    """`__rand_int__` in a word is a number of 12 digits below `keys`."""
    watch = Watch(server)
    cost = run(["redis-benchmark", "-p", server.port, "-c", CONNECTIONS, "-P", pipeline, "-n", requests,
                "-r", keys, "--csv", *words])
    spent = watch.spent()
    rows = list(csv.DictReader(cost.output[cost.output.index('"test"'):].splitlines()))
    rate = float(rows[0]["rps"])
    return Load(rate, float(rows[0]["p50_latency_ms"]) * 1e3, float(rows[0]["p99_latency_ms"]) * 1e3,
                spent / requests * 1e6, watch.share(), spent * rate / requests, cost.cpu * rate / requests)


class ServeBench:
    def __init__(self, programs):
        self.program = programs / "ServeBench"
        self.runs = 0

    def loads(self, server, keys, flows, *, requests=None, seconds=None):
        """Of all flows, (name and settings, words), side by side; until the first has its requests."""
        limit = ["--requests", requests] if requests else ["--seconds", seconds]
        watch = Watch(server)
        return self.read_all(run(self.command(server, keys, flows, limit)).output, watch)

    def loads_during(self, server, keys, flows, work):
        """The same for as long as `work` takes; and what that gave."""
        watch = Watch(server)
        command = [str(word) for word in self.command(server, keys, flows, ["--until-end-of-input"])]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            try:
                result = work()
            finally:
                output = child.communicate()[0]
        if child.returncode:
            sys.exit(f"bench: exit code {child.returncode}: {' '.join(command)}\n{output}")
        return self.read_all(output, watch), result

    def command(self, server, keys, flows, limit):
        words = [word for flow, command in flows for word in ["--", flow, *command]]
        # Other keys in each run: the same again would be those that are kept.
        self.runs += 1
        return [self.program, "load", server.port, "--seed", SEED + 1000 * self.runs, "--entities", keys,
                *limit, *words]

    def read_all(self, output, watch):
        spent, share = watch.spent(), watch.share()
        return [self.read(json.loads(line), spent, share) for line in output.splitlines()]

    @staticmethod
    def read(line, spent, share):
        if line["unanswered"]:
            sys.exit(f"bench: {line['unanswered']:.0f} requests were not answered: {line}")
        return Load(line["rate"], line["p50_us"], line["p99_us"], spent / max(1, line["requests"]) * 1e6,
                    share, spent / line["wall_s"], line["generator_cpu_s"] / line["wall_s"],
                    line["own_delay_p99_us"])

    def closed(self, server, keys, words, pipeline, requests, connections=CONNECTIONS):
        """The next pipeline as soon as the last is answered."""
        flow = f"closed,connections={connections},batch={pipeline}"
        return self.loads(server, keys, [(flow, words)], requests=requests)[0]

    def copy(self, source, target, keys, view, features):
        """What one server answers becomes the other's hashes."""
        run([self.program, "copy", source.port, target.port, "--entities", keys, "--", view, *features])

    def csv(self, path, **options):
        words = [word for name, value in options.items() for word in [f"--{name}", value]]
        run([self.program, "csv", path, "--seed", SEED, *words])
