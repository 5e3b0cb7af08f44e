"""Events that were wrong, tables and forgotten entities: through the store, and through a server's client."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from serving import Server
from world import DAY, FEATURES, SCHEMA, START, STREAM, Chance, bits, naive, seeds, view

import hindcast

MAILS = {**STREAM, "fields": {"id": "string", **STREAM["fields"]}, "id": "id", "keep": True}
COLUMNS = pa.schema([pa.field("id", pa.string()), *SCHEMA])
TABLE = {
    "table": "reputation",
    "key": {"sender": "string", "port": "int"},
    "validFrom": "since",
    "attributes": {"score": "double", "tier": "string", "spam": "bool"},
    "slice": "1d",
}
PEOPLE = ["ann", "bob", "", "a|b", "é", "日本"]
# Behind all arrivals.
LATE = START + 150 * DAY


def frame(mails: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(mails, COLUMNS)


def numbered(chance: Chance, count: int) -> list[dict[str, Any]]:
    return [{"id": f"m{index}", **mail} for index, mail in enumerate(chance.mails(count))]


@pytest.fixture
def store(tmp_path: Path) -> hindcast.Store:
    store = hindcast.open(tmp_path / "store", "create")
    store.register(MAILS, view(), TABLE)
    return store


def history(store: hindcast.Store) -> list[str]:
    return [entry.action for entry in store.audit()]


@pytest.mark.parametrize("seed", seeds(6))
def test_answers_are_those_of_the_oracle(seed: int, store: hindcast.Store) -> None:
    chance = Chance(seed)
    mails = numbered(chance, 150)
    store.ingest(frame(mails), "mails", source="mails")
    # Each with the instant from which on it is gone.
    events: list[tuple[dict[str, Any], float]] = [(mail, float("inf")) for mail in mails]
    time = LATE
    for step in range(6):
        time += chance.choice([0, 1, DAY // 2, DAY])
        standing = sorted({mail["id"] for mail, gone in events if gone == float("inf")})
        ids = chance.sample(standing, 5)
        events = [
            (mail, time if mail["id"] in ids and gone == float("inf") else gone) for mail, gone in events
        ]
        if step % 2:
            mended = [{**mail, "id": id} for id, mail in zip(ids, chance.mails(5))]
            given: Any = frame(mended)
            if step == 3:
                given = given.to_reader(max_chunksize=2)
            if step == 5:
                given = pl.DataFrame(given)
            report = store.amend(given, "mails", at=time)
            events += [({**mail, "seen": max(time, mail["seen"] or 0)}, float("inf")) for mail in mended]
        else:
            column: Any = chance.choice([ids, pa.array(ids), pd.Series(ids), tuple(ids)])
            report = store.retract("mails", column, at=datetime.fromtimestamp(time / 1000, timezone.utc))
        assert (report.retracted, report.appended) == (5, 5 * (step % 2)), f"seed {seed}"
        assert bits(report.known_from) == time, f"seed {seed}"
    for _ in range(60):
        who, at = chance.choice(PEOPLE), chance.instant()
        known = chance.choice([None, at, chance.instant(), LATE + chance.randrange(8) * DAY])
        limit = float("inf") if known is None else known // DAY
        left = [mail for mail, gone in events if not (gone < float("inf") and gone // DAY < limit)]
        how: dict[str, Any] = {"mode": "corrected"} if known is None else {"known_at": known}
        found = store.get("by_sender", who, at=at, **how)
        wanted = naive(left, who, at, known)
        for name in FEATURES:
            assert bits(found[name]) == bits(wanted[name]), f"seed {seed}: {who} at {at}, {how}: {name}"


def test_ids_are_texts_and_whole_numbers(tmp_path: Path) -> None:
    kinds = {"int": ([1, -(2**63), 7], pa.int64()), "string": (["1", "é", ""], pa.string())}
    for kind, (ids, arrow) in kinds.items():
        with hindcast.open(tmp_path / kind, "create") as store:
            store.register({**MAILS, "fields": {**MAILS["fields"], "id": kind}}, view())
            mails = frame([{**mail, "sender": "ann"} for mail in numbered(Chance(1), 3)])
            mails = mails.set_column(0, "id", pa.array(ids, arrow))
            store.ingest(mails, "mails", source="x")
            assert store.retract("mails", mails["id"][:1], at=LATE).retracted == 1
            assert store.retract("mails", pd.Series(ids)[1:2], at=LATE).retracted == 1
            with pytest.raises(hindcast.RowError, match="id 1: field 'id': no event of 'mails'") as raised:
                store.retract("mails", [ids[0], ids[2]])
            assert (raised.value.row, raised.value.column) == (0, "id")
            for wrong in (None, 0.5, True, datetime(2026, 1, 1)):
                with pytest.raises(hindcast.RowError, match="id 2: .* is no id") as raised:
                    store.retract("mails", [ids[2], wrong])
                assert raised.value.row == 1
            with pytest.raises(TypeError, match="not one text"):
                store.retract("mails", "m1")
            with pytest.raises(hindcast.RequestError, match="no ids were given"):
                store.retract("mails", [])
            if kind == "int":
                with pytest.raises(hindcast.RowError, match="id 2: field 'id': not an integer: 'x'") as raised:
                    store.retract("mails", [7, "x"])
                assert raised.value.row == 1


def test_what_is_refused_changes_nothing(store: hindcast.Store, tmp_path: Path) -> None:
    mails = frame(numbered(Chance(3), 4))
    store.ingest(mails, "mails", source="x")
    before = (history(store), store.streams())
    other = mails.slice(0, 1).set_column(0, "id", pa.array(["m9"]))
    with pytest.raises(hindcast.RowError, match="row 4: field 'id': no event of 'mails' has the id 'm9'") as raised:
        store.amend(pa.concat_tables([mails, other]), "mails", at=LATE)
    assert (raised.value.row, raised.value.column) == (4, "id")
    with pytest.raises(hindcast.RequestError, match="no column 'topic', which stream 'mails' declares"):
        store.amend(mails.drop_columns(["topic"]), "mails")
    with pytest.raises(hindcast.RequestError, match="'size' is double, and int is needed there: cast it first"):
        store.amend(mails.set_column(4, "size", pa.array([0.5] * 4)), "mails")
    with pytest.raises(hindcast.RequestError, match="no events were given"):
        store.amend(mails.slice(0, 0), "mails")
    with pytest.raises(hindcast.UnknownNameError, match="did you mean 'mails'"):
        store.amend(mails, "mail")
    with pytest.raises(hindcast.RequestError, match="is a table"):
        store.retract("reputation", ["x"])
    with pytest.raises(hindcast.StorageError, match="nowhere"):
        store.amend(tmp_path / "nowhere.csv", "mails")
    assert (history(store), store.streams()) == before
    store.close()
    with hindcast.open(store.path) as reader, pytest.raises(hindcast.ReadOnlyError):
        reader.retract("mails", ["m0"])


def rows(*rows: tuple[Any, ...]) -> pa.Table:
    kinds = pa.schema(
        [
            ("sender", pa.string()),
            ("port", pa.int64()),
            ("since", pa.timestamp("ms", "UTC")),
            ("score", pa.float64()),
            ("tier", pa.string()),
            ("spam", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist([dict(zip(kinds.names, row)) for row in rows], kinds)


def test_tables_are_replaced_as_a_whole(store: hindcast.Store, tmp_path: Path) -> None:
    first = rows(("ann", 25, START, 0.5, "new", True), ("ann", 25, START + 5 * DAY, -0.0, None, None), ("", -1, None, 1.0, "x", False))
    report = store.load(first, "reputation", known_from_valid=True)
    assert (report.table, report.rows, report.added, report.known_from) == ("reputation", 3, 3, None)
    found = store.get("reputation", ("ann", 25), at=START + 7 * DAY)
    assert (bits(found["score"]), found["tier"], bits(found["since"])) == (bits(-0.0), None, START + 5 * DAY)
    assert store.get("reputation", ("", -1), at=START)["tier"] == "x"
    frames: list[Any] = [first.to_pandas(), pl.DataFrame(first), first.to_reader(), first.select(first.column_names[::-1])]
    for same in frames:
        if isinstance(same, pd.DataFrame):
            same["spam"] = same["spam"].astype("boolean")
        again = store.load(same, "reputation", at=LATE)
        assert (again.unchanged, again.known_from) == (3, None)
    file = tmp_path / "rows.csv"
    file.write_text("tier,port,sender,since,score,spam\nbad,25,ann,2026-01-01,0.5,t\n", encoding="utf-8")
    report = store.load(file, "reputation", at="2026-07-01")
    assert (report.changed, report.removed, bits(report.known_from)) == (1, 2, START + 181 * DAY)
    assert store.get("reputation", ("ann", 25), at="2026-07-01T12:00:00Z")["tier"] is None
    assert store.get("reputation", ("ann", 25), at="2026-07-02")["tier"] == "bad"
    (table,) = store.tables()
    assert (table.name, table.key, table.valid_from) == ("reputation", {"sender": "string", "port": "int"}, "since")
    assert (table.attributes["spam"], table.slice, bits(table.seal)) == ("bool", "1d", START + 181 * DAY)
    assert store.load(first.slice(0, 0), "reputation", empty=True).removed == 1
    assert store.drop(table="reputation") is None and store.tables() == []


def test_bad_rows_of_tables_change_nothing(store: hindcast.Store, tmp_path: Path) -> None:
    good = rows(("ann", 25, START, 0.5, "new", True))
    store.load(good, "reputation", at=LATE)
    before = (history(store), store.streams())
    far = START + 99_999 * DAY
    for bad, row, column, reason in [
        (rows(("ann", 1, None, 1.0, "", True), (None, 1, None, 1.0, "", True)), 1, "sender", "a value is missing"),
        (rows(("a", 1, None, 1.0, "", True), ("b", 1, START, 1.0, "", True), ("a", 1, None, 2.0, "", True)), 2, "since", "row 0 has this key"),
        (rows(("a", 1, None, 1.0, "", True), ("a", 2, far, 1.0, "", True)), 1, "since", "lies ahead of"),
        (rows(("a", 1, None, float("nan"), "", True)), 0, "score", "not a finite number"),
    ]:
        with pytest.raises(hindcast.RowError, match=reason) as raised:
            store.load(bad, "reputation")
        assert (raised.value.row, raised.value.column) == (row, column)
    for refused, how, reason in [
        (good.drop_columns(["tier"]), {}, "no column 'tier', which table 'reputation' declares"),
        (good, {"at": "2999-01-01"}, "lies ahead of the clock"),
        (good, {"at": LATE, "known_from_valid": True}, "exclude each other"),
        (good, {"at": START}, "seal"),
        (good.slice(0, 0), {}, "would have none"),
    ]:
        with pytest.raises(hindcast.RequestError, match=reason):
            store.load(refused, "reputation", **how)
    with pytest.raises(hindcast.UnknownNameError, match="did you mean 'reputation'"):
        store.load(good, "reputations")
    file = tmp_path / "rows.csv"
    file.write_text("sender,port,since,score,tier,spam\nann,x,,1,,\n", encoding="utf-8")
    with pytest.raises(hindcast.RowError, match="line 2: field 'port': not an integer: 'x'"):
        store.load(file, "reputation")
    with pytest.raises(hindcast.RequestError, match="one of"):
        store.drop("by_sender", table="reputation")
    assert (history(store), store.streams()) == before


def test_a_check_tells_warnings_and_notes(store: hindcast.Store) -> None:
    assert store.check(view()) == hindcast.Findings([], [], [])
    short = {**MAILS, "stream": "short", "keep": "7d"}
    findings = store.check(short, {**view("brief"), "stream": "short"})
    assert findings.mistakes == [] and findings.warnings[0].startswith("view brief: '30d_N'")
    assert store.check({"view": "x"}).mistakes


def test_forgotten_everywhere(tmp_path: Path) -> None:
    ann = "ann.forgettable@example.com"
    mails = [{**mail, "sender": ann if index % 2 else "bob"} for index, mail in enumerate(numbered(Chance(4), 40))]
    with hindcast.open(tmp_path / "store", "create") as store:
        store.register(MAILS, view(), TABLE)
        store.ingest(frame(mails), "mails", source="x")
    log = tmp_path / "served"
    with Server(tmp_path / "store", "--served-log", str(log)) as server:
        with hindcast.connect(port=server.port) as client:
            for _ in range(3):
                client.redis.execute_command("HGETALL", f"by_sender:{ann}")
                client.redis.execute_command("HGETALL", "by_sender:bob")
    assert any(ann.encode() in each.read_bytes() for each in log.iterdir())
    with hindcast.open(tmp_path / "store") as reader:
        found = reader.forget({"sender": ann}, served_log=log, dry_run=True)
        assert found.left > 0 and found.erased == 0
        others = reader.get("by_sender", "bob", at=START + 40 * DAY, mode="corrected")
        with pytest.raises(hindcast.ReadOnlyError):
            reader.forget({"sender": ann})
    with hindcast.open(tmp_path / "store", "write") as store:
        with pytest.raises(hindcast.RequestError, match="did you mean 'sender'"):
            store.forget({"sendr": ann})
        with pytest.raises(hindcast.RequestError, match="names nothing"):
            store.forget({})
        with pytest.raises(hindcast.StorageError):
            store.forget({"sender": ann}, served_log=tmp_path / "none")
        assert store.forget({"sender": ann}, dry_run=True).erased == 0
        report = store.forget({"sender": ann}, served_log=str(log))
        assert report.left == 0 and report.text_searched and report.fields == ["sender"]
        erased = {(place.kind, place.name): place.erased for place in report.places}
        assert erased["kept events", "mails"] == 20 and erased["served log", str(log)] == 3
        assert erased["view", "by_sender"] > 0
        assert store.get("by_sender", ann, at=START + 40 * DAY, mode="corrected")["30d_N"] == 0
        assert store.get("by_sender", "bob", at=START + 40 * DAY, mode="corrected") == others
        assert history(store)[-2:] == ["forgot", "forgot"]
    hindcast.open(tmp_path / "store", "write").close()
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            assert ann.encode() not in (Path(folder) / name).read_bytes(), name


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_server_does_the_same(tmp_path: Path, protocol: Any) -> None:
    mails = numbered(Chance(5), 60)
    with hindcast.open(tmp_path / "store", "create") as store:
        store.register(MAILS, view(), TABLE)
        store.ingest(frame(mails), "mails", source="x")
    with Server(tmp_path / "store") as server, hindcast.connect(port=server.port, protocol=protocol) as client:
        assert client.check(view()) == hindcast.Findings([], [], [])
        assert client.check({"view": "x"}).mistakes
        report = client.retract("mails", pa.array(["m1", "m2"]))
        assert (report.retracted, report.appended) == (2, 0) and report.slices >= 1
        mended = {**mails[3], "sender": "ann", "at": datetime(2026, 1, 9, tzinfo=timezone.utc), "size": None, "score": 0.1}
        assert client.amend("mails", mended).appended == 1
        left = [*mails[:1], *mails[4:], {**mended, "at": START + 8 * DAY}]
        for who in PEOPLE:
            found = client.get("by_sender", who, asof=START + 20 * DAY, corrected=True)
            wanted = naive(left, who, START + 20 * DAY, None)
            assert {name: bits(found[name]) for name in FEATURES} == {name: bits(wanted[name]) for name in FEATURES}
        for ids, reason in [(["m4", "m1"], "id 2: field 'id'"), ([], "wrong number of arguments")]:
            with pytest.raises(hindcast.RequestError, match=reason):
                client.retract("mails", ids)
        with pytest.raises(hindcast.RequestError, match="no event of 'mails'"):
            client.amend("mails", {**mended, "id": "m99"})
        loaded = client.load("reputation", [
            {"sender": 'a"\n', "port": -(2**63), "since": datetime(2026, 1, 1), "score": 0.1, "tier": "é", "spam": True},
            {"sender": "b", "port": 1, "tier": None},
        ])
        assert (loaded.rows, loaded.added) == (2, 2) and loaded.known_from is not None
        assert client.load("reputation", [{"sender": "b", "port": 1}]).removed == 1
        found = client.get("reputation", ("b", 1), fresh=True)
        assert bits(found["since"]) == -62_135_596_800_000 and found["score"] is None
        with pytest.raises(hindcast.RequestError, match="line 1: field 'port': a value is missing"):
            client.load("reputation", [{"sender": "b"}])
        with pytest.raises(hindcast.RowError, match="row 0 cannot be put into JSON"):
            client.load("reputation", [{"sender": "b", "port": 1, "score": float("nan")}])
        client.drop(table="reputation")
        with pytest.raises(hindcast.RequestError, match="one of view, set and table"):
            client.drop()
        assert client.forget({"sender": "bob"}, dry_run=True).left > 0
        forgotten = client.forget({"sender": "bob"})
        assert forgotten.left == 0 and forgotten.erased > 0 and forgotten.text_searched is False
        assert {place.kind for place in forgotten.places} >= {"view", "kept events", "caches"}
        with pytest.raises(hindcast.RequestError, match="did you mean 'sender'"):
            client.forget({"sendr": "bob"})
        client.drop("by_sender")
        with pytest.raises(hindcast.RequestError, match="no view"):
            client.get("by_sender", "ann")
