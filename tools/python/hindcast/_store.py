"""The store as Python sees it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike, fsencode, fspath
from pathlib import Path
from typing import Any, Literal, Optional, Union

from ._errors import RequestError
from ._exchange import Lent
from ._frames import arrow_of
from ._job import Job, Progress
from ._join import FeatureSet, Selection, join_frame, selections
from ._library import Report, library
from ._values import (
    AuditEntry,
    CorrectionReport,
    Entity,
    Explanation,
    Findings,
    ForgetReport,
    IngestReport,
    LoadReport,
    Part,
    Plan,
    Promotion,
    Registration,
    Stream,
    Table,
    Time,
    Value,
    View,
    ids_of,
    instant,
    parts_of,
    time_of,
    value_of,
)

Mode = Literal["as_served", "corrected", "known_at"]
Declaration = Union[str, PathLike[str], Mapping[str, Any]]


class Store:
    """A store of features; `hindcast.open` makes one. Any number of threads may use it at once.

    Best used in a with statement, which closes it.
    """

    def __init__(self, path: Union[str, PathLike[str]], mode: str = "read", **options: int) -> None:
        self.path = fspath(path)
        self._lock = threading.Lock()
        self._users = 0
        self._is_closed = False
        self._pointer: Optional[int] = None
        report = Report()
        wanted = json.dumps({"mode": mode, **options})
        self._pointer = library.open(fsencode(self.path), wanted.encode(), report.out)
        if not self._pointer:
            raise report.exception()

    # What is registered

    def register(
        self, *declarations: Declaration, replace: bool = False, silent: bool = False
    ) -> list[Registration]:
        """Registers streams and views, all or none: files by their paths, JSON texts, or dicts.

        The same declaration again changes nothing. A view over a stream that keeps its events is built from these
        before this returns; with ``replace`` it may mean something else than what has its name. With ``silent``,
        views that differ from what serves become versions beside that: "by_sender@2".
        """
        request = self._declared(declarations, replace, silent)
        return [Registration(**each) for each in self._call("register", request)]

    def plan(
        self, *declarations: Declaration, replace: bool = False, silent: bool = False
    ) -> list[Plan]:
        """What `register` would do; changes nothing. A declaration that would be refused is an error here too."""
        request = self._declared(declarations, replace, silent)
        return [Plan(**each) for each in self._call("plan_register", request)]

    def check(self, *declarations: Declaration) -> Findings:
        """Mistakes, warnings and notes on declarations, as the store has what they name; changes nothing."""
        texts = [_declaration(each, index) for index, each in enumerate(declarations)]
        return Findings(**self._call("check", {"declarations": texts}))

    @staticmethod
    def _declared(
        declarations: Sequence[Declaration], replace: bool, silent: bool
    ) -> dict[str, Any]:
        texts = [_declaration(each, index) for index, each in enumerate(declarations)]
        return {"declarations": texts, "replace": replace, "silent": silent}

    def promote(self, version: str, *, silence: bool = False) -> Promotion:
        """Lets a version, "by_sender@2", serve under the view's name.

        The one that did is deprecated from then on, or silent where ``silence`` says so; promoting it switches back.
        """
        return Promotion(**self._call("promote", {"version": version, "silence": silence}))

    def deprecate(self, name: str, reason: str = "") -> str:
        """Marks "VIEW" or "VIEW.FEATURE" as going; it answers as before."""
        marked: str = self._call("deprecate", {"name": name, "reason": reason})["name"]
        return marked

    def undeprecate(self, name: str) -> str:
        """Takes a deprecation back."""
        marked: str = self._call("deprecate", {"name": name, "undo": True})["name"]
        return marked

    def drop(
        self, view: Optional[str] = None, *, set: Optional[str] = None, table: Optional[str] = None
    ) -> Optional[str]:
        """Takes a view with all that is stored of it away, a feature set, or a table with its rows. This cannot be
        undone.

        Returns when something deprecated was asked for last, as far as servers have seen it.
        """
        named = {"view": view, "set": set, "table": table}
        request = {kind: name for kind, name in named.items() if name is not None}
        last_use: Optional[str] = self._call("drop", request)["last_use"]
        return last_use

    def audit(self) -> list[AuditEntry]:
        """What was done to declarations and history, oldest first."""
        return [AuditEntry.of(each) for each in self._call("audit", {})]

    def views(self) -> list[View]:
        """The registered views, in the order of their registration."""
        return [View.of(each) for each in self._call("views", {})]

    def streams(self) -> list[Stream]:
        """The registered streams, by name."""
        return [Stream.of(each) for each in self._call("streams", {})]

    def sets(self) -> dict[str, dict[str, Any]]:
        """The registered feature sets by name: each with its "key" (the spine's fields), "features" (names to types,
        in order), "declaration" and "digest"."""
        return {each.pop("set"): each for each in self._call("sets", {})}

    def tables(self) -> list[Table]:
        """The registered tables, by name."""
        return [Table.of(each) for each in self._call("tables", {})]

    def sources(self, view: str) -> dict[str, Optional[int]]:
        """How many rows of each source a view has taken in; None for producers that do not count rows."""
        found: dict[str, Optional[int]] = self._call("sources", {"view": view})
        return found

    # Events in

    def ingest(
        self,
        events: Any,
        stream: str,
        *,
        source: str,
        position: int = 0,
        rejects: Literal["refuse", "collect"] = "refuse",
        progress: Optional[Progress] = None,
    ) -> IngestReport:
        """Takes events into all views of a stream: a table with a column for each of the stream's fields.

        Rows are counted under the name ``source``, and the count is stored in the same atomic step as their events:
        the same call again, or after a crash, or with a table that has grown, takes in only what is new.
        ``position`` is the number of the table's first row in its source.

        A bad row ends the call (`RowError`), unless rejects are to be collected.
        """
        options = {"source": source, "position": position, "rejects": rejects}
        return IngestReport.of(self._take(library.ingest, events, stream, options, progress))

    def retract(self, stream: str, ids: Iterable[Any], *, at: Optional[Time] = None) -> CorrectionReport:
        """Takes the events with some ids back, in one atomic step: all of them, or none.

        From ``at`` on (by default now, or the stream's seal where that lies ahead) every answer is as if they had never
        been; what was served before stays what it was. The stream is sealed up to then, and has to declare its "id" and
        to keep its events. ``ids`` may be a list, or a column of a table.

            store.retract("mails", ["m-17", "m-18"], at="2026-02-01")

        An id that names no event is a `RowError`; its message has a line for each of them.
        """
        request = {"stream": stream, "ids": ids_of(ids), "at": None if at is None else time_of(at)}
        return CorrectionReport.of(self._call("retract", request))

    def amend(
        self,
        events: Any,
        stream: str,
        *,
        at: Optional[Time] = None,
        progress: Optional[Progress] = None,
    ) -> CorrectionReport:
        """Puts events in the place of those with the same ids, in one atomic step: all of them, or none.

        A table as `ingest` takes it, or the path of a CSV or JSON Lines file. Rows are whole events: what is null is
        null from then on. When it becomes known is as for `retract`.

            store.amend(mended, "mails")
        """
        known = None if at is None else time_of(at)
        if isinstance(events, (str, PathLike)):
            request = {"stream": stream, "file": fspath(events), "at": known}
            return CorrectionReport.of(self._call("amend", request))
        return CorrectionReport.of(self._take(library.amend, events, stream, {"at": known}, progress))

    def load(
        self,
        rows: Any,
        table: str,
        *,
        at: Optional[Time] = None,
        known_from_valid: bool = False,
        empty: bool = False,
        progress: Optional[Progress] = None,
    ) -> LoadReport:
        """Makes rows all that a table has, in one atomic step: all of them, or none where one is bad.

        ``rows`` is a table with a column for each key field and attribute, and for the valid-from time where the table
        declares it, or the path of a CSV or JSON Lines file. They are known from ``at`` on, by default now; with
        ``known_from_valid`` each from when it is valid, which is for the first rows of a table. No rows at all are
        refused, unless ``empty`` says that this is meant.

            store.load(reputation, "sender_reputation")

        A bad row is a `RowError` with its number and field.
        """
        options = {
            "at": None if at is None else time_of(at),
            "known_from_valid": known_from_valid,
            "empty": empty,
        }
        if isinstance(rows, (str, PathLike)):
            return LoadReport.of(self._call("load", {"table": table, "file": fspath(rows), **options}))
        return LoadReport.of(self._take(library.load, rows, table, options, progress))

    def forget(
        self,
        entity: Mapping[str, Part],
        *,
        served_log: Optional[Union[str, PathLike[str]]] = None,
        dry_run: bool = False,
    ) -> ForgetReport:
        """Erases an entity from views, kept events and files, then reads everything again and says what is left.

        ``entity`` has fields and their values; with several, it is what has all of them. ``served_log`` is the folder of
        what a server recorded, which is searched, too. With ``dry_run`` nothing changes, and ``left`` is what there is.
        This cannot be undone.

            assert store.forget({"sender": "ann@example.com"}).left == 0
        """
        parts = {field: parts_of(part)[0] for field, part in entity.items()}
        request = {
            "entity": parts,
            "served_log": None if served_log is None else fspath(served_log),
            "dry_run": dry_run,
        }
        return ForgetReport.of(self._call("forget", request))

    def _take(
        self, function: Any, data: Any, name: str, options: Mapping[str, Any], progress: Optional[Progress]
    ) -> Any:
        """Gives a table to a function of the library; its report."""
        job, report = Job(progress), Report()
        text = json.dumps(options).encode()
        with self._open() as pointer, Lent(arrow_of(data)) as lent:

            def take() -> Optional[int]:
                address: Optional[int] = function(
                    pointer, name.encode(), lent.address, text, job.pointer, report.out
                )
                return address

            answer = library.take(job.run(take))
        if answer is None:
            raise report.exception()
        return json.loads(answer)

    # Features out

    def join(
        self,
        spine: Any,
        views: Union[Selection, Sequence[Selection]] = (),
        *,
        time: Optional[str] = None,
        mode: Optional[Mode] = None,
        known_at: Optional[Time] = None,
        known_column: Optional[str] = None,
        keys: Optional[Mapping[str, str]] = None,
        sets: Sequence[Union[FeatureSet, str]] = (),
        threads: Optional[int] = None,
        memory_budget: Optional[int] = None,
        progress: Optional[Progress] = None,
    ) -> Any:
        """Appends features to the rows of a table, each as of the time in its column ``time``.

        A pyarrow, pandas or Polars table comes back as its kind, with all its rows and columns in their order and
        the features behind them. A RecordBatchReader, or anything else that gives an Arrow stream, comes back as a
        RecordBatchReader that joins batch by batch as it is read.

        views: "view", "view:FEATURE,FEATURE", {"view": ["FEATURE"]} or `Features`, one or a list.
        time: by default the name of the event time in the first view's stream.
        mode: what is known to a row: what was known at its time ("as_served", the default), all that is known by
            now ("corrected"), or what was known at the instant ``known_at``. ``known_column`` names a column with
            an instant for each row in place of a mode.
        keys: key fields of the views to columns of the spine, where they have other names.
        sets: names of registered sets, whose columns come last, or `FeatureSet` lists.
        memory_budget: bytes for putting rows in order, beside the answers; less takes longer.
        progress: called with the number of rows done, on the calling thread.
        """
        request = {
            "views": selections(views, sets),
            "sets": [each for each in sets if isinstance(each, str)],
            "time": time,
            "mode": mode or ("as_served" if known_at is None else "known_at"),
            "known_at": None if known_at is None else time_of(known_at),
            "known_column": known_column,
            "keys": dict(keys or {}),
            "threads": threads,
            "memory_budget": memory_budget,
        }
        return join_frame(self, spine, request, progress)

    def get(
        self,
        view: str,
        entity: Entity,
        *,
        at: Optional[Time] = None,
        mode: Optional[Literal["as_served", "corrected", "known_at", "fresh"]] = None,
        known_at: Optional[Time] = None,
        features: Optional[Sequence[str]] = None,
    ) -> dict[str, Value]:
        """The features of one entity at one moment, by default now. A key of several parts is a tuple."""
        request = self._look_up(view, entity, at, mode, known_at)
        answer = self._call("get", {**request, "features": None if features is None else list(features)})
        return {name: value_of(value) for name, value in answer.items()}

    def vector(
        self,
        set: str,
        keys: Mapping[str, Part],
        *,
        at: Optional[Time] = None,
        mode: Optional[Literal["as_served", "corrected", "known_at", "fresh"]] = None,
        known_at: Optional[Time] = None,
    ) -> dict[str, Value]:
        """The vector of a registered set at one moment, by default now: its members in order, "view.feature" or the
        name of a derived one. ``keys`` has a value for each of the set's key fields."""
        request = {
            "set": set,
            "keys": {name: parts_of(part)[0] for name, part in keys.items()},
            "at": time_of(at),
            "mode": mode or ("as_served" if known_at is None else "known_at"),
            "known_at": None if known_at is None else time_of(known_at),
        }
        return {name: value_of(value) for name, value in self._call("vector", request).items()}

    def explain(
        self,
        view: str,
        entity: Entity,
        feature: str,
        *,
        at: Optional[Time] = None,
        mode: Optional[Literal["as_served", "corrected", "known_at", "fresh"]] = None,
        known_at: Optional[Time] = None,
    ) -> Explanation:
        """The stored slices behind one feature's value."""
        request = self._look_up(view, entity, at, mode, known_at)
        return Explanation.of(self._call("explain", {**request, "feature": feature}))

    @staticmethod
    def _look_up(
        view: str, entity: Entity, at: Optional[Time], mode: Optional[str], known_at: Optional[Time]
    ) -> dict[str, Any]:
        return {
            "view": view,
            "entity": parts_of(entity),
            "at": time_of(at),
            "mode": mode or ("as_served" if known_at is None else "known_at"),
            "known_at": None if known_at is None else time_of(known_at),
        }

    # Looking after the store

    def stats(self) -> dict[str, Any]:
        """Sizes: keys (about), bytes and files, and the bytes of each view."""
        found: dict[str, Any] = self._call("stats", {})
        return found

    def seal(self, stream: str, at: Time) -> Any:
        """Declares that nothing arrives in a stream before an instant any more; a seal never moves back."""
        return instant(self._call("seal", {"stream": stream, "at": time_of(at)})["seal"])

    def expire(self, view: str, before: Time) -> Any:
        """Gives up the slices of a view that end before an instant; answers that need them are refused from then on.

        Returns where the slices begin that are kept; an earlier instant than before changes nothing.
        """
        return instant(self._call("expire", {"view": view, "before": time_of(before)})["floor"])

    def compact(self) -> None:
        """Merges what many writes left side by side; answers do not change."""
        self._call("compact", {})

    def checkpoint(self, folder: Union[str, PathLike[str]]) -> None:
        """Copies the store as it stands, by hard links, to a folder that must not exist."""
        self._call("checkpoint", {"folder": fspath(folder)})

    # Opening and closing

    def close(self) -> None:
        """Closes the store once the calls that are under way have ended. Joins that are being read go on."""
        with self._lock:
            self._is_closed = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        with self._lock:
            if not self._is_closed or self._users:
                return
            pointer, self._pointer = self._pointer, None
        if pointer:
            library.close(pointer)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The store's pointer, which stays good inside of the with statement."""
        with self._lock:
            if self._is_closed or self._pointer is None:
                raise RequestError(f"the store {self.path} is closed")
            self._users += 1
            pointer = self._pointer
        try:
            yield pointer
        finally:
            with self._lock:
                self._users -= 1
            self._close_if_unused()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self.close()

    def __repr__(self) -> str:
        return f"<hindcast.Store {self.path!r}{' (closed)' if self._is_closed else ''}>"

    def _call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        report = Report()
        try:
            text = json.dumps(arguments, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise RequestError(f"the arguments cannot be put into JSON: {error}") from error
        with self._open() as pointer:
            answer = library.take(library.call(pointer, name.encode(), text.encode(), report.out))
        if answer is None:
            raise report.exception()
        return json.loads(answer)


def _declaration(declaration: Declaration, index: int) -> dict[str, str]:
    """A text with the name that messages call it by."""
    if isinstance(declaration, Mapping):
        return {"name": f"declaration {index}", "text": json.dumps(declaration)}
    if isinstance(declaration, str) and declaration.lstrip().startswith(("{", "[")):
        return {"name": f"declaration {index}", "text": declaration}
    path = Path(declaration)
    try:
        return {"name": str(path), "text": path.read_text(encoding="utf-8")}
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: cannot be read: {error}") from error


def open(path: Union[str, PathLike[str]], mode: str = "read", **options: int) -> Store:
    """Opens a store: to "read" it, to "write" to it, or to "create" it where there is none.

    Options: cache_bytes (of blocks, shared by all readers), load_bytes (that a load may hold before it writes),
    threads (of a load).
    """
    return Store(path, mode, **options)
