"""Running programs and what they cost: wall and processor time, peak memory; medians of these."""
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Cost:
    wall: float
    cpu: float
    rss_mib: float
    output: str = ""
    figures: dict = field(default_factory=dict)


def run(command):
    """Runs a program to its end; the cost is that of its whole process.

    Linux counts into a child's peak memory what its parent held when it was started: so this process
    stays small, and imports no DuckDB and no Arrow.
    """
    command = [str(word) for word in command]
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"bench: exit code {child.returncode}: {' '.join(command)}\n{output}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def run_reporting(command):
    """Runs a program that reports in JSON lines; their costs by work.

    What a line tells of its own cost (`wall_s`, `cpu_s`) stands, and its process's where it tells none.
    """
    whole = run(command)
    costs = {}
    for line in whole.output.splitlines():
        figures = json.loads(line)
        costs[figures["work"]] = Cost(
            figures.get("wall_s", whole.wall), figures.get("cpu_s", whole.cpu),
            figures.get("rss_mib", whole.rss_mib), figures=figures)
    return costs


def middle(costs):
    """The median of each figure by itself."""
    figures = {
        name: statistics.median(cost.figures[name] for cost in costs)
        for name, value in costs[0].figures.items() if isinstance(value, (int, float))}
    return Cost(
        statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.rss_mib for cost in costs), figures=figures)


def bytes_under(path):
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
