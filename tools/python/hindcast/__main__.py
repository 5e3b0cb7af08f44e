"""Joins and loads of Parquet files: `python -m hindcast join` and `python -m hindcast ingest`.

Rows go through by batches, so that memory does not grow with the files.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import pyarrow as pa
import pyarrow.parquet as pq

import hindcast

_BATCH_ROWS = 1 << 16
# Rows of a group of the output: as many as are answered together.
_GROUP_ROWS = 1 << 20

_JOIN_EXAMPLE = """example:
  python -m hindcast join spine.parquet training.parquet --store ./store \\
      --view author_activity:30d_COMMIT_COUNT --view author_reverts --time asked_at --key author=login

All rows and columns of the spine are kept, in their order. Without a mode each row gets what was served at its time.
"""
_INGEST_EXAMPLE = """example:
  python -m hindcast ingest ./store commits 2026-01.parquet 2026-02.parquet

The same file again, or one that has grown, takes in only the rows that are new.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hindcast", description="Parquet files into and out of a store.")
    parser.add_argument("--version", action="version", version=f"hindcast {hindcast.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shown = argparse.RawDescriptionHelpFormatter

    join = commands.add_parser(
        "join", help="append features to the rows of a file", epilog=_JOIN_EXAMPLE, formatter_class=shown
    )
    join.add_argument("spine", metavar="SPINE.parquet")
    join.add_argument("output", metavar="OUT.parquet", help="written whole or not at all")
    join.add_argument("--store", required=True, metavar="STORE")
    join.add_argument(
        "--view", dest="views", action="append", required=True, metavar="VIEW[:A,B]", help="may be given several times"
    )
    join.add_argument("--time", metavar="COLUMN", help="of each row; default: the first view's event time")
    join.add_argument(
        "--key", dest="keys", action="append", default=[], metavar="FIELD=COLUMN", help="where the names differ"
    )
    modes = join.add_mutually_exclusive_group()
    modes.add_argument("--known-at", metavar="TIME", help="what was known at a fixed instant")
    modes.add_argument("--known-column", metavar="COLUMN", help="what was known at the instant in this column")
    modes.add_argument("--corrected", action="store_true", help="with all that is known by now")
    join.add_argument("--threads", type=int, metavar="N", help="default: all cores")
    join.set_defaults(run=_join)

    ingest = commands.add_parser(
        "ingest", help="take events into the views of a stream", epilog=_INGEST_EXAMPLE, formatter_class=shown
    )
    ingest.add_argument("store", metavar="STORE")
    ingest.add_argument("stream", metavar="STREAM")
    ingest.add_argument("files", metavar="FILE.parquet", nargs="+")
    ingest.add_argument("--source", metavar="NAME", help="the name to continue under; default: the file's path")
    ingest.add_argument("--rejects", metavar="FILE", help="list bad rows there (CSV) and go on")
    ingest.set_defaults(run=_ingest)
    return parser


class _ProgressLine:
    """Rows so far, redrawn in place; only a terminal gets it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._is_on = sys.stderr.isatty()

    def __call__(self, rows: int) -> None:
        if self._is_on:
            print(f"\r\033[K{self._what}  {self.rate(rows)}", end="", file=sys.stderr, flush=True)

    def finish(self) -> None:
        if self._is_on:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def rate(self, rows: int) -> str:
        seconds = max(time.monotonic() - self._started, 1e-3)
        return f"{rows:,} rows, {rows / seconds:,.0f} rows/s"


def _batches(file: pq.ParquetFile) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(batch_size=_BATCH_ROWS))


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Batches put together to what is worth a row group."""
    waiting: list[pa.RecordBatch] = []
    for batch in reader:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= _GROUP_ROWS:
            yield pa.Table.from_batches(waiting, reader.schema)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, reader.schema)


def _keys(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for text, (field, equals, column) in zip(texts, pairs):
        if not (field and equals and column):
            raise hindcast.RequestError(f"--key '{text}': write FIELD=COLUMN")
    return {field: column for field, _, column in pairs}


def _join(arguments: argparse.Namespace) -> None:
    line = _ProgressLine(f"join {arguments.spine}")
    part = f"{arguments.output}.{os.getpid()}.part"
    rows = 0
    try:
        with hindcast.open(arguments.store) as store, pq.ParquetFile(arguments.spine) as spine:
            reader = store.join(
                _batches(spine),
                arguments.views,
                time=arguments.time,
                keys=_keys(arguments.keys),
                mode="corrected" if arguments.corrected else None,
                known_at=arguments.known_at,
                known_column=arguments.known_column,
                threads=arguments.threads,
                progress=line,
            )
            with pq.ParquetWriter(part, reader.schema) as writer:
                for group in _groups(reader):
                    writer.write_table(group)
                    rows += group.num_rows
        os.replace(part, arguments.output)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise
    finally:
        line.finish()
    print(f"joined {line.rate(rows)}", file=sys.stderr)


def _ingest(arguments: argparse.Namespace) -> None:
    if arguments.source and len(arguments.files) > 1:
        raise hindcast.RequestError("--source names one file's position; ingest the files one by one")
    with hindcast.open(arguments.store, "write") as store:
        for path in arguments.files:
            line = _ProgressLine(f"{arguments.stream} <- {path}")
            source = arguments.source or f"parquet:{os.path.realpath(path)}"
            with pq.ParquetFile(path) as file:
                try:
                    report = store.ingest(
                        _batches(file),
                        arguments.stream,
                        source=source,
                        rejects="collect" if arguments.rejects else "refuse",
                        progress=line,
                    )
                except hindcast.RowError as error:
                    remedy = "Mend it and run the same again, or set bad rows aside with --rejects FILE"
                    raise hindcast.RowError(f"{path}: {error}. {remedy}", error.row, error.column) from None
                finally:
                    line.finish()
            if arguments.rejects:
                _list_rejects(arguments.rejects, path, report)
            print(_told(path, report, line))


def _list_rejects(target: str, path: str, report: hindcast.IngestReport) -> None:
    with open(target, "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(["file", "row", "field", "reason"])
        writer.writerows([path, reject.row, reject.field, reject.reason] for reject in report.rejects)
    missing = report.rejected - len(report.rejects)
    if missing:
        print(f"hindcast: {missing:,} more rows were refused than are listed in {target}", file=sys.stderr)


def _told(path: str, report: hindcast.IngestReport, line: _ProgressLine) -> str:
    if report.rows == 0:
        return f"{path}: nothing new; {report.rows_before:,} rows were taken in before"
    parts = [f"{path}: {line.rate(report.rows)}"]
    if report.rows_before:
        parts.append(f"after {report.rows_before:,} taken in before")
    if report.rejected:
        parts.append(f"{report.rejected:,} rejected")
    if report.expired:
        parts.append(f"{report.expired:,} before a view's retention floor")
    return ", ".join(parts)


def main(words: Optional[Sequence[str]] = None) -> Any:
    """Runs a command; its exit code."""
    arguments = _parser().parse_args(words)
    try:
        arguments.run(arguments)
    except (hindcast.HindcastError, pa.ArrowException, OSError) as error:
        print(f"hindcast: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("hindcast: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
