"""The conformance vectors through Python and the C interface below it: tables in, look-ups and joins out, a server."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Optional

import pyarrow as pa
import pytest
from serving import Server
from world import bits

import hindcast

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tools/conformance"))
import vectors  # noqa: E402
from sets import FeatureSet  # noqa: E402

ARROW = {
    "int": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("ms", "UTC"),
}
KNOWN_ERRORS = {
    "unknown_view": "has no view",
    "unknown_feature": "has no feature",
    "unknown_set": "has no feature set",
    "expired": "keeps slices from",
}


ASKING = {"ask", "ask_sets"}
# Their last questions are about years to come.
AHEAD = {"far_years", "derive_conditions"}


class Replay:
    """A store that the steps of one vector happen to."""

    def __init__(self, vector: Any, folder: Path) -> None:
        self.vector = vector
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.path = folder / "store"
        self.steps = 0
        with hindcast.open(self.path, "create") as store:
            joined = [vector.joined] if vector.joined else []
            store.register(vector.json["stream"], *joined, *self.views(set(vector.views) - vector.later), *vector.sets)

    def views(self, names: set[str]) -> list[dict[str, Any]]:
        return [view for view in self.vector.json["views"] if view["view"] in names]

    def run(self, step: dict[str, Any]) -> None:
        ((name, body),) = step.items()
        self.steps += 1
        if name == "ingest":
            self.ingest(body)
        elif name == "ingest_joined":
            self.ingest(body, self.vector.joined)
        elif name == "refuse":
            for row in body:
                with pytest.raises((hindcast.HindcastError, OverflowError, pa.ArrowInvalid)):
                    self.ingest([row])
                self.steps += 1
        elif name == "seal":
            self.seal(vectors.milliseconds(body))
        elif name == "expire":
            with hindcast.open(self.path, "write") as store:
                store.expire(body["view"], body["before"])
        elif name == "register":
            with hindcast.open(self.path, "write") as store:
                store.register(*self.views(set(body)))
        elif name in ("retract", "retract_joined"):
            stream = self.vector.json["stream"] if name == "retract" else self.vector.joined
            with hindcast.open(self.path, "write") as store:
                report = store.retract(stream["stream"], body["ids"], at=time_of(body["at"]))
            assert report.retracted >= len(body["ids"]) and report.appended == 0
        elif name == "forget":
            with hindcast.open(self.path, "write") as store:
                assert store.forget(body).left == 0
        elif name == "amend":
            stream = self.vector.json["stream"]
            with hindcast.open(self.path, "write") as store:
                report = store.amend(self.table(body["rows"], stream), stream["stream"], at=time_of(body["at"]))
            assert report.appended == len(body["rows"]) and report.retracted >= len(body["rows"])
        elif name == "ask_sets":
            self.ask_sets(body)
        else:
            self.ask(body)

    def table(self, rows: list[dict[str, Any]], stream: dict[str, Any]) -> pa.Table:
        return pa.table(
            {
                field: pa.array([self.vector.value(field, row.get(field), kind) for row in rows], ARROW[kind])
                for field, kind in stream["fields"].items()
            }
        )

    def ingest(self, rows: list[dict[str, Any]], stream: Optional[dict[str, Any]] = None) -> None:
        stream = stream or self.vector.json["stream"]
        with hindcast.open(self.path, "write") as store:
            report = store.ingest(self.table(rows, stream), stream["stream"], source=f"step {self.steps}")
        assert report.rows == len(rows)

    def seal(self, time: int) -> None:
        with hindcast.open(self.path, "write") as store:
            try:
                store.seal(self.vector.json["stream"]["stream"], time)
            except hindcast.HindcastError as error:
                # An earlier seal changes nothing.
                assert "never moves back" in str(error)

    def ask(self, questions: list[dict[str, Any]]) -> None:
        with hindcast.open(self.path) as store:
            for question in questions:
                self.check(question, self.get(store, question), "get")
            for question, found in self.join(store, questions):
                self.check(question, found, "join")

    def ask_sets(self, questions: list[dict[str, Any]]) -> None:
        with hindcast.open(self.path) as store:
            for question in questions:
                self.check_vector(question, self.vector_of(store, question), "vector")

    def vector_of(self, store: hindcast.Store, question: dict[str, Any]) -> Any:
        how = {"known_at": time_of(question["known"])} if "known" in question else {"mode": question["mode"]}
        try:
            return store.vector(question["set"], question["keys"], at=time_of(question["at"]), **how)
        except hindcast.HindcastError as error:
            return str(error)

    def check_vector(self, question: dict[str, Any], found: Any, way: str) -> None:
        where = f"{self.vector.path.name}, step {self.steps}, {way}: {question}"
        if "error" in question:
            assert isinstance(found, str) and KNOWN_ERRORS[question["error"]] in found, where
            return
        declaration = next(each for each in self.vector.sets if each["set"] == question["set"])
        declared = FeatureSet(declaration, self.vector.views)
        kinds = {name: declared.kind(name) for name in declared.members}
        assert isinstance(found, dict) and list(found) == list(declared.members), f"{where}: {found}"
        wanted = [bits(vectors.raw(value, kinds[name])) for name, value in zip(declared.members, question["values"])]
        assert [bits(value) for value in found.values()] == wanted, where

    def get(self, store: hindcast.Store, question: dict[str, Any]) -> Any:
        how = {"known_at": time_of(question["known"])} if "known" in question else {"mode": question["mode"]}
        try:
            return store.get(
                question["view"],
                tuple(question["entity"]),
                at=time_of(question["at"]),
                features=question["features"],
                **how,
            )
        except hindcast.HindcastError as error:
            return str(error)

    def join(self, store: hindcast.Store, questions: list[dict[str, Any]]) -> Any:
        """Questions with an answer, those of one shape in one table."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for question in questions:
            if "values" in question and question["mode"] != "fresh" and self.key(question) is not None:
                shape = [question["view"], question["features"], question["mode"], question.get("known")]
                groups.setdefault(json.dumps(shape), []).append(question)
        for group in groups.values():
            first = group[0]
            view = self.vector.views[first["view"]]
            keys = [self.key(question) or [] for question in group]
            spine = pa.table(
                {"asked": pa.array([time_of(question["at"]) for question in group], ARROW["timestamp"])}
                | {
                    field: pa.array([key[place] for key in keys], ARROW[view.fields[field]])
                    for place, field in enumerate(view.entity)
                }
            )
            how = {"known_at": time_of(first["known"])} if "known" in first else {"mode": first["mode"]}
            joined = store.join(spine, {first["view"]: first["features"]}, time="asked", **how)
            columns = [raw(joined[name]) for name in first["features"]]
            for row, question in enumerate(group):
                values = [column[row] for column in columns]
                yield question, dict(zip(question["features"], values))

    def key(self, question: dict[str, Any]) -> Optional[list[Any]]:
        """The parts of a key as values of their types; None where one is no such value."""
        view = self.vector.views[question["view"]]
        parts: list[Any] = []
        for field, part in zip(view.entity, question["entity"]):
            kind = view.fields[field]
            if part is None or kind == "string":
                parts.append(part)
            elif kind == "bool":
                if part not in ("true", "false"):
                    return None
                parts.append(part == "true")
            else:
                try:
                    parts.append(int(part))
                except ValueError:
                    return None
                if str(parts[-1]) != part or not -(2**63) <= parts[-1] < 2**63:
                    return None
        return parts

    def check(self, question: dict[str, Any], found: Any, way: str) -> None:
        where = f"{self.vector.path.name}, step {self.steps}, {way}: {question}"
        if "error" in question:
            assert isinstance(found, str) and KNOWN_ERRORS[question["error"]] in found, where
            return
        kinds = self.vector.views[question["view"]].kinds
        assert isinstance(found, dict), f"{where}: {found}"
        wanted = [
            bits(vectors.raw(value, kinds[name])) for name, value in zip(question["features"], question["values"])
        ]
        assert [bits(found[name]) for name in question["features"]] == wanted, where


def time_of(time: Any) -> int:
    return vectors.milliseconds(time)


def raw(column: pa.ChunkedArray) -> list[Any]:
    """Times as epoch milliseconds."""
    return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()


@pytest.mark.parametrize("path", vectors.paths([]), ids=lambda path: path.stem)
def test_python_gives_the_vectors_answers_bit_for_bit(path: Path, tmp_path: Path) -> None:
    replay = Replay(vectors.Vector(path), tmp_path)
    for step in replay.vector.steps:
        replay.run(step)


class Asked:
    """A server over a copy of a store as it stands, and the questions of one step for it."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.copy = replay.folder / f"served{replay.steps}"
        with hindcast.open(replay.path) as store:
            store.checkpoint(self.copy)

    def ask(self, name: str, questions: list[dict[str, Any]]) -> int:
        """How many could be asked: nobody can ask a server for a null, or for what lies ahead of its clock."""
        now, asked = int(time.time() * 1000), 0
        with Server(self.copy) as server, hindcast.connect(port=server.port) as client:
            for question in questions:
                key = question["entity"] if name == "ask" else question["keys"].values()
                if None in key or max(time_of(question["at"]), time_of(question.get("known", 0))) > now:
                    continue
                asked += 1
                if name == "ask":
                    self.replay.check(question, self.get(client, question), "socket")
                else:
                    self.replay.check_vector(question, self.vector_of(client, question), "socket")
        return asked

    @staticmethod
    def how(question: dict[str, Any]) -> dict[str, Any]:
        how: dict[str, Any] = {"asof": time_of(question["at"])}
        if question["mode"] == "known_at":
            return {**how, "known": time_of(question["known"])}
        return how if question["mode"] == "as_served" else {**how, question["mode"]: True}

    def get(self, client: hindcast.Client, question: dict[str, Any]) -> Any:
        try:
            return client.get(
                question["view"], tuple(question["entity"]), question["features"], **self.how(question)
            )
        except hindcast.HindcastError as error:
            return str(error)

    def vector_of(self, client: hindcast.Client, question: dict[str, Any]) -> Any:
        try:
            return client.vector(question["set"], keys=question["keys"], **self.how(question))
        except hindcast.HindcastError as error:
            return str(error)


@pytest.mark.parametrize("path", vectors.paths([]), ids=lambda path: path.stem)
def test_a_server_gives_the_last_answers_to_the_client(path: Path, tmp_path: Path) -> None:
    """Those of the last steps, when all has happened; Swift's tests let servers answer every step."""
    replay = Replay(vectors.Vector(path), tmp_path)
    steps = replay.vector.steps
    last = max(index for index, step in enumerate(steps) if not ASKING & step.keys())
    for step in steps[: last + 1]:
        if not ASKING & step.keys():
            replay.run(step)
    asked = 0
    for step in steps[last + 1 :]:
        ((name, questions),) = step.items()
        asked += Asked(replay).ask(name, questions)
        replay.steps += 1
    assert asked > 0 or path.stem in AHEAD
