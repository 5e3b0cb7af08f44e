"""Plays one engine through its works, and goes on where one of them fails or takes too long."""
import json
import shutil
import sys
from pathlib import Path

from measure import Stopped, cost_of, lines_of

ENGINE = Path(__file__).with_name("engine.py")
LOAD = "load"


def play(name, works, job, patience, folder):
    """What the load and each work cost, by name; where one failed, the reason as text instead.

    `job` makes a job of some of the works; `patience` tells the seconds that a join of a work may take, or
    the load. An engine is started anew where it failed: without the longer works of the same curve, and not
    at all where it failed in loading or in the first work.
    """
    outcomes = {}
    left = list(works)
    while left:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        reason, failed = attempt(name, job(left), patience, folder, outcomes)
        if not reason:
            break
        outcomes[failed] = reason
        if failed in (LOAD, works[0].name):
            break
        curve = next(work.curve for work in left if work.name == failed)
        left = [work for work in left if work.name not in outcomes and work.curve != curve]
    shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def attempt(name, job, patience, folder, outcomes):
    """Adds to the outcomes; returns why it ended early and in which work, or twice None."""
    file, log = folder / "job.json", folder / "log"
    file.write_text(json.dumps(job))
    at = LOAD
    try:
        for line in lines_of([sys.executable, ENGINE, name, file], lambda line: patience(begun(line)), log):
            figures = json.loads(line)
            at = figures.get("starts", at)
            if "work" in figures:
                outcomes.setdefault(figures["work"], cost_of(figures))
        return None, None
    except Stopped as stopped:
        print(f"bench: {name}, {at}: {stopped}\n{last_lines(log)}", file=sys.stderr, flush=True)
        return str(stopped), at


def begun(line):
    """What goes on after this line."""
    return json.loads(line).get("starts", LOAD) if line else LOAD


def last_lines(log):
    return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-5:])
