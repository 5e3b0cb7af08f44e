#!/usr/bin/env python3
"""A foreign judge: the conformance vectors, answered by DuckDB with SQL written from the contract.

    tools/conformance/duckdb_judge.py [FILE ...]

Events go into a table; arrival times, slices, the window join, nulls, filters, ties and refusals are SQL.
Ints, text, booleans and times must be equal. Doubles must be equal in every bit: DuckDB adds up their
mantissas as 128-bit integers, one sum per exponent, and only the last rounding is done outside of it.
Where DuckDB has an aggregate of its own (`fsum`, `favg`, `var_samp`, `stddev_samp`: compensated, not exact)
that one must come within the tolerances of `native_tolerance`. Prints a table; exits 1 on a disagreement.
"""
import json
import math
import sys
from fractions import Fraction

import duckdb

import vectors
from duckdb_algebra import SQL, agrees, further_sql, shaped
from duckdb_expressions import sql
from exact import SPLIT, finish, mantissa_and_exponent, native_tolerance
from syntax import parse
from xxh64 import xxh64

TYPES = {"int": "BIGINT", "double": "DOUBLE", "string": "VARCHAR", "bool": "BOOLEAN",
         "timestamp": "BIGINT"}
EXACT = {"mean", "variance", "stddev"}

# The slice of an instant: the floor, which `//` alone is not before the epoch.
SLICE = "CREATE MACRO slice(t, l) AS (t - ((t % l) + l) % l) // l"

HITS = """
WITH spine AS (
  SELECT *, slice(asked, {length}) AS r FROM asks
), hits AS (
  SELECT {group} AS _ask, s.r * {length} AS _start, e.*
  FROM spine s LEFT JOIN (SELECT * FROM {events} WHERE {filter}) e
    ON {keys}
   AND slice(e._event, {length}) >= s.r - {slices}
   AND slice(e._event, {length}) < CASE mode WHEN 'fresh' THEN s.r + 1 ELSE s.r END
   AND CASE mode WHEN 'as_served' THEN slice(e._arrival, {length}) < s.r
                 WHEN 'known_at' THEN slice(e._arrival, {length}) < slice(s.known, {length})
                 ELSE true END
   AND CASE mode WHEN 'as_served' THEN e._gone IS NULL OR slice(e._gone, {length}) >= s.r
                 WHEN 'known_at' THEN e._gone IS NULL OR slice(e._gone, {length}) >= slice(s.known, {length})
                 ELSE e._gone IS NULL END
)
"""


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def value_sql(function, field, kind):
    """The SQL of a feature's value over the rows of one question."""
    if function == "count":
        return "count(_event)" if field is None else f"count({field})"
    if function == "sum" and kind == "int":
        total = f"coalesce(sum({field}::HUGEINT), 0)"
        return f"CASE WHEN {total} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {total} END"
    if function == "distinct":
        return f"nullif(count(DISTINCT {field}), 0)"
    # DuckDB takes the two zeros for one value; the contract puts the negative one first.
    order = f"{field}, NOT signbit({field})" if kind == "double" else field
    kept = f"FILTER (WHERE {field} IS NOT NULL)"
    if function in ("min", "max"):
        if kind != "double":
            return f"{function}({field})"
        return f"{'first' if function == 'min' else 'last'}({field} ORDER BY {order}) {kept}"
    return f"{function}({field} ORDER BY _event, {order}) {kept}"


class Judge:
    def __init__(self, vector):
        self.vector = vector
        self.db = duckdb.connect()
        self.db.execute(SLICE)
        self.standing = set(vector.views) - vector.later
        for table, stream in self.streams().items():
            fields = ", ".join(f"{quoted(f)} {TYPES[k]}" for f, k in stream["fields"].items())
            self.db.execute(f"CREATE TABLE {table} ({fields}, _event BIGINT, _arrival BIGINT, _gone BIGINT)")
        self.db.execute("CREATE TABLE seal (instant BIGINT)")
        self.db.execute("CREATE TABLE floors (view VARCHAR, floor BIGINT)")
        self.asked = self.values = self.exact = self.native = 0
        self.wrong = []

    def streams(self):
        """The declarations of streams by the tables of their events."""
        joined = self.vector.joined
        return {"events": self.vector.json["stream"]} | ({"others": joined} if joined else {})

    def run(self, step):
        (name, body), = step.items()
        if name == "ingest":
            self.ingest(body)
        elif name == "ingest_joined":
            self.ingest(body, "others")
        elif name == "retract_joined":
            self.take_back(body["ids"], body["at"], "others")
        elif name == "seal":
            self.db.execute("INSERT INTO seal VALUES (?)", [vectors.milliseconds(body)])
        elif name == "expire":
            length = self.vector.views[body["view"]].length
            self.db.execute("INSERT INTO floors VALUES (?, slice(?::BIGINT, ?::BIGINT))",
                            [body["view"], vectors.milliseconds(body["before"]), length])
        elif name == "register":
            self.standing.update(body)
            self.set_floors(body)
        elif name == "retract":
            self.take_back(body["ids"], body["at"])
        elif name == "forget":
            (field, value), = body.items()
            self.db.execute(f"DELETE FROM events WHERE {quoted(field)} = ?", [value])
        elif name == "amend":
            self.take_back([self.vector.row(row)[self.vector.id] for row in body["rows"]], body["at"])
            self.ingest(body["rows"])
        elif name in ("ask", "ask_sets"):
            for view in self.vector.views.values():
                self.see(view)
            self.ask(body if name == "ask" else self.of_views(body))

    def set_floors(self, names):
        """Views that are made of kept events begin where the last event that is gone had become known."""
        for name in names if self.vector.keep is not None else []:
            self.db.execute(
                "INSERT INTO floors SELECT ?, slice(max(_arrival), ?::BIGINT) + 1 FROM events "
                "WHERE _arrival < (SELECT max(instant) FROM seal) - ? HAVING count(*) > 0",
                [name, self.vector.views[name].length, self.vector.keep])

    def of_views(self, asks):
        """Questions about sets as questions about their views: the members that are features. What is derived from
        them, and what a default stands for, is the reference's."""
        found = []
        for ask in asks:
            declared = next((s for s in self.vector.sets if s["set"] == ask["set"]), None)
            if declared is None or "values" not in ask:
                continue
            for member, value in zip(declared["features"], ask["values"]):
                name = member if isinstance(member, str) else member.get("feature")
                if name is None or (isinstance(member, dict) and value == member["default"]):
                    continue
                view, feature = name.split(".")
                names = declared.get("keys", {}).get(view, {})
                entity = [ask["keys"][names.get(field, field)] for field in self.vector.views[view].entity]
                own = {"view": view, "entity": entity, "features": [feature], "values": [value]}
                found.append({**{k: v for k, v in ask.items() if k not in ("set", "keys")}, **own})
        return found

    def ingest(self, json_rows, table="events"):
        stream = self.streams()[table]
        event = quoted(stream["eventTime"])
        arrival = quoted(stream["arrivalTime"]) if "arrivalTime" in stream else "NULL"
        rows = []
        for row in (self.vector.row(row, stream) for row in json_rows):
            rows.append([*row.values(), None, None, None])
        if not rows:
            return
        marks = ", ".join("?" * len(rows[0]))
        self.db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        # What was there before has its arrival already; `greatest` passes over nulls.
        self.db.execute(f"""UPDATE {table} SET _event = {event}, _arrival = greatest(
            {arrival}, {event}, (SELECT max(instant) FROM seal)) WHERE _arrival IS NULL""")

    def take_back(self, ids, at, table="events"):
        time = vectors.milliseconds(at)
        self.db.execute("INSERT INTO seal VALUES (?)", [time])
        self.db.execute(f"""UPDATE {table} SET _gone = ? WHERE _gone IS NULL
            AND list_contains(?, {quoted(self.streams()[table]["id"])})""", [time, ids])

    def see(self, view):
        """The events as a view sees them: with the fields that it computes, and its numbers as whole ones."""
        events, fields = "events", dict(self.vector.fields)
        if view.join:
            events = self.pairs(view.join)
            fields |= view.join["fields"]
        for name, text in view.derived.items():
            tree = parse(text, fields)
            events = f"(SELECT *, {sql(tree, quoted)}::{TYPES[tree.kind]} AS {quoted(name)} FROM {events})"
            fields[name] = tree.kind
        view.numeric = [field for field, kind in fields.items() if kind in ("int", "double")]
        table = quoted("seen " + view.name)
        self.db.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {events}")
        for number, field in enumerate(view.numeric):
            found = self.db.execute(
                f"SELECT rowid, {quoted(field)} FROM {table} WHERE {quoted(field)} IS NOT NULL").fetchall()
            for part in "me":
                self.db.execute(f"ALTER TABLE {table} ADD COLUMN _{part}_{number} BIGINT")
            if found:
                self.db.executemany(
                    f"UPDATE {table} SET _m_{number} = ?, _e_{number} = ? WHERE rowid = ?",
                    [[*mantissa_and_exponent(value), row] for row, value in found])

    def pairs(self, join):
        """Every event with every one of the other stream whose id it names."""
        own = ", ".join(f"e.{quoted(field)}" for field in self.vector.fields)
        others = ", ".join(f"o.{quoted(field)}" for field in join["fields"])
        return f"""(SELECT {own}, {others}, e._event, greatest(e._arrival, o._arrival) AS _arrival,
            least(e._gone, o._gone) AS _gone
            FROM events e JOIN others o ON e.{quoted(join["by"])} = o.{quoted(self.vector.joined["id"])})"""

    def ask(self, asks):
        by_feature = {}
        for number, ask in enumerate(asks):
            self.asked += 1
            error = self.error(ask)
            if error or "error" in ask:
                self.compare(ask, None, ask.get("error"), error)
                continue
            for place, name in enumerate(ask["features"]):
                by_feature.setdefault((ask["view"], name), []).append((number, place))
        for (view, name), wanted in by_feature.items():
            found = self.feature(self.vector.views[view], name, [(n, asks[n]) for n, _ in wanted])
            for number, place in wanted:
                self.compare(asks[number], name, asks[number]["values"][place], found[number])

    def error(self, ask):
        """The error's name, or None where the question has an answer."""
        view = self.vector.views.get(ask["view"])
        if view is None or view.name not in self.standing:
            return "unknown_view"
        if any(name not in view.features for name in ask["features"]):
            return "unknown_feature"
        widest = max(view.features[name].slices for name in ask["features"])
        expired, = self.db.execute(
            "SELECT count(*) FROM floors WHERE view = ? AND slice(?::BIGINT, ?::BIGINT) - ? < floor",
            [view.name, vectors.milliseconds(ask["at"]), view.length, widest]).fetchone()
        return "expired" if expired else None

    def feature(self, view, name, asks):
        """The values of one feature by question number; by category, each is a question of its own to SQL."""
        if view.features[name].function == "derive":
            return self.computed(view, view.features[name], asks)
        if view.features[name].by is None:
            return self.plain(view, name, asks)
        maps = {number: {} for number, _ in asks}
        for key, value in self.plain(view, name, asks).items():
            if key is not None:
                number, category = key.split(":", 1)
                maps[int(number)][category] = value
        return {number: vectors.category_map(found, view.features[name].limit, xxh64)
                for number, found in maps.items()}

    def computed(self, view, feature, asks):
        """A derived feature, from the values of those that it stands on."""
        columns = ", ".join(f"{quoted(name)} {TYPES[view.kinds[name]]}" for name in feature.needs)
        found = [self.feature(view, name, asks) for name in feature.needs]
        self.db.execute(f"CREATE OR REPLACE TABLE answers (_ask BIGINT, {columns})")
        self.db.executemany(
            f"INSERT INTO answers VALUES ({', '.join('?' * (1 + len(found)))})",
            [[number, *(vectors.raw(values.get(number), view.kinds[name])
                        for name, values in zip(feature.needs, found))] for number, _ in asks])
        rows = self.db.execute(
            f"SELECT _ask, ({sql(feature.tree, quoted)})::{TYPES[feature.tree.kind]} FROM answers").fetchall()
        return {number: vectors.shown(value, feature.tree.kind) for number, value in rows}

    def plain(self, view, name, asks):
        feature = view.features[name]
        kind = view.fields.get(feature.field)
        field = None if feature.field is None else quoted(feature.field)
        hits = self.hits(view, feature, asks)
        if feature.function in EXACT or (feature.function == "sum" and kind == "double"):
            return self.exactly(hits, view, feature, field)
        if feature.function in SQL:
            return self.further(hits, feature, field, kind)
        rows = self.db.execute(
            f"{hits} SELECT _ask, {value_sql(feature.function, field, kind)} FROM hits GROUP BY _ask"
        ).fetchall()
        if kind == "timestamp" and feature.function in ("min", "max", "first", "last"):
            rows = [(n, None if value is None else vectors.iso(value)) for n, value in rows]
        return dict(rows)

    def hits(self, view, feature, asks):
        """Fills the table of questions and gives the SQL of the rows that count for each."""
        parts = [f"p{i}" for i in range(len(view.entity))]
        columns = "".join(f", {part} VARCHAR" for part in parts)
        self.db.execute(
            f"CREATE OR REPLACE TABLE asks (id BIGINT, asked BIGINT, mode VARCHAR, known BIGINT{columns})")
        self.db.executemany(
            f"INSERT INTO asks VALUES ({', '.join('?' * (4 + len(parts)))})",
            [[number, vectors.milliseconds(ask["at"]), ask["mode"],
              vectors.milliseconds(ask["known"]) if "known" in ask else None, *ask["entity"]]
             for number, ask in asks])
        keys = " AND ".join(f"s.{part} = e.{quoted(field)}::VARCHAR"
                            for part, field in zip(parts, view.entity))
        group = "s.id"
        if feature.by is not None:
            taken = "e." + quoted(feature.field) if feature.field else "e._event"
            group = f"CASE WHEN {taken} IS NOT NULL THEN s.id || ':' || e.{quoted(feature.by)}::VARCHAR END"
        tests = [sql(parse(text, view.fields), quoted) for text in (view.filter, feature.filter) if text]
        return HITS.format(group=group, length=f"{view.length}::BIGINT", slices=feature.slices, keys=keys,
                           events=quoted("seen " + view.name), filter=" AND ".join(tests) or "true")

    def further(self, hits, feature, field, kind):
        sql = further_sql(feature, field, kind)
        rows = self.db.execute(f"{hits} SELECT _ask, {sql} FROM hits GROUP BY _ask").fetchall()
        return {ask: shaped(feature, kind, value) for ask, value in rows}

    def exactly(self, hits, view, feature, field):
        number = view.numeric.index(feature.field)
        m, e = f"_m_{number}", f"_e_{number}"
        high, low = f"slice({m}::HUGEINT, {SPLIT})", f"({m}::HUGEINT & {SPLIT - 1})"
        sums = self.db.execute(f"""{hits} SELECT _ask, {e}, count({m}), sum({m}::HUGEINT),
            sum({high} * {high}), sum({high} * {low}), sum({low} * {low}), sum(abs({field}::DOUBLE))
            FROM hits GROUP BY _ask, {e}""").fetchall()
        own = self.own(hits, feature.function, field)
        totals = {}
        for ask, exponent, n, first, hh, hl, ll, size in sums:
            total = totals.setdefault(ask, [0, Fraction(0), Fraction(0), 0.0])
            if n:
                scale = Fraction(2) ** exponent
                total[0] += n
                total[1] += first * scale
                total[2] += (hh * SPLIT**2 + 2 * hl * SPLIT + ll) * scale * scale
                total[3] += size
        values = {}
        for ask, (n, first, second, size) in totals.items():
            values[ask] = finish(feature.function, n, first, second)
            self.exact += 1
            if values[ask] is not None and own.get(ask) is not None:
                self.check_own(feature.function, own[ask], values[ask], n, size, second)
        return values

    def own(self, hits, function, field):
        """DuckDB's own aggregate by question, or nothing where it leaves its range."""
        sql = {"sum": "fsum", "mean": "favg", "variance": "var_samp", "stddev": "stddev_samp"}[function]
        try:
            return dict(self.db.execute(
                f"{hits} SELECT _ask, {sql}({field}::DOUBLE) FROM hits GROUP BY _ask").fetchall())
        except duckdb.OutOfRangeException:
            return {}

    def check_own(self, function, own, value, n, size, second):
        if not math.isfinite(own) or not math.isfinite(size):
            return
        self.native += 1
        squared = (own**2, value**2) if function == "stddev" else (own, value)
        if abs(squared[0] - squared[1]) > native_tolerance(function, n, size, second):
            self.wrong.append(f"DuckDB's own {function} is {own!r}, the exact value {value!r}")

    def compare(self, ask, name, expected, found):
        self.values += 1
        if name is not None and agrees(self.vector.views[ask["view"]].features[name], expected, found):
            return
        if type(expected) is not type(found) or repr(expected) != repr(found):
            shown = {k: v for k, v in ask.items() if k not in ("features", "values")}
            self.wrong.append(f"{json.dumps(shown, ensure_ascii=False)} {name or ''}: "
                              f"the vector says {expected!r}, DuckDB {found!r}")


def main():
    judges = []
    header = f"{'file':34} {'asks':>5} {'values':>7} {'doubles':>8} {'own':>5} {'disagree':>9}"
    print(f"DuckDB {duckdb.__version__}\n{header}")
    for path in vectors.paths(sys.argv[1:]):
        vector = vectors.Vector(path)
        judge = Judge(vector)
        for step in vector.steps:
            judge.run(step)
        judges.append(judge)
        print(f"{path.name:34} {judge.asked:5} {judge.values:7} {judge.exact:8} {judge.native:5} "
              f"{len(judge.wrong):9}")
        for line in judge.wrong:
            print(f"  {line}")
    total = [sum(getattr(j, a) for j in judges) for a in ("asked", "values", "exact", "native")]
    wrong = sum(len(judge.wrong) for judge in judges)
    print(f"{'all':34} {total[0]:5} {total[1]:7} {total[2]:8} {total[3]:5} {wrong:9}")
    print("values: compared one by one; doubles: of these, by exact sums, equal in every bit; "
          "own: also against\nDuckDB's own aggregate, within its tolerance")
    sys.exit(1 if wrong or not total[1] else 0)


if __name__ == "__main__":
    main()
