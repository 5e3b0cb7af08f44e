"""The synthetic events as a file: made once for a size and a seed, kept for the next run, never seen half-made."""
from measure import run, say

SEED = 20_260_101


def made_once(path, make):
    """`make` writes the file under another name, which it is given."""
    if not path.exists():
        say(f"writing {path.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        make(partial)
        partial.rename(path)
    return path


def events_csv(programs, folder, events, entities):
    return made_once(
        folder / f"payments-{events}-{entities}-{SEED}.csv",
        lambda path: run([programs / "StoreBench", "csv", path, "--events", events, "--entities", entities,
                          "--seed", SEED]))
