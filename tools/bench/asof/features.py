"""What is asked for: counts and sums over windows of whole days, by the names that Hindcast gives them."""
from typing import NamedTuple

DAY = 86_400_000


class Feature(NamedTuple):
    days: int
    is_count: bool

    @property
    def name(self):
        return f"{self.days}d_{'COUNT' if self.is_count else 'SUM'}"

    @property
    def source(self):
        """The column of the daily table, and of the prefix sums, that it is made of."""
        return "count" if self.is_count else "sum"


def feature(name):
    days, _, kind = name.partition("d_")
    return Feature(int(days), {"COUNT": True, "SUM": False}[kind])


def windows_of(features):
    return sorted({feature.days for feature in features})


def names_of(features):
    return ",".join(feature.name for feature in features)
