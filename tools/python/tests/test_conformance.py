"""The conformance vectors through Python and the C interface below it: tables in, look-ups and joins out, a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pyarrow as pa
import pytest
from serving import PROGRAM, Server
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
            self.command("expire", str(self.path), body["view"], "--before", body["before"])
        elif name == "register":
            files = []
            for view in self.views(set(body)):
                files.append(str(self.folder / f"{view['view']}.json"))
                Path(files[-1]).write_text(json.dumps(view), encoding="utf-8")
            self.command("register", str(self.path), *files)
        elif name in ("retract", "retract_joined"):
            stream = self.vector.json["stream"] if name == "retract" else self.vector.joined
            ids = [str(id) for id in body["ids"]]
            self.command("retract", str(self.path), stream["stream"], *ids, "--at", body["at"])
        elif name == "amend":
            rows = self.folder / f"amend{self.steps}.jsonl"
            rows.write_text("".join(json.dumps(row) + "\n" for row in body["rows"]), encoding="utf-8")
            self.command(
                "amend", str(self.path), self.vector.json["stream"]["stream"], str(rows), "--at", body["at"]
            )
        elif name == "ask_sets":
            self.ask_sets(body)
        else:
            self.ask(body)

    @staticmethod
    def command(*words: str) -> None:
        subprocess.run([str(PROGRAM), *words], check=True, capture_output=True)

    def ingest(self, rows: list[dict[str, Any]], stream: Optional[dict[str, Any]] = None) -> None:
        stream = stream or self.vector.json["stream"]
        columns = {
            field: pa.array([self.vector.value(field, row.get(field), kind) for row in rows], ARROW[kind])
            for field, kind in stream["fields"].items()
        }
        with hindcast.open(self.path, "write") as store:
            report = store.ingest(pa.table(columns), stream["stream"], source=f"step {self.steps}")
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
                where = f"{self.vector.path.name}, step {self.steps}, vector: {question}"
                how = {"known_at": time_of(question["known"])} if "known" in question else {"mode": question["mode"]}
                try:
                    found = store.vector(question["set"], question["keys"], at=time_of(question["at"]), **how)
                except hindcast.HindcastError as error:
                    assert KNOWN_ERRORS[question["error"]] in str(error), f"{where}: {error}"
                    continue
                declaration = next(s for s in self.vector.sets if s["set"] == question["set"])
                declared = FeatureSet(declaration, self.vector.views)
                kinds = {name: declared.kind(name) for name in declared.members}
                wanted = [
                    bits(vectors.raw(value, kinds[name])) for name, value in zip(declared.members, question["values"])
                ]
                assert [bits(value) for value in found.values()] == wanted, where
                assert list(found) == list(declared.members), where

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


def test_a_server_gives_the_answers_about_computed_fields(tmp_path: Path) -> None:
    """The client of Python; all other vectors go through the socket in Swift's tests."""
    for name in ("derive_keys", "derive_features", "kept_events"):
        replay = Replay(vectors.Vector(ROOT / f"schemas/conformance/{name}.json"), tmp_path / name)
        # The last questions: serving seals the stream at the clock.
        steps = replay.vector.steps
        for step in steps[:-1]:
            replay.run(step)
        with Server(replay.path) as server, hindcast.connect(port=server.port) as client:
            for question in steps[-1]["ask"]:
                if None in question["entity"]:
                    continue
                how: dict[str, Any] = {}
                if question["mode"] == "known_at":
                    how["known"] = time_of(question["known"])
                elif question["mode"] != "as_served":
                    how[question["mode"]] = True
                try:
                    found: Any = client.get(
                        question["view"],
                        tuple(question["entity"]),
                        question["features"],
                        asof=time_of(question["at"]),
                        **how,
                    )
                except hindcast.HindcastError as error:
                    found = str(error)
                replay.check(question, found, "socket")
