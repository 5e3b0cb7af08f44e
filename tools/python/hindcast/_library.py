"""The shared library, through ctypes: where it is, what its functions take, and how its errors become exceptions.

ctypes gives up the GIL for the time of each call.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Optional

from ._errors import HindcastError, error_of

NAME = "libHindcastC.so"


class _Error(ctypes.Structure):
    """`hindcast_error`; its texts are ours to free, so they are plain addresses here."""

    _fields_ = [
        ("code", ctypes.c_int32),
        ("row", ctypes.c_int64),
        ("column", ctypes.c_void_p),
        ("message", ctypes.c_void_p),
    ]


class ArrowArrayStream(ctypes.Structure):
    """Room for a stream of Arrow's C interface; pyarrow knows what is in it."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")
    ]


def _candidates() -> list[Path]:
    """Where the library may be: named, in an installed package, in a build of the repository."""
    named = os.environ.get("HINDCAST_LIBRARY")
    if named:
        return [Path(named)]
    here = Path(__file__).resolve().parent
    return [here / NAME, here.parents[2] / ".build" / "release" / NAME]


class _Library:
    """The functions of hindcast.h."""

    def __init__(self) -> None:
        candidates = _candidates()
        found = [path for path in candidates if path.is_file()]
        if not found:
            places = ", ".join(str(path) for path in candidates)
            raise ImportError(
                f"{NAME} is not there ({places}). Build it with 'swift build -c release --product HindcastC', "
                "or say where it is in HINDCAST_LIBRARY"
            )
        try:
            library = ctypes.CDLL(str(found[0]))
        except OSError as failed:
            raise ImportError(
                f"{found[0]} cannot be loaded: {failed}. It needs the distribution's RocksDB, xxHash and zlib"
            ) from failed
        pointer, text, error = ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(_Error)
        stream = ctypes.POINTER(ArrowArrayStream)

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found

        self.version = function("hindcast_version", text)
        self.free = function("hindcast_free", None, pointer)
        self.open = function("hindcast_open", pointer, text, text, error)
        self.close = function("hindcast_close", None, pointer)
        self.call = function("hindcast_call", pointer, pointer, text, text, error)
        self.join = function("hindcast_join", ctypes.c_int32, pointer, pointer, text, pointer, stream, error)
        self.ingest = function("hindcast_ingest", pointer, pointer, text, pointer, text, pointer, error)
        self.amend = function("hindcast_amend", pointer, pointer, text, pointer, text, pointer, error)
        self.load = function("hindcast_load", pointer, pointer, text, pointer, text, pointer, error)
        self.job_new = function("hindcast_job_new", pointer)
        self.job_free = function("hindcast_job_free", None, pointer)
        self.job_cancel = function("hindcast_job_cancel", None, pointer)
        self.job_rows = function("hindcast_job_rows", ctypes.c_int64, pointer)
        self.job_error = function("hindcast_job_error", ctypes.c_int32, pointer, error)

    def take(self, address: Optional[int]) -> Optional[str]:
        """A text that the library gave, which is freed."""
        if not address:
            return None
        try:
            return ctypes.string_at(address).decode("utf-8")
        finally:
            self.free(address)


library = _Library()


class Report:
    """Where a call leaves its error."""

    def __init__(self) -> None:
        self._error = _Error()

    @property
    def out(self) -> Any:
        """For the call."""
        return ctypes.byref(self._error)

    def exception(self) -> HindcastError:
        """The error as an exception; to be asked for once, after a call that failed."""
        column = library.take(self._error.column)
        message = library.take(self._error.message) or "the call failed and gave no reason"
        return error_of(self._error.code, message, self._error.row, column)
