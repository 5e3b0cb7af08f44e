"""ClickHouse, in process as chdb: one ASOF join of all borders of all windows over prefix sums.

The accounts become numbers by a dictionary, whose look-ups are cheaper than a join on text (a sixth of the
whole). Slower were one ASOF join for each border (twice), `full_sorting_merge` (2.5 times), the range join
(1.1 times at 30 days, more for longer windows), dictionaries of ranges (2.5 times) and arrays of each
account's days (1.6 times).
"""
from chdb import session
from pyarrow import ipc, py_buffer

from features import DAY, windows_of


class ClickHouse:
    def __init__(self, threads, scratch):
        self.session = session.Session(str(scratch / "clickhouse"))
        self.session.query(f"SET max_threads = {threads}")
        self.session.query("CREATE DATABASE bench ENGINE = Atomic")

    def load(self, history):
        run = self.session.query
        run(f"""CREATE TABLE bench.sums ENGINE = MergeTree ORDER BY (account, day) AS
                SELECT account::String AS account, day::Int32 + 1 AS day,
                       sum(count::Int64) OVER upto AS count, sum(sum::Float64) OVER upto AS sum
                FROM file('{history}', Parquet)
                WINDOW upto AS (PARTITION BY account ORDER BY day ROWS UNBOUNDED PRECEDING)""")
        run("""CREATE TABLE bench.numbers ENGINE = Memory AS
               SELECT account, toUInt64(rowNumberInAllBlocks() + 1) AS id
               FROM (SELECT DISTINCT account FROM bench.sums ORDER BY account)""")
        run("""CREATE DICTIONARY bench.ids (account String, id UInt64) PRIMARY KEY account
               SOURCE(CLICKHOUSE(DB 'bench' TABLE 'numbers'))
               LAYOUT(COMPLEX_KEY_HASHED_ARRAY()) LIFETIME(0)""")
        run("SYSTEM RELOAD DICTIONARY bench.ids")
        run("""CREATE TABLE bench.prefix ENGINE = MergeTree ORDER BY (id, day) AS
               SELECT dictGet('bench.ids', 'id', account) AS id, day, count, sum FROM bench.sums""")
        run("DROP TABLE bench.sums SYNC")

    def take(self, spine):
        given = spine.append_column("row", [range(len(spine))])
        self.session.query("DROP TABLE IF EXISTS bench.spine SYNC")
        self.session.query("""CREATE TABLE bench.spine ENGINE = Memory AS
                              SELECT row::UInt32 AS row, account::String AS account, time::Int64 AS time
                              FROM Python(given)""")

    def join(self, features):
        borders = [0, *windows_of(features)]
        values = ", ".join(
            f"sumIf({feature.source}, back = 0) - sumIf({feature.source}, back = {feature.days})"
            f" AS `{feature.name}`" for feature in features)
        answer = self.session.query(f"""
            SELECT {values} FROM (
              SELECT row, back, prefix.count AS count, prefix.sum AS sum
              FROM (SELECT row, dictGet('bench.ids', 'id', account) AS id, back,
                           toInt32(intDiv(time, {DAY})) - back AS day
                    FROM bench.spine ARRAY JOIN {borders} AS back) AS asked
              ASOF LEFT JOIN bench.prefix ON asked.id = prefix.id AND asked.day >= prefix.day)
            GROUP BY row ORDER BY row""", "ArrowStream")
        return ipc.open_stream(py_buffer(answer.bytes())).read_all()

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]
