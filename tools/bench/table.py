"""Tables in Markdown, so that they can be pasted into a document."""

COLUMNS = ["work", "rows", "result", "processor", "rows/s", "peak RSS", "against the peer", "to reach"]


class Markdown:
    def __init__(self, columns, right):
        """The columns named in `right` hold numbers and stand at the right."""
        self.columns = columns
        self.right = [column in right for column in columns]
        self.rows = []

    def add(self, *cells):
        self.rows.append(list(cells) + [""] * (len(self.columns) - len(cells)))

    def text(self):
        lines = [self.columns] + self.rows
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        rule = ["-" * (width - 1) + ":" if right else "-" * width for width, right in zip(widths, self.right)]
        return "\n".join("| " + " | ".join(self.aligned(line, widths)) + " |"
                         for line in [self.columns, rule] + self.rows)

    def aligned(self, line, widths):
        return [cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, self.right)]


class Table(Markdown):
    """The one table of the store's benchmark, for docs/benchmarks.md."""

    def __init__(self, judges):
        """Where it does not judge, the goals are left out."""
        super().__init__(COLUMNS, right=COLUMNS[1:6])
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

    def verdict(self, goal, reached):
        return f"{goal}: {'reached' if reached else 'NOT reached'}" if self.judges else ""


def rate_text(rate):
    return f"{rate / 1e6:.2f} M" if rate >= 1e6 else f"{rate / 1e3:.0f} k"
