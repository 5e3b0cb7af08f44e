"""DuckDB, in memory: a range join over the daily table, and ASOF joins over prefix sums.

The range join is the quicker of the two for short windows: a hash join on the account, with the days as
further conditions, that builds on the spine and reads the history once. It slows down with the days that a
window covers, which the other does not. Quicker than neither were: buckets of 30 days in the key of the
range join (no change), windows over the union of both tables (12 times), one ASOF join for each window
(twice), accounts as text in the ASOF join (1.5 times).
"""
import duckdb

from features import DAY, windows_of


class DuckDB:
    def __init__(self, threads, scratch):
        self.connection = duckdb.connect(
            config={"threads": threads, "temp_directory": str(scratch / "duckdb")})

    def take(self, spine):
        self.connection.register("given", spine)
        self.connection.execute("CREATE OR REPLACE TABLE spine AS SELECT account, time FROM given")
        self.connection.unregister("given")

    def join(self, features):
        return self.connection.sql(self.query(features)).to_arrow_table()

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]


def type_of(feature):
    return "BIGINT" if feature.is_count else "DOUBLE"


class RangeJoin(DuckDB):
    def load(self, history):
        self.connection.execute("CREATE TABLE daily AS SELECT * FROM read_parquet(?)", [history])

    def query(self, features):
        longest = windows_of(features)[-1]
        sums = ", ".join(f'sum({self.within(feature, longest)}) AS "{feature.name}"' for feature in features)
        values = ", ".join(f'coalesce("{feature.name}", 0)::{type_of(feature)} AS "{feature.name}"'
                           for feature in features)
        return f"""
            WITH asked AS (SELECT rowid AS row, account, (time // {DAY})::INTEGER AS today FROM spine),
            found AS (
              SELECT row, {sums} FROM asked JOIN daily USING (account)
              WHERE day < today AND day >= today - {longest} GROUP BY row)
            SELECT {values} FROM asked LEFT JOIN found USING (row) ORDER BY row"""

    @staticmethod
    def within(feature, longest):
        if feature.days == longest:
            return feature.source
        return f"CASE WHEN day >= today - {feature.days} THEN {feature.source} END"


class AsOfJoin(DuckDB):
    """One ASOF join of all borders of all windows, on one integer that is made of account and day: with
    text in the key, or a join for each border, DuckDB sorts more."""

    def load(self, history):
        run = self.connection.execute
        run("""CREATE TABLE sums AS
               SELECT account, day + 1 AS day, sum(count) OVER upto AS count, sum(sum) OVER upto AS sum
               FROM read_parquet(?)
               WINDOW upto AS (PARTITION BY account ORDER BY day ROWS UNBOUNDED PRECEDING)""", [history])
        run("CREATE TABLE ids AS SELECT account, row_number() OVER () AS id FROM sums GROUP BY account")
        run("""CREATE TABLE prefix AS
               SELECT id * 65536 + day AS key, count::BIGINT AS count, sum
               FROM sums JOIN ids USING (account) ORDER BY key""")
        run("DROP TABLE sums")

    def query(self, features):
        borders = ", ".join(f"({days})" for days in [0, *windows_of(features)])
        values = ", ".join(
            f"sum(CASE back WHEN 0 THEN {feature.source} WHEN {feature.days} THEN -{feature.source} END)"
            f'::{type_of(feature)} AS "{feature.name}"' for feature in features)
        return f"""
            WITH asked AS (
              SELECT spine.rowid AS row, id * 65536 AS first, first + time // {DAY} - back AS key, back
              FROM spine LEFT JOIN ids USING (account), (VALUES {borders}) AS borders(back)),
            found AS (
              SELECT row, back, CASE WHEN prefix.key >= first THEN count ELSE 0 END AS count,
                     CASE WHEN prefix.key >= first THEN sum ELSE 0 END AS sum
              FROM asked ASOF LEFT JOIN prefix ON asked.key >= prefix.key)
            SELECT {values} FROM found GROUP BY row ORDER BY row"""
