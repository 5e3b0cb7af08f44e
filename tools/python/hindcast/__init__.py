"""A point-in-time feature store: features of past events as they were known when each event happened.

    import hindcast

    with hindcast.open("./store") as store:
        training = store.join(events, ["author_activity"], time="committed_at")

    with hindcast.connect(port=7379) as client:
        now = client.get("author_activity", "42ef077bcaef")
"""

from ._client import Client, connect
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
from ._values import (
    AuditEntry,
    CorrectionReport,
    Explanation,
    Findings,
    ForgetReport,
    IngestReport,
    LoadReport,
    Mention,
    Place,
    Plan,
    Promotion,
    Registration,
    Reject,
    Slice,
    Stream,
    Table,
    View,
)

__version__: str = _library.version().decode()

__all__ = [
    "AuditEntry",
    "CancelledError",
    "Client",
    "CorrectionReport",
    "DeclarationError",
    "ExpiredError",
    "Explanation",
    "FeatureSet",
    "Features",
    "Findings",
    "ForgetReport",
    "HindcastError",
    "IngestReport",
    "LoadReport",
    "Mention",
    "Place",
    "Plan",
    "Promotion",
    "ReadOnlyError",
    "Registration",
    "Reject",
    "RequestError",
    "RowError",
    "Slice",
    "StorageError",
    "Store",
    "StoreLockedError",
    "StoreMissingError",
    "Stream",
    "StreamError",
    "Table",
    "UnknownNameError",
    "View",
    "connect",
    "open",
]

# Where they are imported from is what messages and tracebacks say.
for _name in __all__:
    globals()[_name].__module__ = __name__
