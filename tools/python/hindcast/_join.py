"""Joins: what is asked for as the library reads it, and the way of the rows through it."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import pyarrow as pa

from ._errors import RequestError
from ._exchange import Lent
from ._frames import frame_of
from ._job import Job, Progress
from ._library import ArrowArrayStream, Report, library


@dataclass(frozen=True)
class Features:
    """Features of one view: which, at which columns' entity, under which names.

    ``keys`` maps key fields of the view to columns of the spine, where they are called otherwise; ``prefix`` goes
    before the names of the features' columns.
    """

    view: str
    features: Optional[Sequence[str]] = None
    keys: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""


@dataclass(frozen=True)
class FeatureSet:
    """The ordered list of features, from any views, that one model reads: pairs of view and feature. A set that is
    registered in the store is named by a str."""

    name: str
    members: Sequence[tuple[str, str]]


Selection = Union[str, Features, Mapping[str, Optional[Sequence[str]]]]


def selections(
    views: Union[Selection, Sequence[Selection]], sets: Sequence[Union[FeatureSet, str]]
) -> list[dict[str, Any]]:
    """Views and lists of features as the library reads them, in their order; "view:A,B" names two features of a view.
    Sets that are registered stand behind them, by their names."""
    given: Sequence[Selection] = [views] if isinstance(views, (str, Features, Mapping)) else views
    found: list[dict[str, Any]] = []
    for view in given:
        if isinstance(view, Features):
            found.append(_selection(view.view, view.features, dict(view.keys), view.prefix))
        elif isinstance(view, str):
            name, colon, features = view.partition(":")
            found.append(_selection(name, features.split(",") if colon else None))
        else:
            found.extend(_selection(name, features) for name, features in view.items())
    lists = [each for each in sets if not isinstance(each, str)]
    found.extend(_selection(view_name, [feature]) for each in lists for view_name, feature in each.members)
    return found


def _selection(
    view: str, features: Optional[Sequence[str]], keys: Optional[dict[str, str]] = None, prefix: str = ""
) -> dict[str, Any]:
    named = None if features is None else [features] if isinstance(features, str) else list(features)
    return {"view": view, "features": named, "keys": keys or {}, "prefix": prefix}


def join_frame(store: Any, spine: Any, request: dict[str, Any], progress: Optional[Progress]) -> Any:
    """Joins a table in memory to one of its kind; anything else to a RecordBatchReader."""
    frame = frame_of(spine)
    if frame is None:
        return _joined_reader(store, spine, request, progress)
    plan = store._call("plan", {**request, "columns": frame.columns})
    names = [column["name"] for column in plan["reads"]]
    # In one go: the rows are there, and the answers have to be.
    part = {**request, "features_only": True, "rows_together": 1 << 62}
    job = Job(progress)
    reader = _native(store, frame.select(names), part, job)
    return frame.extend(_reading(job, reader.read_all))


def _reading(job: Job, read: Callable[[], Any]) -> Any:
    """Reads, with the library's exceptions in place of Arrow's, which are text alone."""

    def work() -> Any:
        try:
            return read()
        except StopIteration:
            return None
        except Exception as error:
            raise job.failure() or error from None

    return job.run(work)


def _native(store: Any, spine: Any, request: dict[str, Any], job: Job) -> pa.RecordBatchReader:
    """The library's own stream."""
    out, report = ArrowArrayStream(), Report()
    with store._open() as pointer, Lent(spine) as stream:
        code = library.join(
            pointer, stream.address, json.dumps(request).encode(), job.pointer, ctypes.byref(out), report.out
        )
    if code:
        raise report.exception()
    return pa.RecordBatchReader._import_from_c(ctypes.addressof(out))


def _joined_reader(
    store: Any, spine: Any, request: dict[str, Any], progress: Optional[Progress]
) -> pa.RecordBatchReader:
    job = Job(progress)
    reader = _native(store, spine, request, job)

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            while (batch := _reading(job, reader.read_next_batch)) is not None:
                yield batch
        finally:
            job.cancel()
            reader.close()

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
