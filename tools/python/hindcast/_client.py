"""A server as Python sees it: redis-py underneath, and the types of the store's values on top."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

from ._errors import RequestError, RowError
from ._store import Declaration, _declaration
from ._values import (
    CorrectionReport,
    Entity,
    Explanation,
    Findings,
    ForgetReport,
    LoadReport,
    Part,
    Registration,
    Slice,
    Time,
    Value,
    View,
    ids_of,
    instant,
    milliseconds,
    parts_of,
    time_of,
)

if TYPE_CHECKING:
    from redis import Redis

# Events that go out before their replies are read.
_PIECE = 1000


class _Shape:
    """What the protocol does not carry: the fields of a view's key, and the types of its features."""

    def __init__(self, view: str, description: dict[str, Any]) -> None:
        if description["kind"] != "view":
            raise RequestError(f"'{view}' is a {description['kind']}, not a view")
        self.view = view
        self.entity: list[str] = description["declaration"]["entity"]
        self.types: dict[str, str] = description["features"]

    def text(self, entity: Entity) -> str:
        """A key as commands have it: parts between bars, or the text itself where there is one part."""
        parts = parts_of(entity)
        if len(parts) != len(self.entity):
            fields = ", ".join(self.entity)
            raise RequestError(f"the view '{self.view}' has the key {fields}: {len(parts)} parts do not fit")
        if None in parts:
            raise RequestError("a part of a key is None, which a server cannot be asked for")
        known = [part for part in parts if part is not None]
        if len(known) == 1:
            return known[0]
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in known)


class Client:
    """A server of features; `hindcast.connect` makes one. Any number of threads may use it at once.

    ``redis`` is the `redis.Redis` underneath, for everything else: any command, pipelines, connection pools. A look-up
    whose connection ended before the reply is sent once more, as is an event that has an id of its own; nothing else
    is.

    What the server refuses is a `RequestError` with its words; what happens to connections are redis-py's own errors.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._shapes: dict[str, _Shape] = {}
        self._sets: dict[str, dict[str, str]] = {}

    # Features out

    def get(
        self,
        view: str,
        entity: Entity,
        features: Optional[Sequence[str]] = None,
        asof: Optional[Time] = None,
        known: Optional[Time] = None,
        corrected: bool = False,
        fresh: bool = False,
    ) -> dict[str, Value]:
        """The features of one entity, by default all of the view, now, as served. A key of several parts is a tuple.

        asof: the moment that is asked about. known: with what was known then; corrected: with all that is known by now;
        fresh: also with the slice that is still running.
        """
        words = ["FS.GET", view, self._shape(view).text(entity)]
        answer = _pairs(self._ask(*words, *_options(features, asof, known, corrected, fresh)))
        types = self._types(view, answer)
        return {name: _value(value, types[name]) for name, value in answer.items()}

    def mget(
        self,
        view: str,
        entities: Iterable[Entity],
        features: Optional[Sequence[str]] = None,
        asof: Optional[Time] = None,
        known: Optional[Time] = None,
        corrected: bool = False,
        fresh: bool = False,
    ) -> list[dict[str, Value]]:
        """The features of many entities at the same moment, in the order of the entities. One round trip."""
        shape = self._shape(view)
        keys = [shape.text(entity) for entity in entities]
        if not keys:
            return []
        words = ["FS.MGET", view, str(len(keys)), *keys]
        rows = self._ask(*words, *_options(features, asof, known, corrected, fresh))
        names = list(features if features is not None else shape.types)
        if len(rows[0]) != len(names):
            names = list(self._shape(view, is_new=True).types)
        types = self._types(view, names)
        return [{name: _value(value, types[name]) for name, value in zip(names, row)} for row in rows]

    def vector(
        self,
        set: str,
        /,
        *,
        asof: Optional[Time] = None,
        known: Optional[Time] = None,
        corrected: bool = False,
        fresh: bool = False,
        keys: Optional[Mapping[str, Any]] = None,
        **fields: Any,
    ) -> dict[str, Value]:
        """All members of a set in its order, named "view.feature", or by their own names where they are derived. One
        round trip.

        Key fields of the set's views are named with their values, `vector("risk", author="ann")`; ``keys`` takes those
        whose names are no names in Python.
        """
        words = [f"{name}={_ONE.text(part)}" for name, part in {**(keys or {}), **fields}.items()]
        answer = self._ask("FS.VECTOR", set, *words, *_options(None, asof, known, corrected, fresh))
        members = self._members(set)
        if len(members) != len(answer):
            members = self._members(set, is_new=True)
        if len(members) != len(answer):
            raise RequestError(f"the members of '{set}' have names that Python cannot tell apart")
        return {name: _value(value, type) for (name, type), value in zip(members.items(), answer)}

    def explain(
        self,
        view: str,
        entity: Entity,
        feature: str,
        asof: Optional[Time] = None,
        known: Optional[Time] = None,
        corrected: bool = False,
        fresh: bool = False,
    ) -> Explanation:
        """The stored slices behind one feature's value."""
        words = ["FS.EXPLAIN", view, self._shape(view).text(entity), feature]
        answer = _pairs(self._ask(*words, *_options(None, asof, known, corrected, fresh)))
        type = self._types(view, [feature])[feature]
        slices = [_pairs(each) for each in answer["slices"]]
        return Explanation(
            feature,
            _value(answer["value"], type),
            [
                Slice(instant(_text(each["slice"])), instant(_text(each["arrival"])), _value(each["value"], type))
                for each in slices
            ],
        )

    # Events in

    def add(self, stream: str, fields: Mapping[str, Any], id: str = "*", producer: Optional[str] = None) -> str:
        """Sends an event, and returns its id once it is as safe as the server's `fsync` says.

        Fields that are left out or None are null. Ids rise for each ``producer``; one that has been stored is refused,
        so that a resend counts nothing twice. Where the connection ends before the reply, an event with an id of its own
        is sent once more, and counts as stored where its id is the producer's last by then.
        """
        from redis.exceptions import AuthenticationError, ConnectionError

        words = ["XADD", _key(stream, producer), id, *_words(fields)]
        try:
            return _text(self._tell(*words))
        except ConnectionError as lost:
            if "*" in id or isinstance(lost, AuthenticationError):
                raise
        try:
            return _text(self._tell(*words))
        except RequestError:
            last = self.last_id(stream, producer)
            if last is None or last != (id if "-" in id else id + "-0"):
                raise
            return last

    def add_many(
        self,
        stream: str,
        events: Iterable[Mapping[str, Any]],
        ids: Optional[Iterable[str]] = None,
        producer: Optional[str] = None,
        rejects: Literal["refuse", "collect"] = "refuse",
    ) -> list[Union[str, RowError]]:
        """Sends events one behind the other without waiting for each, and returns their ids.

        An event that the server refuses does not hold back the others, but one that could not be stored (``MISCONF``, a
        full disk) does: none may overtake it. The first error is raised as a `RowError` with the event's number (from 0)
        once all have been sent; with ``rejects="collect"`` the errors stand in the places of their ids.

        Where the connection ends, redis-py's error is raised; events with ids of their own go on behind `last_id`.
        """
        key = _key(stream, producer)
        answers: list[Any] = []
        numbered = iter(ids) if ids is not None else None
        pieces: Any = self.redis.pipeline(transaction=False)
        left = iter(events)
        while piece := list(islice(left, _PIECE)):
            for event in piece:
                pieces.execute_command("XADD", key, next(numbered) if numbered else "*", *_words(event))
            answers += pieces.execute(raise_on_error=False)
            fault = next((each for each in answers[-len(piece) :] if _is_fault_of_the_store(each)), None)
            if fault:
                answers += [fault for _ in left]
        added = [
            RowError(str(answer), row=row) if isinstance(answer, Exception) else _text(answer)
            for row, answer in enumerate(answers)
        ]
        if rejects == "refuse":
            for each in added:
                if isinstance(each, RowError):
                    raise each
        return added

    def last_id(self, stream: str, producer: Optional[str] = None) -> Optional[str]:
        """The last id of a producer that was stored: send what comes behind it. None where nothing was."""
        answer = _pairs(self._ask("XINFO", "STREAM", _key(stream, producer)))
        last = _text(answer["last-generated-id"])
        return None if last == "0-0" else last

    # What was wrong, and what has to go

    def retract(self, stream: str, ids: Iterable[Any]) -> CorrectionReport:
        """Takes the events with some ids back, now, all of them or none; what was served before stays what it was.

            client.retract("mails", ["m-17", "m-18"])
        """
        return _correction(self._tell("FS.RETRACT", stream, *ids_of(ids)))

    def amend(self, stream: str, fields: Mapping[str, Any]) -> CorrectionReport:
        """Takes the events with the id of a whole event back, now, and lets that come in their place, in one step.

        Fields that are left out or None are null.

            client.amend("mails", {"id": "m-17", "sender": "ann", "sent_at": "2026-01-04T17:00:00Z", "size": 25})
        """
        return _correction(self._tell("FS.AMEND", stream, *_words(fields)))

    def load(self, table: str, rows: Iterable[Mapping[str, Any]]) -> LoadReport:
        """Makes rows all that a table has, known from now on: all of them, or none where one is bad.

            client.load("ip_list", [{"ip": "192.0.2.7", "kind": "proxy"}])
        """
        texts = []
        for number, row in enumerate(rows):
            try:
                texts.append(json.dumps(_members(row), allow_nan=False))
            except ValueError as error:
                raise RowError(f"row {number} cannot be put into JSON: {error}", row=number) from error
        answer = _pairs(self._tell("FS.LOAD", table, *texts))
        known = answer.pop("known-from")
        return LoadReport(table=table, known_from=None if known is None else instant(_text(known)), **answer)

    def forget(self, entity: Mapping[str, Part], *, dry_run: bool = False) -> ForgetReport:
        """Erases an entity everywhere, the served log and the server's memory included, and says what is left of it.

        ``entity`` has fields and their values; with several, it is what has all of them. With ``dry_run`` nothing changes.
        This cannot be undone.

            assert client.forget({"sender": "ann@example.com"}).left == 0
        """
        words = [f"{field}={_ONE.text(part)}" for field, part in entity.items()]
        return _forgotten(self._tell("FS.FORGET", *["DRYRUN"] * dry_run, *words))

    # What is registered

    def check(self, *declarations: Declaration) -> Findings:
        """Mistakes, warnings and notes on declarations, as the server's store has what they name; changes nothing."""
        texts = [_declaration(each, index)["text"] for index, each in enumerate(declarations)]
        answer = _pairs(self._ask("FS.CHECK", "REMARKS", *texts))
        return Findings(**{kind: [_text(each) for each in found] for kind, found in answer.items()})

    def drop(
        self, view: Optional[str] = None, *, set: Optional[str] = None, table: Optional[str] = None
    ) -> None:
        """Takes a view with all that is stored of it away, a feature set, or a table with its rows. This cannot be
        undone."""
        named = [(kind, name) for kind, name in (("", view), ("SET", set), ("TABLE", table)) if name is not None]
        if len(named) != 1:
            raise RequestError("name what is to be dropped: one of view, set and table")
        self._tell("FS.DROP", *[word for word in named[0] if word])
        self._shapes.clear()
        self._sets.clear()

    def register(self, *declarations: Declaration) -> list[Registration]:
        """Registers streams, views and sets, all or none: files by their paths, JSON texts, or dicts."""
        texts = [_declaration(each, index)["text"] for index, each in enumerate(declarations)]
        reports = [_pairs(each) for each in self._tell("FS.REGISTER", *texts)]
        self._shapes.clear()
        self._sets.clear()
        return [
            Registration(
                kind=_text(each["kind"]),
                name=_text(each["name"]),
                outcome=_text(each["outcome"]),
                differences=[_text(line) for line in each["differences"]],
                lacks_history=_value(each["lacks-history"], "bool") is True,
            )
            for each in reports
        ]

    def views(self) -> list[View]:
        """The registered views, in the order of their registration."""
        listed = [_pairs(each) for each in self._ask("FS.VIEWS")]
        names = [_text(each["name"]) for each in listed if _text(each["kind"]) == "view"]
        return [_view(self.describe(name)) for name in names]

    def describe(self, name: str) -> dict[str, Any]:
        """A view, stream or set: its "kind", "name", "declaration" (as from JSON) and "digest", and where it stands:
        "seal", of a view "floor", "features" (names to types) and "sources", of a set "features" and "key"."""
        answer = _pairs(self._ask("FS.DESCRIBE", name))
        found: dict[str, Any] = {key: _text(answer[key]) for key in ("kind", "name", "digest")}
        found["declaration"] = json.loads(_text(answer["declaration"]))
        for key in ("seal", "floor"):
            if key in answer:
                found[key] = None if answer[key] is None else instant(_text(answer[key]))
        if "features" in answer:
            found["features"] = {key: _text(type) for key, type in _pairs(answer["features"]).items()}
        for key in ("sources", "key"):
            if key in answer:
                found[key] = [_text(each) for each in answer[key]]
        return found

    # Connections

    def close(self) -> None:
        """Closes the connections."""
        self.redis.close()  # type: ignore[no-untyped-call]

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, *words: str) -> Any:
        """A command that changes nothing: once more where the connection ended."""
        from redis.exceptions import AuthenticationError, ConnectionError

        try:
            return self._tell(*words)
        except ConnectionError as lost:
            if isinstance(lost, AuthenticationError):
                raise
            return self._tell(*words)

    def _tell(self, *words: str) -> Any:
        from redis.exceptions import ResponseError

        try:
            return self.redis.execute_command(*words)  # type: ignore[no-untyped-call]
        except ResponseError as refusal:
            raise RequestError(str(refusal)) from refusal

    # Types

    def _shape(self, view: str, is_new: bool = False) -> _Shape:
        if is_new or view not in self._shapes:
            self._shapes[view] = _Shape(view, self.describe(view))
        return self._shapes[view]

    def _types(self, view: str, names: Iterable[str]) -> dict[str, str]:
        """The types of a view that has these features; asks again where it had not."""
        types = self._shape(view).types
        if all(name in types for name in names):
            return types
        return self._shape(view, is_new=True).types

    def _members(self, set: str, is_new: bool = False) -> dict[str, str]:
        """The types of a set's members by name, in its order."""
        if is_new or set not in self._sets:
            description = self.describe(set)
            if description["kind"] != "set":
                raise RequestError(f"'{set}' is a {description['kind']}, and as such not a feature set")
            self._sets[set] = description["features"]
        return self._sets[set]


class _One(_Shape):
    """The shape of a key of one part."""

    def __init__(self) -> None:
        self.view, self.entity, self.types = "", ["key"], {}


_ONE = _One()


def connect(
    host: str = "127.0.0.1",
    port: int = 7379,
    *,
    username: Optional[str] = None,
    password: Optional[str] = None,
    unix_socket_path: Optional[str] = None,
    protocol: Literal[2, 3] = 3,
    **options: Any,
) -> Client:
    """A client of `hindcast serve`; connects with the first call. Best used in a with statement, which closes it.

    Needs redis-py (`pip install hindcast[client]`). Further options are those of `redis.Redis`: ``ssl``,
    ``ssl_ca_certs``, ``socket_timeout``, ``max_connections``, ``client_name``...
    """
    try:
        import redis
    except ImportError as missing:
        raise ImportError("hindcast.connect needs redis-py: pip install hindcast[client]") from missing
    settings: dict[str, Any] = {"encoding_errors": "replace", **options}
    if unix_socket_path is not None:
        settings["unix_socket_path"] = unix_socket_path
    return Client(
        redis.Redis(
            host=host,
            port=port,
            username=username,
            password=password,
            protocol=protocol,
            decode_responses=True,
            **settings,
        )
    )


# Words and replies; a `redis.Redis` of one's own may give bytes.


def _options(
    features: Optional[Sequence[str]],
    asof: Optional[Time],
    known: Optional[Time],
    corrected: bool,
    fresh: bool,
) -> list[str]:
    words = [] if asof is None else ["ASOF", str(time_of(asof))]
    words += [] if known is None else ["KNOWN", str(time_of(known))]
    words += ["CORRECTED"] * corrected + ["FRESH"] * fresh
    if features is not None:
        if isinstance(features, str):
            raise TypeError("features are a list of names, not one text")
        words += ["FEATURES", str(len(features)), *features]
    return words


def _key(stream: str, producer: Optional[str]) -> str:
    return stream if producer is None else f"{stream}:{producer}"


def _words(fields: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in fields.items():
        if value is not None:
            words += [name, _field(value)]
    return words


def _field(value: Any) -> str:
    if isinstance(value, str):
        return value
    # numpy's flags are no ints.
    if type(value).__name__ in ("bool", "bool_"):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(milliseconds(value))
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__index__"):
        return str(int(value))
    if hasattr(value, "__float__"):
        return repr(float(value))
    raise TypeError(f"a field is a str, int, float, bool, datetime or None, not {type(value).__name__}")


def _text(reply: Any) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)


def _pairs(reply: Any) -> dict[str, Any]:
    """A map, which protocol 2 has as an array."""
    if not isinstance(reply, Mapping):
        reply = dict(zip(reply[::2], reply[1::2]))
    return {_text(name): value for name, value in reply.items()}


def _value(reply: Any, type: str) -> Value:
    """A value of a feature: protocol 2 has only whole numbers and texts."""
    if reply is None:
        return None
    if type == "int":
        return int(reply)
    if type == "double":
        return float(reply)
    if type == "bool":
        return reply if isinstance(reply, bool) else _text(reply) == "true"
    return instant(_text(reply)) if type == "timestamp" else _text(reply)


def _view(description: dict[str, Any]) -> View:
    declaration = description["declaration"]
    return View(
        name=description["name"],
        stream=declaration["stream"],
        entity=declaration["entity"],
        slice=declaration["slice"],
        features=description["features"],
        floor=description["floor"],
        digest=description["digest"],
    )


def _members(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table as JSON has it: numbers and flags as they are, times as epoch milliseconds."""
    members: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or isinstance(value, (str, bool, int, float)):
            members[name] = value
        elif isinstance(value, datetime):
            members[name] = milliseconds(value)
        elif isinstance(value, date):
            members[name] = value.isoformat()
        else:
            members[name] = json.loads(_field(value))
    return members


def _correction(reply: Any) -> CorrectionReport:
    answer = _pairs(reply)
    return CorrectionReport(known_from=instant(_text(answer.pop("known-from"))), **answer)


def _forgotten(reply: Any) -> ForgetReport:
    answer = {name.replace("-", "_"): value for name, value in _pairs(reply).items()}
    for kind in ("places", "mentions"):
        answer[kind] = [_named(each) for each in answer[kind]]
    answer["fields"] = [_text(each) for each in answer["fields"]]
    answer["text_searched"] = _value(answer["text_searched"], "bool")
    return ForgetReport.of(answer)


def _named(reply: Any) -> dict[str, Any]:
    """A map of texts and whole numbers."""
    return {
        name.replace("-", "_"): value if isinstance(value, int) else _text(value)
        for name, value in _pairs(reply).items()
    }


def _is_fault_of_the_store(answer: Any) -> bool:
    return isinstance(answer, Exception) and str(answer).startswith("MISCONF")
