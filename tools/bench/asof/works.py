"""What is joined: the work of the table, and those of the curves, in the order in which they are run."""
from dataclasses import dataclass

from features import Feature, windows_of

STANDARD = "standard"


@dataclass(frozen=True)
class Work:
    name: str
    rows: int
    features: tuple
    curve: str = ""
    x: int = 0
    """Its place on the curve."""


@dataclass(frozen=True)
class Sizes:
    events: int
    entities: int
    rows: int
    questions: int
    runs: int
    history: tuple = (1, 3, 10)
    """Times the events."""
    spine: tuple = (100, 10, 1)
    """Parts of the rows."""
    windows: tuple = (1, 7, 30, 90, 180, 365)
    features: tuple = (1, 2, 10, 20, 50, 100)


FULL = Sizes(events=20_000_000, entities=1_000_000, rows=2_000_000, questions=2_000, runs=3)
SMOKE = Sizes(events=100_000, entities=10_000, rows=10_000, questions=2_000, runs=1,
              history=(1, 3), spine=(10, 1), windows=(1, 30, 365), features=(1, 20))


def both(windows):
    return tuple(Feature(days, is_count) for days in windows for is_count in (True, False))


def spread(count):
    """So many features over windows of up to 50 days, so that their number alone is what changes."""
    pairs = (count + 1) // 2
    return both(50 // pairs * (place + 1) for place in range(pairs))[:count]


def standard(rows):
    return Work(STANDARD, rows, both([7, 30]))


def curve_works(sizes):
    """Those on the history of the table, short ones first; the longest spine is that of the standard work."""
    rows = sizes.rows
    spines = [Work(f"spine-{rows // part}", rows // part, both([7, 30]), "spine", rows // part)
              for part in sizes.spine if part > 1]
    windows = [Work(f"window-{days}", rows, both([days]), "windows", days) for days in sizes.windows]
    features = [Work(f"features-{count}", rows, spread(count), "features", count) for count in sizes.features]
    return spines + windows + features


def new_windows(work, present):
    """All windows of a work, where the store's view lacks some of them."""
    windows = windows_of(work.features)
    return [] if set(windows) <= set(present) else windows
