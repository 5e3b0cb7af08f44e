"""A small world for the tests: e-mails, many of them seen late, and the contract as the shortest program that says it."""

from __future__ import annotations

import math
import os
import random
import struct
from dataclasses import dataclass, field
from typing import Any, Optional

import pyarrow as pa

import hindcast

DAY = 86_400_000
HOUR = 3_600_000
# 2026-01-01; times before 1970 are around minus as much.
START = 1_767_225_600_000

STREAM = {
    "stream": "mails",
    "fields": {
        "sender": "string",
        "at": "timestamp",
        "seen": "timestamp",
        "size": "int",
        "score": "double",
        "topic": "string",
        "spam": "bool",
    },
    "eventTime": "at",
    "arrivalTime": "seen",
}

# Function and field by the name of the feature.
AGGREGATES: dict[str, tuple[str, Optional[str]]] = {
    "N": ("count", None),
    "SIZE": ("sum", "size"),
    "SCORE": ("sum", "score"),
    "MEAN": ("mean", "score"),
    "LEAST": ("min", "size"),
    "MOST": ("max", "score"),
    "LAST": ("last", "topic"),
    "FIRST": ("first", "spam"),
    "LATEST": ("max", "at"),
    "TOPICS": ("distinct", "topic"),
}
WINDOWS = {"1d": 1, "7d": 7, "30d": 30}


def view(name: str = "by_sender", entity: tuple[str, ...] = ("sender",)) -> dict[str, Any]:
    features = {
        "{window}_" + feature: ({"count": True} if over is None else {function: over}) | {"windows": list(WINDOWS)}
        for feature, (function, over) in AGGREGATES.items()
    }
    return {"view": name, "stream": "mails", "entity": list(entity), "slice": "1d", "features": features}


FEATURES = {f"{window}_{feature}": (feature, slices) for feature in AGGREGATES for window, slices in WINDOWS.items()}

SCHEMA = pa.schema(
    [
        ("sender", pa.string()),
        ("at", pa.timestamp("ms", "UTC")),
        ("seen", pa.timestamp("ms", "UTC")),
        ("size", pa.int64()),
        ("score", pa.float64()),
        ("topic", pa.string()),
        ("spam", pa.bool_()),
    ]
)


def seeds(count: int) -> list[int]:
    """HINDCAST_SEED alone where it is set; otherwise so many, HINDCAST_ROUNDS times as many where that is set."""
    if "HINDCAST_SEED" in os.environ:
        return [int(os.environ["HINDCAST_SEED"])]
    return list(range(1, 1 + count * int(os.environ.get("HINDCAST_ROUNDS", "1"))))


class Chance(random.Random):
    """Random mails and rows."""

    def maybe(self, percent: float, value: Any) -> Any:
        return None if self.random() * 100 < percent else value

    def instant(self, start: int = START) -> int:
        """Near the mails, often at the edge of a day."""
        day = start + self.randrange(60) * DAY
        return day + self.choice([0, -1, 1, self.randrange(DAY)])

    def score(self) -> float:
        if self.random() < 0.3:
            return self.choice([0.1, 1e16, 1.0, -1e16, 0.0, -0.0, 5e-324, 1e300, -1e300])
        return self.uniform(-1000, 1000)

    def mails(self, count: int, start: int = START, exact: bool = False) -> list[dict[str, Any]]:
        """`exact`: with scores that plain addition adds up without rounding."""
        return [self._mail(start, exact) for _ in range(count)]

    def _mail(self, start: int, exact: bool) -> dict[str, Any]:
        at = self.instant(start)
        lag = self.choice([0, 0, 1000, HOUR, DAY, 3 * DAY, 40 * DAY, -DAY]) * self.randrange(3)
        score = self.randrange(-(1 << 20), 1 << 20) / 1024 if exact else self.score()
        return {
            "sender": self.maybe(3, self.choice(["ann", "bob", "", "a|b", "é", "日本"])),
            "at": at,
            "seen": self.maybe(10, at + lag),
            "size": self.maybe(10, self.randrange(-1000, 1000)),
            "score": self.maybe(10, score),
            "topic": self.maybe(10, self.choice(["x", "y", "", "zz", "ü"])),
            "spam": self.maybe(10, self.random() < 0.5),
        }

    def spine(self, count: int, start: int = START) -> pa.Table:
        people = ["ann", "bob", "", "é", "日本", "nobody", None]
        return pa.table(
            {
                "label": pa.array([self.random() for _ in range(count)], pa.float64()),
                "who": pa.array([self.choice(people) for _ in range(count)], pa.string()),
                "t": pa.array([self.instant(start) for _ in range(count)], pa.timestamp("ms", "UTC")),
                "k": pa.array([self.instant(start) for _ in range(count)], pa.timestamp("ms", "UTC")),
            }
        )


def table(mails: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(mails, SCHEMA)


@dataclass
class World:
    """A store and the mails that are in it."""

    store: hindcast.Store
    mails: list[dict[str, Any]] = field(default_factory=list)

    def take(self, mails: list[dict[str, Any]], source: str = "mails") -> None:
        self.mails += mails
        self.store.ingest(table(mails), "mails", source=source)


# The contract, naively


def naive(mails: list[dict[str, Any]], who: Optional[str], t: int, k: Optional[int]) -> dict[str, Any]:
    """All features of a sender at time `t`, knowing what was known at `k`; None is all that is known by now."""
    request = t // DAY
    known = [
        mail
        for mail in mails
        if who is not None
        and mail["sender"] == who
        and (k is None or max(mail["at"], mail["seen"] or mail["at"]) // DAY < k // DAY)
    ]
    answer = {}
    for name, (feature, slices) in FEATURES.items():
        window = [mail for mail in known if request - slices <= mail["at"] // DAY < request]
        answer[name] = _aggregate(window, *AGGREGATES[feature])
    return answer


def _aggregate(mails: list[dict[str, Any]], function: str, over: Optional[str]) -> Any:
    if over is None:
        return len(mails)
    values = [(mail["at"], mail[over]) for mail in mails if mail[over] is not None]
    plain = [value for _, value in values]
    if function == "sum":
        return _sum(plain) if over == "score" else sum(plain)
    if not plain:
        return None
    if function == "mean":
        total = _sum(plain)
        return None if total is None else total / len(plain)
    if function == "distinct":
        return len(set(plain))
    if function == "first":
        return min(values)[1]
    if function == "last":
        return max((at, value.encode()) for at, value in values)[1].decode()
    # Of the two zeros the negative one is the lesser.
    return (min if function == "min" else max)(plain, key=lambda value: (value, math.copysign(1, value)))


def _sum(values: list[float]) -> Optional[float]:
    total = math.fsum(values) + 0.0
    return total if math.isfinite(total) else None


def known_at(mode: dict[str, Any], t: int, k: int) -> Optional[int]:
    """What `naive` needs as `k` for a join in this mode."""
    if mode.get("mode") == "corrected":
        return None
    if "known_at" in mode:
        return int(mode["known_at"])
    return k if "known_column" in mode else t


def bits(value: Any) -> Any:
    """Values that are equal in their bits, and times as milliseconds."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if hasattr(value, "timestamp"):
        return hindcast._values.milliseconds(value)
    return value


def rows_of(joined: pa.Table, names: Any = FEATURES) -> list[dict[str, Any]]:
    return [{name: bits(row[name]) for name in names} for row in joined.select(list(names)).to_pylist()]


MODES = [
    {},
    {"mode": "corrected"},
    {"known_at": START + 20 * DAY},
    {"known_at": START + 20 * DAY - 1},
    {"known_column": "k"},
]
