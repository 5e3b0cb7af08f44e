"""The table of the joins, for docs/joins.md: a row for each engine, ratios to our join from Swift."""
from importlib.metadata import version

from measure import Cost
from peer import LOAD
from table import Markdown, rate_text
from works import STANDARD

SWIFT, PYTHON, SCAN = "swift", "python", "scan"
# By name: what the row is called, and the package whose version is told.
TITLES = {
    SWIFT: ("Hindcast, from Swift", ""),
    PYTHON: ("Hindcast, from Python", ""),
    SCAN: ("RocksDB, bare iterator over the same blocks", ""),
    "duckdb-range": ("DuckDB, range join", "duckdb"),
    "duckdb-asof": ("DuckDB, ASOF over prefix sums", "duckdb"),
    "polars": ("Polars, join_asof over prefix sums", "polars"),
    "pandas": ("pandas, searchsorted in prefix sums", "pandas"),
    "clickhouse": ("ClickHouse, ASOF over prefix sums", "chdb"),
    "pyspark": ("PySpark, range join", "pyspark"),
    "feast": ("Feast, prefix sums at each border", "feast"),
}
PEERS = [name for name, (_, package) in TITLES.items() if package]
COLUMNS = ["join", "load", "first join", "join, median", "processor", "rows/s", "peak RSS", "against ours"]


def join_table(outcomes, rows):
    table = Markdown(COLUMNS, right=COLUMNS[1:])
    ours = outcomes[SWIFT][STANDARD]
    for name in [name for name in TITLES if name in outcomes]:
        load, join = (outcomes[name].get(work, "") for work in [LOAD, STANDARD])
        # A bare iterator reads blocks, and nobody's rows.
        table.add(title(name), seconds(load), *cells(join, rows if name != SCAN else 0, ours))
    return table


def cells(join, rows, ours):
    """Where there was no join, the reason stands where its time would."""
    if not isinstance(join, Cost):
        return ["", join]
    ratio = join.wall / ours.wall
    rate = rate_text(rows / join.wall) if rows else ""
    return [seconds(join.figures.get("first_s", "")), seconds(join), f"{join.cpu:.2f} s", rate,
            f"{join.rss_mib:,.0f} MiB", f"{ratio:.2f}x" if ratio < 10 else f"{ratio:,.0f}x"]


def title(name):
    words, package = TITLES[name]
    return words.replace(",", f" {version(package)},", 1) if package else words


def seconds(found):
    if isinstance(found, str):
        return found
    time = found.wall if isinstance(found, Cost) else found
    return f"{time:.2f} s" if time < 100 else f"{time:,.0f} s"
