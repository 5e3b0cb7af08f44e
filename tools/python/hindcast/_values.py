"""Single values on their way in and out: times, parts of keys, features. What a store answers, as Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional, Union

from ._errors import RowError

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


def ids_of(ids: Any) -> list[str]:
    """Ids as texts; a column of a table is as good as a list."""
    if isinstance(ids, (str, bytes)):
        raise TypeError("ids are a list, not one text")
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(ids, method):
            ids = getattr(ids, method)()
            break
    texts = []
    for row, id in enumerate(ids):
        if not isinstance(id, str) and (isinstance(id, bool) or not hasattr(id, "__index__")):
            raise RowError(f"id {row + 1}: {id!r} is no id: strings and whole numbers are", row=row)
        texts.append(id if isinstance(id, str) else str(int(id)))
    return texts


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
class Table:
    """A registered table. ``key`` and ``attributes`` map names to types; ``valid_from`` is the column that says from
    when on a row is valid, None where rows always are."""

    name: str
    key: dict[str, str]
    valid_from: Optional[str]
    attributes: dict[str, str]
    slice: str
    seal: Optional[datetime]
    digest: str

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Table:
        return cls(name=answer.pop("table"), **{**answer, "seal": _optional(answer["seal"])})


@dataclass(frozen=True)
class CorrectionReport:
    """What became of a correction, which is known from ``known_from`` on.

    ``retracted`` events were taken back and ``appended`` came in their place; ``slices`` of entities were made anew.
    ``expired`` events lie in slices that a view no longer keeps.
    """

    known_from: datetime
    retracted: int
    appended: int
    slices: int
    expired: int = 0

    @classmethod
    def of(cls, answer: dict[str, Any]) -> CorrectionReport:
        return cls(**{**answer, "known_from": instant(answer["known_from"])})


@dataclass(frozen=True)
class LoadReport:
    """What a load did to a table, which has ``rows`` rows now.

    ``known_from`` is None where nothing changed, or where each row is known from when it is valid.
    """

    table: str
    rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    known_from: Optional[datetime]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> LoadReport:
        return cls(**{**answer, "known_from": _optional(answer["known_from"])})


@dataclass(frozen=True)
class Place:
    """Somewhere that an entity is stored: how many ``unit`` of it were erased, and how many are left."""

    kind: str
    name: str
    unit: str
    erased: int
    left: int


@dataclass(frozen=True)
class Mention:
    """A forgotten entity's text in what is stored about something else, and what can be done about it."""

    place: str
    what: str
    count: int
    way_out: str


@dataclass(frozen=True)
class ForgetReport:
    """What was erased of an entity, place by place, and what a reading of everything found to be left.

    ``left`` has to be 0. ``fields`` are those that name the entity; its values are told nowhere. ``text_searched`` says
    whether all that is stored was searched for the text itself as well.
    """

    fields: list[str]
    places: list[Place]
    mentions: list[Mention]
    bytes_read: int
    text_searched: bool
    erased: int
    left: int

    @classmethod
    def of(cls, answer: dict[str, Any]) -> ForgetReport:
        places = [Place(**each) for each in answer["places"]]
        mentions = [Mention(**each) for each in answer["mentions"]]
        return cls(**{**answer, "places": places, "mentions": mentions})


@dataclass(frozen=True)
class Findings:
    """What is to be said of declarations: ``mistakes`` keep them from being registered; ``warnings`` are about what is
    hardly meant, ``notes`` worth knowing."""

    mistakes: list[str]
    warnings: list[str]
    notes: list[str]


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
