"""A point-in-time feature store: features of past events as they were known when each event happened.

    import hindcast

    with hindcast.open("./store") as store:
        training = store.join(events, ["author_activity"], time="committed_at")
"""

from ._errors import (
    CancelledError,
    DeclarationError,
    ExpiredError,
    HindcastError,
    ReadOnlyError,
    RequestError,
    RowError,
    StorageError,
    StoreLockedError,
    StoreMissingError,
    StreamError,
    UnknownNameError,
)
from ._join import Features, FeatureSet
from ._library import library as _library
from ._store import Store, open

__version__: str = _library.version().decode()

__all__ = [
    "CancelledError",
    "DeclarationError",
    "ExpiredError",
    "FeatureSet",
    "Features",
    "HindcastError",
    "ReadOnlyError",
    "RequestError",
    "RowError",
    "StorageError",
    "Store",
    "StoreLockedError",
    "StoreMissingError",
    "StreamError",
    "UnknownNameError",
    "open",
]
