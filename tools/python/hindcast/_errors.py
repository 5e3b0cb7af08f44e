"""What can go wrong, as exceptions: the store's own words, and the row and column where it is one row's doing."""

from __future__ import annotations

from typing import Optional


class HindcastError(Exception):
    """Anything that the store refuses or fails at.

    ``code`` is a word for programs; ``row`` (from 0, of the rows given) and ``column`` say which value is at
    fault, where it is one value.
    """

    code = "invalid"

    def __init__(self, message: str, row: Optional[int] = None, column: Optional[str] = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column


class RequestError(HindcastError):
    """The request makes no sense as it stands; the message says how to mend it."""


class UnknownNameError(HindcastError):
    """No view, feature, stream or field of that name."""

    code = "unknown"


class RowError(HindcastError):
    """A row of the data that cannot be taken; ``row`` and ``column`` say which."""

    code = "row"


class DeclarationError(HindcastError):
    """Declarations that cannot be registered; one line for each mistake."""

    code = "declaration"


class ExpiredError(HindcastError):
    """A window reaches before what the view keeps."""

    code = "expired"


class ReadOnlyError(HindcastError):
    """The store is open for reading only."""

    code = "read_only"


class StoreMissingError(HindcastError):
    """There is no store at that path."""

    code = "missing"


class StoreLockedError(HindcastError):
    """Another process, or another store of this one, has the store open for writing."""

    code = "locked"


class StorageError(HindcastError):
    """The disk failed, or holds damaged bytes."""

    code = "storage"


class CancelledError(HindcastError):
    """The join was ended from elsewhere."""

    code = "cancelled"


class StreamError(HindcastError):
    """The data could not be read: its source failed, or its Arrow form is malformed."""

    code = "stream"


# By the numbers of hindcast.h.
_CLASSES: dict[int, type[HindcastError]] = {
    1: RequestError,
    2: UnknownNameError,
    3: RowError,
    4: DeclarationError,
    5: ExpiredError,
    6: ReadOnlyError,
    7: StoreMissingError,
    8: StoreLockedError,
    9: StorageError,
    10: CancelledError,
    11: StreamError,
}


def error_of(code: int, message: str, row: int, column: Optional[str]) -> HindcastError:
    """The exception for a failed call; ``row`` is -1 where there is none."""
    kind = _CLASSES.get(code, HindcastError)
    return kind(message, row if row >= 0 else None, column)
