#!/usr/bin/env python3
"""The contract, executed: obvious, quadratic, exact.

    tools/conformance/reference.py [--write] [FILE ...]

Checks the expected values of the conformance vectors (all of them, or the files named), and with
--write puts them in. Every answer is found by going through all events of the stream. Written from
`docs/contract.md`; it needs nothing but Python.
"""
import argparse
import json
import math
import sys
from fractions import Fraction

import vectors
from algebra import further
from expressions import Expression, comparable, evaluate
from sets import FeatureSet
from xxh64 import xxh64

INT64 = range(-2**63, 2**63)


def rounded(exact):
    """The double nearest to an exact number (ties to even), or None beyond the finite doubles. Zero has no
    sign."""
    try:
        return float(Fraction(exact)) + 0.0
    except OverflowError:
        return None


def total(values):
    """The exact sum."""
    return sum(map(Fraction, values), Fraction(0))


def mean(values):
    top = rounded(total(values))
    return rounded(total(values) / len(values)) if top is None else top / len(values)


def variance(values):
    n = len(values)
    if n < 2:
        return None
    return rounded((n * total(Fraction(v) ** 2 for v in values) - total(values) ** 2) / (n * (n - 1)))


def order(value):
    """How values of one type compare; of the two zeros the negative one is the lesser."""
    return (value, math.copysign(1, value)) if isinstance(value, float) else comparable(value)


def summed(values, kind):
    exact = total(values)
    if kind == "double":
        return rounded(exact)
    return int(exact) if int(exact) in INT64 else None


BASIC = {"count", "sum", "mean", "variance", "stddev", "distinct", "min", "max", "first", "last"}


def aggregate(feature, kind, events, rows, start):
    """The value of a feature over (event time, field value) pairs with a value, of so many rows, for a request
    whose slice begins at `start`."""
    values = [value for _, value in events]
    if feature.function not in BASIC:
        return further(feature, kind, events, rows, start, order)
    if feature.function == "count":
        return len(values)
    if feature.function == "sum":
        return summed(values, kind)
    if not values:
        return None
    if feature.function == "mean":
        return mean(values)
    if feature.function == "variance":
        return variance(values)
    if feature.function == "stddev":
        found = variance(values)
        return None if found is None else math.sqrt(found)
    if feature.function == "distinct":
        assert len(set(values)) <= feature.parameters.get("exactUpTo", 256), "beyond exact counting"
        return len(set(values))
    if feature.function == "min":
        return min(values, key=order)
    if feature.function == "max":
        return max(values, key=order)
    by_time_and_value = sorted(events, key=lambda event: (event[0], order(event[1])))
    return by_time_and_value[{"first": 0, "last": -1}[feature.function]][1]


class Refused(Exception):
    """A row or a question that must not be accepted, with the error's name."""


class Reference:
    """The state after some steps: all events with their arrival, the seal, and each view's floor."""

    def __init__(self, vector):
        self.vector = vector
        self.events = []  # (event time, arrival time, row)
        self.gone = {}  # by place in `events`, when it was taken back
        self.forgotten = set()  # places in `events`
        self.others, self.others_gone = [], {}  # the same of the stream that views join
        self.seal = vectors.EARLIEST
        self.floors = {}
        # All events that arrive from here on are kept, for views that come later.
        self.kept_from = None
        self.standing = set(vector.views) - vector.later
        self.sets = {declared["set"]: FeatureSet(declared, vector.views) for declared in vector.sets}
        self.filters = {name: Expression(view.filter, view.fields) for name, view in vector.views.items()
                        if view.filter is not None}
        self.own = {feature: Expression(feature.filter, view.fields) for view in vector.views.values()
                    for feature in view.features.values() if getattr(feature, "filter", None) is not None}
        self.derived = {name: {field: Expression(text, view.fields) for field, text in view.derived.items()}
                        for name, view in vector.views.items()}

    def ingest(self, json_row):
        stream = self.vector.json["stream"]
        self.events.append(self.event(self.vector.row(json_row), stream))

    def event(self, row, stream):
        """(event time, arrival time, row)."""
        for field, kind in stream["fields"].items():
            value = row[field]
            if kind == "timestamp" and value is not None:
                if not vectors.EARLIEST <= value < vectors.LIMIT:
                    raise Refused("time")
            if kind == "int" and value is not None and value not in INT64:
                raise Refused("int")
        happened = row[stream["eventTime"]]
        if happened is None:
            raise Refused("no event time")
        declared = row[stream["arrivalTime"]] if "arrivalTime" in stream else None
        return happened, max(happened if declared is None else declared, happened, self.seal), row

    def take_back(self, ids, time):
        """Takes the standing events with these ids back; the stream is sealed by it."""
        self.mark(self.events, self.gone, self.vector.id, ids, time)

    def forget(self, field, value):
        """Erases the events that have the value in the field; a view without it in its key would count them on."""
        assert all(field in self.vector.views[name].entity for name in self.standing), "a view without the field"
        assert not self.vector.joined, "no event is forgotten where streams are joined"
        self.forgotten |= {place for place, (_, _, row) in enumerate(self.events) if row[field] == value}

    def mark(self, events, gone, id_field, ids, time):
        assert time >= self.seal, "a correction before the seal"
        for place, (_, arrived, row) in enumerate(events):
            if row[id_field] in ids and place not in gone:
                assert arrived <= time, "a correction before the event"
                gone[place] = time
        # The two streams are sealed together.
        self.seal = time

    def standing_events(self, view):
        """(event time, arrival time, when taken back or never, row) of all that a view takes in."""
        for place, (happened, arrived, row) in enumerate(self.events):
            if place in self.forgotten:
                continue
            gone = self.gone.get(place, math.inf)
            if not view.join:
                yield happened, arrived, gone, row
                continue
            for other, (_, other_arrived, other_row) in enumerate(self.others):
                if row[view.join["by"]] is None or other_row[self.vector.joined["id"]] != row[view.join["by"]]:
                    continue
                fields = {field: other_row[field] for field in view.join["fields"]}
                yield (happened, max(arrived, other_arrived), min(gone, self.others_gone.get(other, math.inf)),
                       row | fields)

    def expire(self, view_name, before):
        floor = vectors.milliseconds(before) // self.vector.views[view_name].length
        self.floors[view_name] = max(floor, self.floors.get(view_name, floor))

    def let_go(self):
        """Forgets the kept events that became known longer before the seal than the stream keeps them."""
        if self.vector.keep is None:
            return
        gone = [arrived for _, arrived, _ in self.events if arrived < self.seal - self.vector.keep]
        self.kept_from = max(gone) + 1 if gone else None

    def register(self, names):
        """Views that are there from now on; of older slices than those that begin later some events are gone."""
        self.standing.update(names)
        for name in names if self.kept_from is not None else []:
            self.floors[name] = -(-self.kept_from // self.vector.views[name].length)

    def answer(self, ask):
        view = self.vector.views.get(ask["view"])
        if view is None or view.name not in self.standing:
            raise Refused("unknown_view")
        for name in ask["features"]:
            if name not in view.features:
                raise Refused("unknown_feature")
        return [self.feature(view, view.features[name], ask) for name in ask["features"]]

    def answer_set(self, ask):
        found = self.sets.get(ask["set"])
        if found is None:
            raise Refused("unknown_set")

        def read(name):
            view, feature = found.feature(name)
            own = {**ask, "entity": [ask["keys"][field] for field in found.key(view)]}
            return self.feature(view, view.features[feature], own)
        return found.vector(read)

    def feature(self, view, feature, ask):
        if feature.function != "derive":
            return self.aggregated(view, feature, ask)
        found = {name: vectors.raw(self.feature(view, view.features[name], ask), view.kinds[name])
                 for name in feature.needs}
        return vectors.shown(evaluate(feature.tree, found), feature.tree.kind)

    def aggregated(self, view, feature, ask):
        r = vectors.milliseconds(ask["at"]) // view.length
        first, end = r - feature.slices, r
        known_before = r
        if ask["mode"] == "corrected":
            known_before = math.inf
        elif ask["mode"] == "known_at":
            known_before = vectors.milliseconds(ask["known"]) // view.length
        elif ask["mode"] == "fresh":
            known_before, end = math.inf, r + 1
        if view.name in self.floors and first < self.floors[view.name]:
            raise Refused("expired")
        found, rows = [], 0
        for happened, arrived, gone, row in self.standing_events(view):
            if gone < math.inf and gone // view.length < known_before:
                continue
            if not first <= happened // view.length < end:
                continue
            if not arrived // view.length < known_before:
                continue
            row = self.seen(view, row)
            if not self.belongs(view, row, ask["entity"]):
                continue
            if feature in self.own and not self.own[feature].accepts(row):
                continue
            rows += 1
            value = True if feature.field is None else row[feature.field]
            category = None if feature.by is None else row[feature.by]
            if feature.function == "latest":
                found.append((happened, value, category))
            elif value is not None and (feature.by is None or category is not None):
                found.append((happened, value, category))
        if feature.by is None:
            return self.value(view, feature, [event[:2] for event in found], rows, r * view.length)
        groups = {}
        for time, value, category in found:
            text = self.vector.key_text(feature.by, category)
            groups.setdefault(text, []).append((time, value))
        values = {text: self.value(view, feature, events, len(events), r * view.length)
                  for text, events in groups.items()}
        return vectors.category_map(values, feature.limit, xxh64)

    def seen(self, view, row):
        """The row as the view sees it: with the fields that the view computes."""
        row = dict(row)
        for field, expression in self.derived[view.name].items():
            row[field] = expression.value(row)
        return row

    def value(self, view, feature, events, rows, start):
        kind = view.fields.get(feature.field)
        value = aggregate(feature, kind, events, rows, start)
        if kind == "timestamp" and feature.function in ("min", "max", "first", "last", "latest"):
            return None if value is None else vectors.iso(value)
        return value

    def belongs(self, view, row, entity):
        parts = [row[field] for field in view.entity]
        if None in parts or None in entity:
            return False
        texts = [self.vector.key_text(f, part) for f, part in zip(view.entity, parts)]
        if texts != entity:
            return False
        return view.name not in self.filters or self.filters[view.name].accepts(row)

    def run(self, step):
        """Takes one step; gives a (question, what must come out) pair for each question in it."""
        (name, body), = step.items()
        if name == "ingest":
            for row in body:
                self.ingest(row)
        elif name == "ingest_joined":
            stream = self.vector.joined
            self.others += [self.event(self.vector.row(row, stream), stream) for row in body]
        elif name == "retract_joined":
            self.mark(self.others, self.others_gone, self.vector.joined["id"], body["ids"],
                      vectors.milliseconds(body["at"]))
        elif name == "refuse":
            return [(row, self.refusal(row)) for row in body]
        elif name == "seal":
            self.seal = max(self.seal, vectors.milliseconds(body))
            self.let_go()
        elif name == "expire":
            self.expire(body["view"], body["before"])
        elif name == "register":
            self.register(body)
        elif name == "retract":
            self.take_back(body["ids"], vectors.milliseconds(body["at"]))
        elif name == "forget":
            (field, value), = body.items()
            self.forget(field, value)
        elif name == "amend":
            ids = [self.vector.row(row)[self.vector.id] for row in body["rows"]]
            self.take_back(ids, vectors.milliseconds(body["at"]))
            for row in body["rows"]:
                self.ingest(row)
        elif name == "ask":
            return [(ask, self.outcome(ask, self.answer)) for ask in body]
        elif name == "ask_sets":
            return [(ask, self.outcome(ask, self.answer_set)) for ask in body]
        else:
            raise ValueError(f"unknown step {name}")
        return []

    def outcome(self, ask, answer):
        try:
            return {"values": answer(ask)}
        except Refused as refused:
            return {"error": str(refused)}

    def refusal(self, row):
        try:
            self.ingest(row)
        except Refused:
            return {}
        return {"error": "accepted"}


def check(path, write):
    """The number of questions in a file and of those whose expected answer is wrong."""
    vector = vectors.Vector(path)
    reference, asked, wrong = Reference(vector), 0, 0
    for number, step in enumerate(vector.steps):
        for ask, outcome in reference.run(step):
            expected = {key: ask[key] for key in ("values", "error") if key in ask}
            asked += 1
            if json.dumps(expected) == json.dumps(outcome):
                continue
            if write and ("features" in ask or "set" in ask):
                ask.pop("values", None), ask.pop("error", None)
                ask.update(outcome)
                continue
            wrong += 1
            print(f"{path.name}, step {number}: {json.dumps(ask, ensure_ascii=False)}\n"
                  f"  the contract says {json.dumps(outcome, ensure_ascii=False)}")
    if write:
        path.write_text(vectors.layout(vector.json), encoding="utf-8")
    return asked, wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("files", nargs="*")
    arguments.add_argument("--write", action="store_true", help="put the expected values in")
    options = arguments.parse_args()
    results = [check(path, options.write) for path in vectors.paths(options.files)]
    asked, wrong = (sum(column) for column in zip(*results))
    print(f"reference: {len(results)} files, {asked} answers, {wrong} wrong")
    sys.exit(1 if wrong or not asked else 0)


if __name__ == "__main__":
    main()
