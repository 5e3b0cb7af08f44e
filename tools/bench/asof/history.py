#!/usr/bin/env python3
"""The history that the peers get: count and sum of each account and day, in order, as Parquet.

    history.py CSV PARQUET
"""
import sys

import duckdb

from features import DAY


def main():
    csv, parquet = sys.argv[1:]
    duckdb.connect(config={"temp_directory": f"{parquet}.spill", "memory_limit": "8GB"}).execute(
        f"""COPY (SELECT account, (time // {DAY})::INTEGER AS day, count(*) AS count, sum(amount) AS sum
                  FROM read_csv('{csv}', header = true,
                                columns = {{'account': 'VARCHAR', 'time': 'BIGINT', 'amount': 'DOUBLE'}})
                  GROUP BY ALL ORDER BY account, day)
            TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)""")


if __name__ == "__main__":
    main()
