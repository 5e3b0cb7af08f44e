#!/usr/bin/env python3
"""The peers, each in a process of its own so that its memory can be told.

    peers.py load CSV DATABASE       DuckDB: the CSV into a table of (account, day, count, sum)
    peers.py parquet DATABASE FILE   pyarrow: that table, sorted, as Parquet with zstd

Each prints a JSON line. The time is that of the work alone, from opening the database to its closing, which
writes all of it into its file; the interpreter's start is left out, which favours the peer.
"""
import json
import os
import sys
import time

import duckdb

DAY = 86_400_000
THREADS = 2


def connect(path):
    return duckdb.connect(path, config={"threads": THREADS})


def load(csv, database):
    connection = connect(database)
    connection.execute(
        f"""CREATE TABLE partials AS
            SELECT account, time // {DAY} AS day, count(*) AS count, sum(amount) AS sum
            FROM read_csv(?, header = true,
                          columns = {{'account': 'VARCHAR', 'time': 'BIGINT', 'amount': 'DOUBLE'}})
            GROUP BY ALL""", [csv])
    connection.close()


def parquet(database, path):
    import pyarrow.parquet as pq

    with connect(database) as connection:
        table = connection.sql("SELECT * FROM partials ORDER BY account, day").to_arrow_table()
    pq.write_table(table, path, compression="zstd")


def main():
    work, source, target = sys.argv[1:]
    start, busy = time.monotonic(), os.times()
    {"load": load, "parquet": parquet}[work](source, target)
    wall, now = time.monotonic() - start, os.times()
    cpu = now.user - busy.user + now.system - busy.system
    print(json.dumps({"work": work, "wall_s": wall, "cpu_s": cpu}))


if __name__ == "__main__":
    main()
