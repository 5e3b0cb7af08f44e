"""What cannot be done is an exception with the store's words, its row and its column; never a crash or a lost row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from world import STREAM, Chance, World, table, view

import hindcast

VIEW = {"views": "by_sender:30d_N", "time": "t", "keys": {"sender": "who"}}


def test_a_store_that_is_not_there_locked_closed_or_read_only_says_so(tmp_path: Path, world: World) -> None:
    with pytest.raises(hindcast.StoreMissingError, match="there is no store here"):
        hindcast.open(tmp_path / "none")
    with pytest.raises(hindcast.StoreLockedError, match="is in use"):
        hindcast.open(tmp_path / "store", "write")
    with pytest.raises(hindcast.RequestError, match="read, write and create"):
        hindcast.open(tmp_path / "store", "append")
    with hindcast.open(tmp_path / "store") as reader:
        with pytest.raises(hindcast.ReadOnlyError, match="reading only"):
            reader.register(view("other"))
        with pytest.raises(hindcast.ReadOnlyError):
            reader.ingest(table(Chance(1).mails(3)), "mails", source="x")
    with pytest.raises(hindcast.RequestError, match="is closed"):
        reader.views()
    assert repr(reader).endswith("(closed)>")


def test_unknown_names_come_with_the_nearest_known_one(world: World) -> None:
    spine = Chance(1).spine(3)
    cases = [
        (hindcast.UnknownNameError, {**VIEW, "views": "by_sendr"}, "did you mean 'by_sender'"),
        (hindcast.UnknownNameError, {**VIEW, "views": "by_sender:30d_M"}, "no feature '30d_M'"),
        (hindcast.UnknownNameError, {**VIEW, "keys": {"sendr": "who"}}, "did you mean 'sender'"),
        (hindcast.RequestError, {**VIEW, "time": "tt"}, "no column 'tt'"),
        (hindcast.RequestError, {**VIEW, "time": None}, "no column 'at'"),
        (hindcast.RequestError, {**VIEW, "known_column": "x"}, "no column 'x'"),
        (hindcast.RequestError, {**VIEW, "mode": "fresh"}, "as_served, corrected and known_at"),
        (hindcast.RequestError, {**VIEW, "mode": "known_at"}, "'known_at' is missing"),
        (hindcast.RequestError, {**VIEW, "known_at": "soon"}, "a time"),
        (hindcast.RequestError, {**VIEW, "views": []}, "at least one view"),
        (hindcast.RequestError, {**VIEW, "threads": 0}, "'threads'"),
        (TypeError, {**VIEW, "known_at": 1.5}, "a time is a datetime"),
    ]
    for kind, request, text in cases:
        for rows in (spine, spine.to_reader(), spine.to_pandas()):
            with pytest.raises(kind, match=text):
                world.store.join(rows, **request)
    with pytest.raises(hindcast.UnknownNameError, match="no view 'nope'"):
        world.store.get("nope", "ann")
    with pytest.raises(hindcast.RequestError, match="1 parts are needed, 2 given"):
        world.store.get("by_sender", ("ann", 1))
    with pytest.raises(TypeError, match="a part of a key"):
        world.store.get("by_sender", 1.5)  # type: ignore[arg-type]


def test_bad_rows_are_named_by_row_and_column_and_nothing_is_dropped(world: World) -> None:
    spine = Chance(2).spine(100)
    times = spine.column("t").to_pylist()
    times[83] = None
    no_time = spine.set_column(2, "t", pa.array(times, pa.timestamp("ms", "UTC")))
    far = spine.set_column(2, "t", pa.array([0] * 41 + [2**62] + [1] * 58, pa.int64()))
    far_seconds = far.set_column(2, "t", far.column("t").cast(pa.timestamp("s")))
    for bad, row, text in [(no_time, 83, "is null"), (far, 41, "0001 to 9999"), (far_seconds, 41, "0001 to 9999")]:
        chunks = pa.Table.from_batches(bad.to_batches(max_chunksize=17))
        for rows in (bad, chunks, chunks.to_reader()):
            with pytest.raises(hindcast.RowError, match=f"row {row}: column 't' .*{text}") as caught:
                joined = world.store.join(rows, **VIEW)
                joined.read_all()
            assert (caught.value.row, caught.value.column, caught.value.code) == (row, "t", "row")
    # A key that is null or not known is no error: there are no events of it.
    assert world.store.join(spine, **VIEW).num_rows == 100
    keys = spine.set_column(1, "who", pa.nulls(100))
    assert world.store.join(keys, **VIEW).column("30d_N").to_pylist() == [0] * 100


def test_columns_of_other_types_are_named_with_what_is_needed(world: World) -> None:
    spine = Chance(3).spine(4)
    cases = [
        ("who", pa.array([1, 2, 3, 4]), "is int, and string is needed"),
        ("who", pa.array([1.5] * 4), "is double, and string is needed"),
        ("who", pa.array([b"a"] * 4), "is binary, and string is needed"),
        ("who", pa.array([["a"]] * 4), "is list, and string is needed"),
        ("who", pa.array([1] * 4, pa.decimal128(5)), "is decimal, and string is needed"),
        ("t", pa.array(["2026-01-01"] * 4), "is string, and timestamp is needed"),
        ("t", pa.array([1.5] * 4), "is double, and timestamp is needed"),
        ("t", pa.array([1] * 4, pa.time64("us")), "is time of day, and timestamp is needed"),
        ("t", pa.array([1] * 4, pa.duration("s")), "is duration, and timestamp is needed"),
    ]
    for name, column, text in cases:
        bad = spine.set_column(spine.column_names.index(name), name, column)
        for rows in (bad, bad.to_reader()):
            with pytest.raises(hindcast.RequestError, match=f"column '{name}' {text}"):
                world.store.join(rows, **VIEW)
    mixed = spine.to_pandas().assign(who=["a", 1, "b", None])
    with pytest.raises(hindcast.RequestError, match="not of one type"):
        world.store.join(mixed, **VIEW)
    twice = spine.append_column("who", spine.column("who"))
    with pytest.raises(hindcast.RequestError, match="2 columns 'who'"):
        world.store.join(twice, **VIEW)
    taken = spine.append_column("30d_N", spine.column("label"))
    for rows in (taken, taken.to_reader(), taken.to_pandas()):
        with pytest.raises(hindcast.RequestError, match="has a column '30d_N' already"):
            world.store.join(rows, **VIEW)


def test_numbers_of_any_width_are_the_same_key(tmp_path: Path) -> None:
    stream = {"stream": "s", "fields": {"id": "int", "flag": "bool", "at": "timestamp"}, "eventTime": "at"}
    one = {"view": "v", "stream": "s", "entity": ["id", "flag"], "slice": "1d",
           "features": {"N": {"count": True, "windows": ["7d"]}}}
    with hindcast.open(tmp_path / "numbers", "create") as store:
        store.register(stream, one)
        events = pa.table({"id": pa.array([7, 7, 200], pa.uint8()), "flag": [True, False, True],
                           "at": pa.array([0, 0, 0], pa.timestamp("s"))})
        store.ingest(events, "s", source="a")
        at = pa.array([86_400] * 3, pa.timestamp("s"))
        for kind in (pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()):
            spine = pa.table({"id": pa.array([7, 200, None], kind), "flag": [True, True, True], "at": at})
            assert store.join(spine, "v").column("N").to_pylist() == [1, 1, 0]
            assert store.join(spine.to_reader(), "v").read_all().column("N").to_pylist() == [1, 1, 0]
        assert store.get("v", (7, True), at="1970-01-02") == {"N": 1}
        big = pa.table({"id": pa.array([1, 2**63, 1], pa.uint64()), "flag": [True] * 3, "at": at})
        with pytest.raises(hindcast.RowError, match="row 1: column 'id' is 9223372036854775808"):
            store.join(big, "v")
        floats = pd.DataFrame({"id": [7, None, 200], "flag": [True] * 3, "at": at.to_pandas()})
        with pytest.raises(hindcast.RequestError, match="'id' is double, and int is needed there: cast it"):
            store.join(floats, "v")
        assert store.join(floats.astype({"id": "Int64"}), "v")["N"].tolist() == [1, 0, 1]


def test_declarations_that_cannot_be_registered_are_all_told(tmp_path: Path, world: World) -> None:
    with pytest.raises(hindcast.DeclarationError) as caught:
        world.store.register({**STREAM, "eventTime": "size"}, '{"view": "v"}')
    assert "declaration 0: " in str(caught.value) and "declaration 1: " in str(caught.value)
    with pytest.raises(hindcast.RequestError, match="cannot be read"):
        world.store.register(tmp_path / "none.json")
    path = tmp_path / "view.json"
    path.write_text('{"view": "file_view", "stream": "mails", "entity": ["topic"], "slice": "1d",'
                    ' "features": {"N": {"count": true, "windows": ["7d"]}}}')
    assert [each.outcome for each in world.store.register(path)] == ["registered"]
    assert [each.outcome for each in world.store.register(str(path), STREAM)] == ["unchanged", "unchanged"]
    assert [each.name for each in world.store.views()] == ["by_sender", "file_view"]
    with pytest.raises(hindcast.DeclarationError, match="is declared in .*view.json already"):
        world.store.register(path, path)


def test_an_expired_window_is_told_with_its_row(tmp_path: Path, world: World) -> None:
    world.take(Chance(4).mails(50))
    assert world.store.stats()["views"]["by_sender"] >= 0
    sealed = world.store.seal("mails", "2026-01-01")
    assert sealed.isoformat() == "2026-01-01T00:00:00+00:00"
    with pytest.raises(hindcast.RequestError, match="never moves back"):
        world.store.seal("mails", "2025-01-01")
    with pytest.raises(hindcast.RequestError, match="ahead of the clock"):
        world.store.seal("mails", "9000-01-01")
    world.store.compact()
    world.store.checkpoint(tmp_path / "copy")
    with hindcast.open(tmp_path / "copy") as copy:
        assert copy.streams()[0].seal == sealed
