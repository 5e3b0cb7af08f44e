"""The store as Python sees it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Any, Optional, Union

from ._errors import RequestError
from ._job import Progress
from ._join import FeatureSet, Time, View, join_frame, selections, time_text
from ._library import Report, library


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
        self._pointer = library.open(self.path.encode(), wanted.encode(), report.out)
        if not self._pointer:
            raise report.exception()

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

    def join(
        self,
        spine: Any,
        views: Union[View, Sequence[View]] = (),
        *,
        time: Optional[str] = None,
        mode: Optional[str] = None,
        known_at: Optional[Time] = None,
        known_column: Optional[str] = None,
        keys: Optional[Mapping[str, str]] = None,
        sets: Sequence[FeatureSet] = (),
        threads: Optional[int] = None,
        memory_budget: Optional[int] = None,
        progress: Optional[Progress] = None,
    ) -> Any:
        """Appends features to the rows of a table, each as of its own time."""
        request = {
            "views": selections(views, sets),
            "time": time,
            "mode": mode or ("as_served" if known_at is None else "known_at"),
            "known_at": None if known_at is None else time_text(known_at),
            "known_column": known_column,
            "keys": dict(keys or {}),
            "threads": threads,
            "memory_budget": memory_budget,
        }
        return join_frame(self, spine, request, progress)

    def views(self) -> Any:
        """The registered views."""
        return self._call("views", {})


def open(path: Union[str, PathLike[str]], mode: str = "read", **options: int) -> Store:
    """Opens a store: to "read" it, to "write" to it, or to "create" it where there is none."""
    return Store(path, mode, **options)
