"""Declarations that change: planned, replaced, silent beside what serves, promoted, deprecated, dropped, told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import hindcast

STREAM = {
    "stream": "mails",
    "fields": {"sender": "string", "at": "timestamp", "size": "int"},
    "eventTime": "at",
    "keep": True,
}


def view(where: str = "", windows: tuple[str, ...] = ("7d", "30d")) -> dict[str, Any]:
    declared = {
        "view": "by_sender",
        "stream": "mails",
        "entity": ["sender"],
        "slice": "1d",
        "features": {"{window}_N": {"count": True, "windows": list(windows)}},
    }
    return {**declared, "where": where} if where else declared


@pytest.fixture
def store(tmp_path: Path) -> hindcast.Store:
    store = hindcast.open(tmp_path / "store", "create")
    store.register(STREAM, view())
    start = datetime(2026, 1, 1, 12)
    mails = pa.table(
        {
            "sender": ["ann"] * 20,
            "at": [start + timedelta(days=day) for day in range(20)],
            "size": list(range(20)),
        }
    )
    store.ingest(mails, "mails", source="january")
    return store


def count(store: hindcast.Store, name: str) -> Any:
    return store.get(name, "ann", at="2026-01-25")["30d_N"]


def test_a_plan_says_what_register_does(store: hindcast.Store) -> None:
    (plan,) = store.plan(view("size > 9"), replace=True)
    assert (plan.action, plan.events) == ("replaced", 20)
    with pytest.raises(hindcast.DeclarationError, match="where: none"):
        store.plan(view("size > 9"))
    (done,) = store.register(view("size > 9"), replace=True)
    assert done.outcome == "building" and count(store, "by_sender") == 10
    assert [plan.action for plan in store.plan(view("size > 9"))] == ["unchanged"]
    with pytest.raises(hindcast.RequestError):
        store.plan(view(), replace=True, silent=True)


def test_versions_side_by_side(store: hindcast.Store) -> None:
    assert store.register(view("size > 9"), silent=True)[0].name == "by_sender@2"
    assert (count(store, "by_sender"), count(store, "by_sender@2")) == (20, 10)
    assert [(each.name, each.state) for each in store.views()] == [("by_sender", "serving"), ("by_sender@2", "silent")]
    promotion = store.promote("by_sender@2")
    assert (promotion.view, promotion.version, promotion.previous) == ("by_sender", 2, "by_sender@1")
    assert (count(store, "by_sender"), count(store, "by_sender@1")) == (10, 20)
    assert store.promote("by_sender@1", silence=True).previous == "by_sender@2"
    with pytest.raises(hindcast.UnknownNameError):
        store.promote("by_sender@9")
    spine = pa.table({"sender": ["ann"], "at": [datetime(2026, 1, 25)]})
    joined = store.join(spine, [{"by_sender": ["30d_N"]}, {"by_sender@2": ["30d_N"]}])
    assert joined.to_pylist()[0] == {
        "sender": "ann",
        "at": datetime(2026, 1, 25),
        "by_sender.30d_N": 20,
        "by_sender@2.30d_N": 10,
    }


def test_deprecated_dropped_and_told_of(store: hindcast.Store) -> None:
    assert store.deprecate("by_sender.7d_N", "use 30d_N") == "by_sender.7d_N"
    assert "use 30d_N" in store.views()[0].deprecated["by_sender.7d_N"]
    assert store.undeprecate("by_sender.7d_N") == "by_sender.7d_N"
    with pytest.raises(hindcast.RequestError, match="not deprecated"):
        store.undeprecate("by_sender.7d_N")
    with pytest.raises(hindcast.UnknownNameError):
        store.deprecate("by_sender.8d_N")
    assert store.drop("by_sender") is None
    with pytest.raises(hindcast.UnknownNameError):
        store.drop(set="by_sender")
    with pytest.raises(hindcast.RequestError, match="one of"):
        store.drop()
    assert [entry.action for entry in store.audit()][-3:] == ["deprecated", "undeprecated", "dropped"]
