"""What comes back is the table that went in, with the features behind it: its kind, its types, its memory."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from world import START, Chance, World

import hindcast

VIEW = {"views": "by_sender:30d_N,30d_LAST", "time": "t", "keys": {"sender": "who"}}


@pytest.fixture
def filled(world: World) -> World:
    world.take(Chance(7).mails(200))
    return world


def test_a_table_keeps_its_columns_memory_chunks_and_metadata(filled: World) -> None:
    spine = Chance(1).spine(50).replace_schema_metadata({"mine": "yes"})
    spine = pa.concat_tables([spine.slice(0, 20), spine.slice(20)])
    joined = filled.store.join(spine, **VIEW)
    assert joined.schema.metadata == {b"mine": b"yes"}
    assert joined.column_names == ["label", "who", "t", "k", "30d_N", "30d_LAST"]
    for name in spine.column_names:
        before, after = spine.column(name).chunks, joined.column(name).chunks
        assert [chunk.buffers()[-1].address for chunk in before] == [chunk.buffers()[-1].address for chunk in after]


def test_a_reader_passes_any_column_through_uncopied(filled: World) -> None:
    count = 12
    odd = {
        "list": pa.array([[i, None] for i in range(count)], pa.list_(pa.int16())),
        "struct": pa.array([{"a": i, "b": [str(i)]} for i in range(count)]),
        "decimal": pa.array(range(count), pa.decimal128(20, 3)),
        "dictionary": pa.array([str(i % 3) for i in range(count)]).dictionary_encode(),
        "map": pa.array([[("k", i)] for i in range(count)], pa.map_(pa.string(), pa.int8())),
        "fixed": pa.array([b"abc"] * count, pa.binary(3)),
        "view": pa.array(["a text longer than twelve bytes"] * count, pa.string_view()),
        "runs": pa.RunEndEncodedArray.from_arrays([5, count], ["x", "y"]),
        "nothing": pa.nulls(count),
        "union": pa.UnionArray.from_sparse(
            pa.array([0, 1] * (count // 2), pa.int8()), [pa.array(range(count)), pa.array(["u"] * count)]
        ),
    }
    rows = Chance(2).spine(count)
    spine = pa.table({**dict(zip(rows.column_names, rows.columns)), **odd})
    joined = filled.store.join(spine.to_reader(max_chunksize=5), **VIEW).read_all()
    joined.validate(full=True)
    assert joined.select(spine.column_names).equals(pa.Table.from_batches(spine.to_batches(max_chunksize=5)))
    assert joined.column("list").chunk(0).buffers()[-1].address == odd["list"].buffers()[-1].address
    assert filled.store.join(spine, **VIEW).column("30d_N").equals(joined.column("30d_N"))
    assert [field.name for field in joined.schema][-2:] == ["30d_N", "30d_LAST"]


def test_pandas_keeps_its_index_and_gets_nullable_types_only_for_nulls(filled: World) -> None:
    frame = Chance(3).spine(30).to_pandas()
    frame.index = pd.Index([i // 2 for i in range(30)], name="twice")
    frame["mixed"] = [1, "a", None] * 10
    joined = filled.store.join(frame, ["by_sender:30d_N,30d_LEAST,30d_MEAN,1d_FIRST"], time="t", keys={"sender": "who"})
    pd.testing.assert_frame_equal(joined[frame.columns], frame)
    types = joined.dtypes.astype(str)
    assert (types["30d_N"], types["30d_LEAST"], types["30d_MEAN"]) == ("int64", "Int64", "float64")
    assert types["1d_FIRST"] in ("boolean", "bool")
    whole = filled.store.join(frame[frame["who"] == "ann"], "by_sender:30d_N", time="t", keys={"sender": "who"})
    assert str(whole["30d_N"].dtype) == "int64"


def test_polars_gets_a_frame_and_a_lazy_one_is_told_what_to_do(filled: World) -> None:
    frame = pl.DataFrame(Chance(4).spine(20)).with_columns(pl.col("who").cast(pl.Categorical))
    joined = filled.store.join(frame, **VIEW)
    assert joined.select(frame.columns).equals(frame)
    assert joined.schema["30d_N"] == pl.Int64
    with pytest.raises(TypeError, match=r"collect\(\) it first"):
        filled.store.join(frame.lazy().map_batches(lambda each: each), **VIEW)
    with pytest.raises(TypeError, match="builtins.list is no table"):
        filled.store.join([1, 2], **VIEW)


def test_tables_without_rows_come_back_with_the_columns(filled: World) -> None:
    empty = Chance(5).spine(0)
    for spine in (empty, empty.to_pandas(), pl.DataFrame(empty), empty.to_reader()):
        joined = pa.table(filled.store.join(spine, **VIEW))
        assert len(joined) == 0 and "30d_N" in joined.column_names
    batch = filled.store.join(pa.RecordBatch.from_pylist([], schema=empty.schema), **VIEW)
    assert isinstance(batch, pa.RecordBatch) and batch.num_rows == 0 and batch.num_columns == 6


def test_views_can_be_asked_for_in_all_their_ways(filled: World) -> None:
    spine = Chance(6).spine(5).rename_columns(["label", "sender", "at", "k"])
    store = filled.store
    assert store.join(spine, "by_sender:30d_N,1d_N").column_names[4:] == ["30d_N", "1d_N"]
    assert store.join(spine, {"by_sender": ["1d_N"]}).column_names[4:] == ["1d_N"]
    assert len(store.join(spine, {"by_sender": None}).column_names) == 34
    both = [
        hindcast.Features("by_sender", ["1d_N"], prefix="a_"),
        hindcast.Features("by_sender", ["1d_N"], prefix="b_", keys={"sender": "other"}),
    ]
    other = spine.append_column("other", pa.array(["ann"] * 5))
    assert store.join(other, both).column_names[5:] == ["a_1d_N", "b_1d_N"]
    chosen = hindcast.FeatureSet("model", [("by_sender", "30d_LAST"), ("by_sender", "7d_N")])
    assert store.join(spine, sets=[chosen]).column_names[4:] == ["30d_LAST", "7d_N"]
    assert store.join(spine, "by_sender:30d_N", memory_budget=1, threads=1).equals(store.join(spine, "by_sender:30d_N"))


@pytest.mark.parametrize("start", [START, -START])
def test_keys_and_times_of_all_types_mean_the_same(filled: World, start: int) -> None:
    spine = Chance(8).spine(40, start)
    wanted = filled.store.join(spine, **VIEW).column("30d_LAST")
    instants = spine.column("t")
    forms = [
        *(instants.cast(pa.timestamp(unit, zone)) for unit in ("us", "ns") for zone in (None, "UTC", "Asia/Tokyo")),
        pa.array([t * 1_000_000 + 999_999 for t in instants.cast(pa.int64()).to_pylist()], pa.timestamp("ns")),
        instants.cast(pa.int64()),
        instants.cast(pa.timestamp("ms", "America/New_York")),
    ]
    names = spine.column("who")
    texts = [names.cast(pa.large_string()), names.cast(pa.string_view()), names.dictionary_encode()]
    for times in forms:
        assert filled.store.join(spine.set_column(2, "t", times), **VIEW).column("30d_LAST").equals(wanted)
    for keys in texts:
        assert filled.store.join(spine.set_column(1, "who", keys), **VIEW).column("30d_LAST").equals(wanted)
    days = pa.array([t // 86_400_000 for t in instants.cast(pa.int64()).to_pylist()], pa.int32()).cast(pa.date32())
    by_day = filled.store.join(spine.set_column(2, "t", days), **VIEW)
    assert by_day.column("30d_LAST").equals(wanted)
    assert filled.store.join(spine.set_column(2, "t", days.cast(pa.date64())), **VIEW).column("30d_LAST").equals(wanted)
