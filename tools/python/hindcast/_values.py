"""Single values on their way in and out: times, parts of keys, features. What a store answers, as Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional, Union

Value = Union[int, float, str, bool, datetime, None]
# ISO 8601, epoch milliseconds, or a datetime; without a zone it is UTC.
Time = Union[str, int, datetime]
Part = Union[str, int, bool, datetime, None]
Entity = Union[Part, Sequence[Part]]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def milliseconds(time: datetime) -> int:
    """Since 1970, rounded down."""
    since = (time if time.tzinfo else time.replace(tzinfo=timezone.utc)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def time_of(time: Optional[Time]) -> Union[str, int]:
    """A time as the library reads it; None is now."""
    if time is None:
        return milliseconds(datetime.now(timezone.utc))
    if isinstance(time, datetime):
        return milliseconds(time)
    if isinstance(time, bool) or not isinstance(time, (str, int)):
        raise TypeError(f"a time is a datetime, ISO 8601 text or epoch milliseconds, not {type(time).__name__}")
    return time


def parts_of(entity: Entity) -> list[Optional[str]]:
    """The texts of a key's parts; a single value is a key of one part."""
    parts: Sequence[Any] = entity if isinstance(entity, (list, tuple)) else [entity]
    return [_part(part) for part in parts]


def _part(part: Part) -> Optional[str]:
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, bool):
        return "true" if part else "false"
    if isinstance(part, datetime):
        return str(milliseconds(part))
    if isinstance(part, int) or hasattr(part, "__index__"):
        return str(int(part))
    raise TypeError(f"a part of a key is a str, int, bool, datetime or None, not {type(part).__name__}")


def instant(text: str) -> datetime:
    """A time that the library wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def value_of(answer: dict[str, Any]) -> Value:
    """A value that the library wrote, in the type it has there."""
    value: Any = answer["value"]
    if value is None:
        return None
    if answer["type"] == "timestamp":
        return instant(value)
    if answer["type"] == "double":
        return float(value)
    return value  # type: ignore[no-any-return]


def _optional(text: Optional[str]) -> Optional[datetime]:
    return None if text is None else instant(text)


@dataclass(frozen=True)
class View:
    """A registered view. ``features`` maps names to types; slices before ``floor`` are gone.

    ``state`` is "serving", "silent", "deprecated" or "beside"; ``deprecated`` says since when and why the view or
    features of it are.
    """

    name: str
    stream: str
    entity: list[str]
    slice: str
    features: dict[str, str]
    floor: Optional[datetime]
    digest: str
    version: int = 1
    state: str = "serving"
    deprecated: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: dict[str, Any]) -> View:
        return cls(
            name=answer["view"],
            stream=answer["stream"],
            entity=answer["entity"],
            slice=answer["slice"],
            features=answer["features"],
            floor=_optional(answer["floor"]),
            digest=answer["digest"],
            version=answer["version"],
            state=answer["state"],
            deprecated=answer["deprecated"],
        )


@dataclass(frozen=True)
class Stream:
    """A registered stream. ``fields`` maps names to types; nothing arrives before ``seal`` any more."""

    name: str
    fields: dict[str, str]
    event_time: str
    arrival_time: Optional[str]
    id: Optional[str]
    seal: Optional[datetime]
    digest: str

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Stream:
        return cls(
            name=answer["stream"],
            fields=answer["fields"],
            event_time=answer["event_time"],
            arrival_time=answer["arrival_time"],
            id=answer["id"],
            seal=_optional(answer["seal"]),
            digest=answer["digest"],
        )


@dataclass(frozen=True)
class Plan:
    """What registering a declaration would do: ``action`` in a word, ``meaning`` for people.

    ``events`` are the kept events that a history would be made of; None where none is made.
    """

    kind: str
    name: str
    action: str
    meaning: str
    differences: list[str]
    events: Optional[int]


@dataclass(frozen=True)
class Promotion:
    """A version of a view that serves from now on, and the name by which the one before it goes."""

    view: str
    version: int
    previous: Optional[str]
    sets: list[str]


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done to declarations or history."""

    time: datetime
    action: str
    subject: str
    digest: Optional[str]
    lines: list[str]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> AuditEntry:
        return cls(**{**answer, "time": instant(answer["time"])})


@dataclass(frozen=True)
class Registration:
    """What became of a declaration: "registered", "unchanged", "extended" or "building".

    One that is "building" had its history made of kept events before the call returned.

    A view that ``lacks_history`` was registered after events of its stream had been taken in: ingest the sources
    again, and it catches up while the others take nothing twice.
    """

    kind: str
    name: str
    outcome: str
    differences: list[str]
    lacks_history: bool


@dataclass(frozen=True)
class Reject:
    """A row that was refused: its number in the table, from 0, the field at fault, and why."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True)
class IngestReport:
    """What became of a table's rows.

    ``rows`` were new, and ``rows_before`` had been taken in by earlier calls. Of the new ones ``rejected`` were
    refused; the first 10,000 of these are in ``rejects``. ``expired`` events lie in slices that a view no longer
    keeps. ``views`` are those that took rows in.
    """

    rows: int
    rows_before: int
    rejected: int
    rejects: list[Reject]
    expired: int
    views: list[str]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> IngestReport:
        return cls(**{**answer, "rejects": [Reject(**reject) for reject in answer["rejects"]]})


@dataclass(frozen=True)
class Slice:
    """Events of one slice that became known in one slice: where these begin, and what the events alone give."""

    slice: datetime
    arrival: datetime
    value: Value


@dataclass(frozen=True)
class Explanation:
    """A feature's value, and the slices that it is merged of, oldest first."""

    feature: str
    value: Value
    slices: list[Slice] = field(default_factory=list)

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Explanation:
        return cls(
            feature=answer["feature"],
            value=value_of(answer["value"]),
            slices=[
                Slice(instant(each["slice"]), instant(each["arrival"]), value_of(each["value"]))
                for each in answer["slices"]
            ],
        )
