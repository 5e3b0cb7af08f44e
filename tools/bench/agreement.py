#!/usr/bin/env python3
"""Do the answers agree? Random questions, answered by `hindcast join` and from the CSV itself.

    agreement.py ask SPINE --questions N --entities N       writes (account, time) rows
    agreement.py compare SPINE JOINED CSV [--windows DAYS]  exits 1 where an answer differs

DuckDB finds the events of each window in the CSV and counts them; counts must be equal. The store's sums
are exact and rounded once, so they must equal, in every bit, what Python's `math.fsum` makes of the events
that DuckDB found. DuckDB's own `fsum` is compensated, not exact: it may differ by one unit in the last
place, and no more.
"""
import argparse
import csv
import math
import random
import sys

import duckdb

DAY = 86_400_000
START = 1_735_689_600_000
WINDOWS = "1,30,365"

HITS = """
CREATE TEMP TABLE hits AS
WITH spine AS (
  SELECT row_number() OVER () - 1 AS question, account, time // 86400000 AS asked
  FROM read_csv(?, header = true, columns = {'account': 'VARCHAR', 'time': 'BIGINT'},
                parallel = false)
), events AS (
  SELECT account, time // 86400000 AS day, amount
  FROM read_csv(?, header = true,
                columns = {'account': 'VARCHAR', 'time': 'BIGINT', 'amount': 'DOUBLE'})
  WHERE account IN (SELECT account FROM spine)
)
SELECT question, asked - day AS age, amount
FROM spine JOIN events ON events.account = spine.account AND day < asked AND day >= asked - 365
"""


def ask(arguments):
    """Mostly uniform entities; one in twenty is among the hottest, and days may lie after the last event."""
    source = random.Random(20_260_102)
    with open(arguments.spine, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["account", "time"])
        for question in range(arguments.questions):
            bound = arguments.entities if question % 20 else max(1, arguments.entities // 10_000)
            account = f"k{source.randrange(bound):019d}"
            writer.writerow([account, START + source.randrange(400 * DAY)])


def foreign_answers(spine, events, windows):
    """(question, days) -> count, exact sum, DuckDB's own sum; no entry for an empty window."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(HITS, [spine, events])
    answers = {}
    for days in windows:
        rows = connection.execute(
            "SELECT question, count(*), list(amount), fsum(amount) FROM hits WHERE age <= ? GROUP BY 1",
            [days])
        for question, count, amounts, total in rows.fetchall():
            answers[question, days] = count, math.fsum(amounts), total
    return answers


def compare(arguments):
    windows = [int(days) for days in arguments.windows.split(",")]
    answers = foreign_answers(arguments.spine, arguments.csv, windows)
    wrong, events, farthest, questions = [], 0, 0.0, 0
    with open(arguments.joined, newline="") as file:
        for question, row in enumerate(csv.DictReader(file)):
            questions += 1
            for days in windows:
                count, total, foreign = answers.get((question, days), (0, 0.0, 0.0))
                found = int(row[f"{days}d_COUNT"]), float(row[f"{days}d_SUM"])
                events += count
                farthest = max(farthest, abs(foreign - total) / math.ulp(total))
                if found != (count, total):
                    wrong.append(f"{row['account']} at {row['time']}, {days}d: "
                                 f"{found}, and {(count, total)} by the CSV")
    for line in wrong[:10]:
        print(line)
    if wrong or not events or farthest > 1:
        sys.exit(f"bench: {len(wrong)} answers of {questions} questions differ; DuckDB's own sum is up to "
                 f"{farthest:g} units in the last place away")
    print(f"answers agree: {questions:,} questions, {len(windows)} windows each, {events:,} events; counts "
          f"and exact sums are equal; DuckDB's compensated sum is within {farthest:g} units in the last place")


def main():
    parser = argparse.ArgumentParser()
    works = parser.add_subparsers(required=True)
    asking = works.add_parser("ask")
    asking.add_argument("spine")
    asking.add_argument("--questions", type=int)
    asking.add_argument("--entities", type=int)
    asking.set_defaults(work=ask)
    comparing = works.add_parser("compare")
    for name in ["spine", "joined", "csv"]:
        comparing.add_argument(name)
    comparing.add_argument("--windows", default=WINDOWS)
    comparing.set_defaults(work=compare)
    arguments = parser.parse_args()
    arguments.work(arguments)


if __name__ == "__main__":
    main()
