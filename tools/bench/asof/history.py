#!/usr/bin/env python3
"""The history that the peers get: count and sum of each account and day, in order, as Parquet.

    history.py CSV PARQUET
"""
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from features import DAY

# Ten times the history is sorted on disk.
MEMORY = "8GB"


def main():
    csv, parquet = sys.argv[1:]
    with TemporaryDirectory(dir=Path(parquet).parent) as spill:
        duckdb.connect(config={"temp_directory": spill, "memory_limit": MEMORY}).execute(
            f"""COPY (SELECT account, (time // {DAY})::INTEGER AS day, count(*) AS count, sum(amount) AS sum
                      FROM read_csv('{csv}', header = true, columns =
                                    {{'account': 'VARCHAR', 'time': 'BIGINT', 'amount': 'DOUBLE'}})
                      GROUP BY ALL ORDER BY account, day)
                TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)""").close()


if __name__ == "__main__":
    main()
