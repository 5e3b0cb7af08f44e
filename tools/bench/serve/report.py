"""The table of the server's benchmark, and whether what is to reach was reached."""
from table import Markdown

COLUMNS = ["work", "keys", "hits", "requests/s", "p50", "p99", "CPU a request", "peak RSS", "against Redis",
           "to reach"]


class ServeTable(Markdown):
    def __init__(self, judges):
        """Where it does not judge, the goals are left out."""
        super().__init__(COLUMNS, right=COLUMNS[1:8])
        self.judges, self.missed = judges, []

    def load(self, work, keys, load, peak, *, against="", goal="", has_cpu=True):
        self.add(work, f"{keys:,}", f"{100 * load.hits:.0f} %", rate_text(load.rate), time_text(load.p50),
                 time_text(load.p99), f"{load.cpu:.2f} us" if has_cpu else "", f"{peak:,.0f} MiB", against, goal)

    def note(self, work, text, goal=""):
        self.add(work, "", "", text, "", "", "", "", "", goal)

    def verdict(self, *goals):
        """Goals as (what, whether it is reached, what was found)."""
        for what, reached, found in goals:
            if not reached:
                self.missed.append(f"{what}: {found}")
        if not self.judges:
            return ""
        return "; ".join(f"{what}: {'reached' if reached else 'NOT reached'} ({found})"
                         for what, reached, found in goals)


def rate_text(rate):
    if rate < 1e3:
        return f"{rate:.0f}"
    return f"{rate / 1e6:.2f} M" if rate >= 1e6 else f"{rate / 1e3:.1f} k"


def time_text(microseconds):
    return f"{microseconds / 1e3:.2f} ms" if microseconds >= 1e3 else f"{microseconds:.0f} us"
