"""The kinds of tables that come in, and the same kinds that go out.

Of a table in memory only the columns that are read are given to the library, and the features are put beside the
columns as they stand: those are never converted, copied or touched.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import pyarrow as pa

from ._errors import RequestError


class Frame:
    """A table in memory: its columns' names, some of them as Arrow, and itself with more columns."""

    def __init__(
        self,
        columns: list[str],
        select: Callable[[list[str]], Any],
        extend: Callable[[pa.Table], Any],
    ) -> None:
        self.columns = columns
        self.select = select
        self.extend = extend


def frame_of(data: Any) -> Optional[Frame]:
    """The frame behind a table in memory; None for what is read batch by batch."""
    if isinstance(data, pa.Table):
        return Frame(data.column_names, data.select, lambda features: _beside(data, features))
    if isinstance(data, pa.RecordBatch):
        table = pa.Table.from_batches([data])
        return Frame(table.column_names, table.select, lambda features: _one_batch(_beside(table, features)))
    kind = f"{type(data).__module__.partition('.')[0]}.{type(data).__name__}"
    if kind == "pandas.DataFrame":
        return _pandas(data)
    if kind == "polars.DataFrame":
        return _polars(data)
    if not hasattr(data, "__arrow_c_stream__"):
        hint = ": collect() it first" if kind == "polars.LazyFrame" else ""
        raise TypeError(
            f"{kind} is no table: pyarrow, pandas and Polars tables are, and all that gives an Arrow stream{hint}"
        )
    return None


def arrow_of(data: Any) -> Any:
    """Anything of which an Arrow stream can be had, whole: for events."""
    frame = frame_of(data)
    return data if frame is None else frame.select(frame.columns)


def _beside(table: pa.Table, features: pa.Table) -> pa.Table:
    for field, column in zip(features.schema, features.columns):
        table = table.append_column(field, column)
    return table


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _pandas(frame: Any) -> Frame:
    import pandas as pd

    def select(names: list[str]) -> pa.Table:
        try:
            return pa.Table.from_pandas(frame[names], preserve_index=False)
        except pa.ArrowException as error:
            raise RequestError(f"the frame's values are not of one type each: {'; '.join(map(str, error.args))}") from error

    def extend(features: pa.Table) -> Any:
        columns = {
            field.name: _series(column, pd, frame.index) for field, column in zip(features.schema, features.columns)
        }
        return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)

    return Frame([str(name) for name in frame.columns], select, extend)


def _series(column: pa.ChunkedArray, pd: Any, index: Any) -> Any:
    """With nulls, numbers and flags are pandas' nullable ones: a float would lose bits of an int."""
    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    mapper = nullable.get if column.null_count else None
    return column.to_pandas(types_mapper=mapper).set_axis(index)


def _polars(frame: Any) -> Frame:
    import polars as pl

    return Frame(frame.columns, frame.select, lambda features: frame.hstack(pl.DataFrame(features)))
