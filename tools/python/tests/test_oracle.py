"""Random mails, late ones among them, in every mode: what Python gets is what the look-up and the oracles say."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from world import AGGREGATES, DAY, FEATURES, MODES, START, Chance, World, bits, known_at, naive, rows_of, seeds

VIEW = {"views": "by_sender", "time": "t", "keys": {"sender": "who"}}


def expected(world: World, spine: pa.Table, mode: dict[str, Any]) -> list[dict[str, Any]]:
    answers = []
    for row in spine.to_pylist():
        t, k = bits(row["t"]), bits(row["k"])
        answer = naive(world.mails, row["who"], t, known_at(mode, t, k))
        answers.append({name: bits(value) for name, value in answer.items()})
    return answers


@pytest.mark.parametrize("seed", seeds(6))
def test_joins_look_ups_and_the_naive_oracle_agree_in_their_bits(world: World, seed: int) -> None:
    chance = Chance(seed)
    start = START if seed % 3 else -START
    for part in range(3):
        world.take(chance.mails(100, start), source=f"part {part}")
    spine = chance.spine(60, start)
    for mode in MODES:
        wanted = expected(world, spine, mode)
        joined = rows_of(world.store.join(spine, **VIEW, **mode))
        assert joined == wanted, f"seed {seed}, {mode}"
        for row, answer in zip(spine.to_pylist(), joined):
            how = {"known_at": row["k"]} if "known_column" in mode else mode
            looked = world.store.get("by_sender", row["who"], at=row["t"], **how)
            assert {name: bits(value) for name, value in looked.items()} == answer, f"seed {seed}, {mode}"


@pytest.mark.parametrize("seed", seeds(4))
def test_all_kinds_of_tables_get_the_same_answers(world: World, seed: int) -> None:
    chance = Chance(seed)
    world.take(chance.mails(300))
    spine = chance.spine(80)
    wanted = expected(world, spine, {})

    def check(joined: pa.Table, rows: slice = slice(None)) -> None:
        assert rows_of(joined) == wanted[rows], f"seed {seed}"

    chunks = pa.Table.from_batches(spine.to_batches(max_chunksize=7))
    check(world.store.join(chunks, **VIEW))
    check(world.store.join(spine.slice(11, 40), **VIEW), slice(11, 51))
    check(world.store.join(chunks.slice(3, 30), **VIEW), slice(3, 33))
    check(pa.Table.from_batches([world.store.join(spine.to_batches()[0], **VIEW)]))
    check(world.store.join(spine.to_reader(max_chunksize=9), **VIEW).read_all())
    check(world.store.join(chunks.slice(5).to_reader(), **VIEW).read_all(), slice(5, None))
    check(world.store.join(pl.DataFrame(spine), **VIEW).to_arrow())
    check(world.store.join(duckdb.from_arrow(spine), **VIEW).read_all())
    frame = world.store.join(spine.to_pandas(), **VIEW)
    assert isinstance(frame, pd.DataFrame)
    check(pa.Table.from_pandas(frame, preserve_index=False))


@pytest.mark.parametrize("seed", seeds(4))
def test_duckdb_agrees(world: World, seed: int) -> None:
    chance = Chance(seed)
    world.take(chance.mails(400, exact=True))
    spine = chance.spine(100)
    functions = {
        "N": "count(e.at)",
        "SIZE": "coalesce(sum(e.size)::bigint, 0)",
        "SCORE": "coalesce(sum(e.score), 0.0)",
        "LEAST": "min(e.size)",
        "MOST": "max(e.score)",
        "TOPICS": "nullif(count(distinct e.topic), 0)",
    }
    connection = duckdb.connect()
    connection.register("spine", spine.append_column("row", pa.array(range(spine.num_rows))))
    connection.register("mails", pa.Table.from_pylist(world.mails))
    limits = [({}, f"t // {DAY}"), ({"mode": "corrected"}, "1000000"), ({"known_column": "k"}, f"k // {DAY}")]
    for mode, limit in limits:
        joined = world.store.join(spine, **VIEW, **mode)
        for name, (feature, slices) in FEATURES.items():
            if feature not in functions:
                continue
            told = connection.execute(
                f"""
                with s as (select row, who, epoch_ms(t) as t, epoch_ms(k) as k from spine)
                select {functions[feature]} from s left join mails e on e.sender = s.who
                  and e.at // {DAY} >= t // {DAY} - {slices} and e.at // {DAY} < t // {DAY}
                  and greatest(e.at, coalesce(e.seen, e.at)) // {DAY} < {limit}
                group by row order by row
                """
            ).fetchall()
            found = joined.column(name).to_pylist()
            assert found == [value for (value,) in told], f"seed {seed}, {mode}, {name}"


@pytest.mark.parametrize("seed", seeds(3))
def test_pandas_agrees(world: World, seed: int) -> None:
    chance = Chance(seed)
    world.take(chance.mails(300, exact=True))
    spine = chance.spine(80).to_pandas()
    mails = pd.DataFrame(world.mails)
    mails["arrival"] = mails[["at", "seen"]].max(axis=1)
    rows = spine.assign(row=range(len(spine)), slice=spine["t"].astype("datetime64[ms, UTC]").astype("int64") // DAY)
    pairs = rows.merge(mails.dropna(subset=["sender"]), left_on="who", right_on="sender")
    joined = world.store.join(spine, **VIEW)
    for name, (feature, slices) in FEATURES.items():
        function, over = AGGREGATES[feature]
        if function not in ("count", "sum"):
            continue
        happened = pairs["at"] // DAY
        window = (happened >= pairs["slice"] - slices) & (happened < pairs["slice"])
        counted = pairs[window & (pairs["arrival"] // DAY < pairs["slice"])].groupby("row")
        sums = counted.size() if over is None else counted[over].sum()
        told = sums.reindex(range(len(spine)), fill_value=0)
        assert joined[name].tolist() == told.tolist(), f"seed {seed}, {name}"


def test_the_questions_are_about_something(world: World) -> None:
    chance = Chance(1)
    world.take(chance.mails(300))
    spine = chance.spine(80)
    rows = {str(mode): rows_of(world.store.join(spine, **VIEW, **mode)) for mode in MODES}
    assert sum(row["30d_N"] > 1 for row in rows["{}"]) > 30
    assert len({str(answer) for answer in rows.values()}) == len(MODES)
