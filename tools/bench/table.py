"""The one table of the benchmark, in Markdown, so that it can be pasted into docs/benchmarks.md."""

COLUMNS = ["work", "rows", "result", "processor", "rows/s", "peak RSS", "against the peer", "to reach"]


class Table:
    def __init__(self, judges):
        """Where it does not judge, the goals are left out."""
        self.rows = []
        self.judges = judges

    def timed(self, work, rows, cost, *, peer=None, target=None):
        """A work that took time. `target` is in rows per second."""
        rate = rows / cost.wall
        against = ""
        if peer:
            against = f"DuckDB: {cost.wall / peer.wall:.2f}x time, {cost.cpu / peer.cpu:.2f}x processor"
        goal = self.verdict(f"{target / 1e6:g} M/s", rate >= target) if target else ""
        self.add(work, f"{rows:,}", f"{cost.wall:.2f} s", f"{cost.cpu:.2f} s", rate_text(rate),
                 f"{cost.rss_mib:,.0f} MiB", against, goal)

    def lookup(self, work, rows, figures, *, against="", goal=""):
        result = f"p50 {figures['p50_us']:.2f} us, p99 {figures['p99_us']:.2f} us"
        self.add(work, f"{rows:,}", result, "", "", "", against, goal)

    def add(self, *cells):
        self.rows.append(list(cells) + [""] * (len(COLUMNS) - len(cells)))

    def text(self):
        lines = [COLUMNS] + self.rows
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
        rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:6]] \
            + ["-" * width for width in widths[6:]]
        return "\n".join("| " + " | ".join(self.aligned(line, widths)) + " |"
                         for line in [COLUMNS, rule] + self.rows)

    def verdict(self, goal, reached):
        return f"{goal}: {'reached' if reached else 'NOT reached'}" if self.judges else ""

    @staticmethod
    def aligned(line, widths):
        return [cell.rjust(width) if 1 <= column <= 5 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths))]


def rate_text(rate):
    return f"{rate / 1e6:.2f} M" if rate >= 1e6 else f"{rate / 1e3:.0f} k"
