"""Running programs and what they cost: wall and processor time, peak memory; medians of these."""
import json
import os
import select
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Cost:
    wall: float
    cpu: float
    rss_mib: float
    output: str = ""
    figures: dict = field(default_factory=dict)


class Stopped(Exception):
    """A program did not come to its end; the text says why."""


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
        costs[figures["work"]] = cost_of(figures, whole)
    return costs


def cost_of(figures, whole=None):
    """What a program's line tells of its cost; the rest is that of the whole process."""
    wall, cpu, rss_mib = (whole.wall, whole.cpu, whole.rss_mib) if whole else (0, 0, 0)
    return Cost(figures.get("wall_s", wall), figures.get("cpu_s", cpu), figures.get("rss_mib", rss_mib),
                figures=figures)


def lines_of(command, patience, log):
    """The lines that a program prints, as they come; what it has to say beside them goes into the log.

    `patience` says how many seconds may pass after a line (None: after the start) until the next or the
    end. Raises `Stopped` where more do, or where the program fails. The program and all that it started are
    ended when this generator is.
    """
    with open(log, "w") as errors:
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=errors,
                                 stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        rest = b""
        seconds = patience(None)
        deadline = time.monotonic() + seconds
        while True:
            if not select.select([child.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Stopped(f"over {seconds:,.0f} s")
            read = os.read(child.stdout.fileno(), 1 << 16)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                yield line.decode()
                seconds = patience(line)
                deadline = time.monotonic() + seconds
        child.wait(timeout=seconds)
        if child.returncode:
            raise Stopped(f"failed, exit code {child.returncode}" if child.returncode > 0 else
                          f"ended by {signal.Signals(-child.returncode).name}")
    except subprocess.TimeoutExpired:
        raise Stopped("did not end") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()


def usage():
    """Processor seconds and peak MiB of this process and of all that it started: those of a Java
    machine beside a Python that does next to nothing, say."""
    parents, seconds = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    ours = [process for process in parents if descends(process, os.getpid(), parents)]
    return sum(seconds[process] for process in ours), sum(map(peak_mib, ours))


def descends(process, ancestor, parents):
    while process not in (ancestor, 0, None):
        process = parents.get(process)
    return process == ancestor


def peak_mib(process):
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def middle(costs):
    """The median of each figure by itself."""
    figures = {
        name: statistics.median(cost.figures[name] for cost in costs)
        for name, value in costs[0].figures.items() if isinstance(value, (int, float))}
    return Cost(
        statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.rss_mib for cost in costs), figures=figures)


def say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def bytes_under(path):
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
