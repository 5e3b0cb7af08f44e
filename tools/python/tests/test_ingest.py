"""Nothing twice, nothing lost: rows are counted under their source's name, together with their events."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from world import STREAM, Chance, World, table, view

import hindcast


def count(store: hindcast.Store, who: str = "ann", name: str = "by_sender") -> object:
    return store.get(name, who, at="2026-01-31", mode="corrected", features=["30d_N"])["30d_N"]


def test_the_same_table_again_counts_nothing_twice_and_a_longer_one_goes_on(world: World) -> None:
    mails = table(Chance(1).mails(300))
    first = world.store.ingest(mails.slice(0, 200), "mails", source="m")
    assert (first.rows, first.rows_before, first.views) == (200, 0, ["by_sender"])
    part = count(world.store)
    again = world.store.ingest(mails.slice(0, 200).to_reader(max_chunksize=7), "mails", source="m")
    assert (again.rows, again.rows_before, again.views) == (0, 200, []) and count(world.store) == part
    grown = world.store.ingest(mails, "mails", source="m")
    assert (grown.rows, grown.rows_before) == (100, 200)
    assert world.store.sources("by_sender") == {"m": 300}
    with hindcast.open(world.store.path + "2", "create") as whole:
        whole.register(STREAM, view())
        whole.ingest(mails, "mails", source="p")
        assert count(whole) == count(world.store)


def test_other_rows_under_the_same_numbers_are_refused(world: World) -> None:
    mails = table(Chance(2).mails(50))
    world.store.ingest(mails, "mails", source="m")
    before = count(world.store)
    other = mails.set_column(3, "size", pa.array([1] * 50, pa.int64()))
    with pytest.raises(hindcast.RequestError, match="are not what they were then"):
        world.store.ingest(pa.concat_tables([other, mails]), "mails", source="m")
    with pytest.raises(hindcast.RequestError, match="has 10 rows, and 50 of it"):
        world.store.ingest(mails.slice(0, 10), "mails", source="m")
    assert count(world.store) == before and world.store.sources("by_sender") == {"m": 50}


def test_pieces_come_by_their_positions_in_any_number_of_calls(world: World) -> None:
    mails = table(Chance(3).mails(100))
    for start in range(0, 100, 20):
        piece = mails.slice(start, 20)
        assert world.store.ingest(piece, "mails", source="m", position=start).rows == 20
        # As after a crash between the call and whoever remembers it.
        assert world.store.ingest(piece, "mails", source="m", position=start).rows == 0
    overlap = world.store.ingest(mails.slice(90), "mails", source="m", position=90)
    assert (overlap.rows, overlap.rows_before) == (0, 10)
    with pytest.raises(hindcast.RequestError, match="begins at row 120 .* the rows between would be lost"):
        world.store.ingest(mails.slice(0, 5), "mails", source="m", position=120)
    world.store.register(view("by_topic", ("topic",)))
    late = world.store.ingest(mails, "mails", source="m")
    assert (late.rows, late.views) == (100, ["by_topic"])
    assert world.store.sources("by_topic") == world.store.sources("by_sender") == {"m": 100}


def test_bad_rows_end_the_call_or_are_collected(world: World) -> None:
    mails = Chance(4).mails(60)
    mails[17]["at"] = None
    mails[40]["score"] = float("inf")
    with pytest.raises(hindcast.RowError, match="row 17: field 'at': the event time is null") as caught:
        world.store.ingest(table(mails), "mails", source="m")
    assert (caught.value.row, caught.value.column) == (17, "at")
    assert world.store.sources("by_sender") == {} and count(world.store) == 0
    report = world.store.ingest(table(mails), "mails", source="m", rejects="collect")
    assert (report.rows, report.rejected) == (60, 2)
    assert report.rejects == [
        hindcast.Reject(17, "at", "the event time is null"),
        hindcast.Reject(40, "score", "inf is not a finite number"),
    ]


def test_events_come_in_any_kind_of_table_with_columns_in_any_order(world: World) -> None:
    mails = table(Chance(5).mails(40))
    shuffled = mails.select(sorted(mails.column_names)).append_column("more", mails.column("size"))
    for index, events in enumerate([shuffled, shuffled.to_pandas(), pl.DataFrame(shuffled), shuffled.to_reader()]):
        if isinstance(events, pd.DataFrame):
            # A plain column of pandas with a null among its ints is one of floats.
            with pytest.raises(hindcast.RequestError, match="'size' is double, and int is needed"):
                world.store.ingest(events, "mails", source="x")
            events = events.astype({"size": "Int64"})
        assert world.store.ingest(events, "mails", source=f"kind {index}").rows == 40
    assert count(world.store) == 4 * (count(world.store) // 4) > 0
    with pytest.raises(hindcast.RequestError, match="no column 'topic'"):
        world.store.ingest(mails.drop_columns(["topic"]), "mails", source="x")
    with pytest.raises(hindcast.RequestError, match="'size' is double, and int is needed"):
        world.store.ingest(mails.set_column(3, "size", mails.column("score")), "mails", source="x")
    with pytest.raises(hindcast.UnknownNameError, match="no stream 'mials'; did you mean 'mails'"):
        world.store.ingest(mails, "mials", source="x")


def test_a_load_that_is_killed_goes_on_where_it_stood(tmp_path: Path, world: World) -> None:
    """With a small memory there are many commits, and the process dies between some two of them."""
    mails = table(Chance(6).mails(400))
    path = world.store.path
    world.store.close()
    program = textwrap.dedent("""
        import sys, os, signal
        import pyarrow as pa
        import hindcast
        from world import Chance, table
        mails = table(Chance(6).mails(400))
        with hindcast.open(sys.argv[1], "write", load_bytes=1 << 20) as store:
            def batches():
                for number in range(400 * 500):
                    if number == int(sys.argv[2]):
                        os.kill(os.getpid(), signal.SIGKILL)
                    yield mails.slice(number % 400, 1).to_batches()[0]
            events = pa.RecordBatchReader.from_batches(mails.schema, batches())
            store.ingest(events, "mails", source="m")
    """)
    found = []
    for stop in (30_000, 70_000):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", program, path, str(stop)], env=environment, check=False)
        assert done.returncode == -signal.SIGKILL
        with hindcast.open(path, "write") as store:
            found.append(store.sources("by_sender").get("m") or 0)
    assert 0 < found[0] <= 30_000 and found[0] <= found[1] <= 70_000
    whole = pa.concat_tables([mails] * 200)
    with hindcast.open(path, "write") as store:
        report = store.ingest(whole, "mails", source="m")
        assert (report.rows_before, report.rows) == (found[1], 80_000 - found[1])
        ann = sum(mail["sender"] == "ann" and mail["at"] // 86_400_000 < 20_484 for mail in mails_of(mails))
        assert count(store) == 200 * ann


def mails_of(mails: pa.Table) -> list[dict[str, object]]:
    return mails.set_column(1, "at", mails.column("at").cast(pa.int64())).to_pylist()
