#!/usr/bin/env python3
"""Writes the three large vectors: random events and questions from fixed seeds.

    tools/conformance/generate.py && tools/conformance/reference.py --write

A fifth of the events are late, one in twenty arrives before it happened, some have nulls; seals fall in
between. The same script gives the same files again.
"""
import random

import vectors

DAY = 86_400_000
START = vectors.milliseconds("2026-02-01T00:00:00Z")
MODES = ["as_served", "as_served", "corrected", "known_at", "known_at", "fresh"]
# What small random numbers never show: values that cancel, and decimals that no double can hold.
AMOUNTS = [0.1, 0.2, -0.3, 1e16, -1e16, 1.0, 2.5, 1e-9, 123456.789, -0.7]


def arrival(source, happened, slice_length):
    """An arrival: late for one in five (by up to 40 slices), too early for one in twenty."""
    dice = source.random()
    if dice < 0.2:
        return happened + int(source.uniform(0, 1) ** 3 * 40 * slice_length) + 1
    if dice < 0.25:
        return happened - source.randrange(1, 3 * slice_length)
    return happened + source.randrange(0, 2000)


def events(source, count, span, slice_length, entities):
    rows = []
    for number in range(count):
        happened = START + source.randrange(span)
        if source.random() < 0.15:  # on a border, or a millisecond before it
            happened = happened // slice_length * slice_length - source.randrange(2)
        row = dict(source.choice(entities))
        row["happened"] = happened
        row["known"] = None if source.random() < 0.02 else arrival(source, happened, slice_length)
        row["n"] = None if source.random() < 0.1 else source.randrange(-50, 50)
        row["x"] = None if source.random() < 0.1 else source.choice(AMOUNTS)
        row["tag"] = None if source.random() < 0.1 else source.choice("abcdefgh") + str(number % 3)
        rows.append(row)
    return rows


def questions(source, count, span, slice_length, views, entities):
    asked = []
    for _ in range(count):
        view = source.choice(list(views))
        at = START + source.randrange(-2 * slice_length, span + 10 * slice_length)
        if source.random() < 0.3:
            at = at // slice_length * slice_length - source.randrange(2)
        entity = source.choice(entities)
        ask = {"view": view, "entity": list(entity.values()), "at": vectors.iso(at),
               "mode": source.choice(MODES)}
        if ask["mode"] == "known_at":
            ask["known"] = vectors.iso(at + source.randrange(-10, 30) * slice_length)
        ask["features"] = sorted(source.sample(views[view], min(4, len(views[view]))))
        asked.append(ask)
    return asked


def features(windows):
    """Every aggregate over three windows; each window's names are known to `names`."""
    functions = {"COUNT": {"count": True}, "KNOWN_N": {"count": "n"}}
    functions |= {f"{f.upper()}_{field.upper()}": {f: field} for field in ("n", "x")
                  for f in ("sum", "mean", "min", "max", "variance", "stddev", "first", "last")}
    functions |= {"TAGS": {"distinct": "tag", "exactUpTo": 64}, "LAST_TAG": {"last": "tag"},
                  "FIRST_TAG": {"first": "tag"}}
    return {"{window}_" + name: {**body, "windows": windows} for name, body in functions.items()}


def names(declared):
    return [template.replace("{window}", window) for template, body in declared.items()
            for window in body["windows"]]


def write(name, about, seed, slices, slice_length, entities, where, shuffled):
    source = random.Random(seed)
    fields = {field: "string" for field in entities[0]} | {
        "happened": "timestamp", "known": "timestamp", "n": "int", "x": "double", "tag": "string"}
    span = 60 * slice_length
    declared = features([f"{n}{slices[-1]}" for n in slices[0]])
    view = {"view": "all", "stream": "events", "entity": list(entities[0]), "slice": slices[1],
            "features": declared}
    kept = {"view": "some", "stream": "events", "entity": list(entities[0]), "slice": slices[1],
            "where": where, "features": dict(list(declared.items())[:4])}
    rows = events(source, 300, span, slice_length, entities)
    rows.sort(key=lambda row: max(row["known"] or row["happened"], row["happened"]))
    if shuffled:
        source.shuffle(rows)
    views = {"all": names(declared), "some": names(kept["features"])}
    ask = lambda count: {"ask": questions(source, count, span, slice_length, views, entities)}
    seal = lambda slice: {"seal": vectors.iso(START + slice * slice_length)}
    steps = [{"ingest": rows[:100]}, ask(50), seal(20), {"ingest": rows[100:220]}, ask(50), seal(35),
             {"ingest": rows[220:]}, ask(100)]
    stream = {"stream": "events", "fields": fields, "eventTime": "happened", "arrivalTime": "known"}
    text = vectors.layout(
        {"name": name, "about": about, "stream": stream, "views": [view, kept], "steps": steps})
    (vectors.FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


DERIVE = {"domain": "lower(after(who, '@'))", "size": "if(n >= 0, n, -n)", "net": "x * n - 0.5", "even": "size % 2 = 0",
          "kind": "coalesce(substring(tag, 1, 1), '?')", "hour": "hourOfDay(happened)", "lag": "known - happened"}
COMPUTED = {
    "{window}_N": {"count": True}, "{window}_EVEN": {"count": True, "where": "even"},
    "{window}_SIZE": {"sum": "size"}, "{window}_NET": {"sum": "net"}, "{window}_MEAN": {"mean": "net"},
    "{window}_SD": {"stddev": "size"}, "{window}_KINDS": {"distinct": "kind", "exactUpTo": 64},
    "{window}_LAST": {"last": "kind", "where": "length(tag) > 1 and not (hour < 6)"},
    "{window}_LAG": {"max": "lag"}, "{window}_BY": {"count": True, "by": "kind", "limit": 4}}
OVER = {"SHARE": {"derive": "7d_EVEN / 7d_N"}, "Z": {"derive": "(1d_SIZE - 7d_SIZE / 7.0) / 7d_SD"},
        "Z_OR_0": {"derive": "coalesce(Z, 0)"}, "LATE": {"derive": "7d_LAG > 86400000"},
        "LABEL": {"derive": "if(LATE, concat(7d_LAST, '!'), 7d_LAST)"}}


def write_computed(name, about, seed):
    """Computed fields and features, and a view that comes later."""
    source = random.Random(seed)
    declared = {feature: {**body, "windows": ["1d", "7d"]} for feature, body in COMPUTED.items()} | OVER
    view = {"view": "computed", "stream": "events", "derive": DERIVE, "entity": ["domain"], "slice": "1d",
            "where": "not (size = 13)", "features": declared}
    entities = [{"who": who} for who in ("Ann@A.org", "bob@a.org", "cy@b.org", "d@B.ORG", "nobody", "x@")]
    rows = events(source, 240, 30 * DAY, DAY, entities)
    domains = [{"domain": domain} for domain in ("a.org", "b.org", "", "A.org")]
    asked = names({feature: body for feature, body in declared.items() if "windows" in body}) + list(OVER)
    ask = lambda count, *views: {"ask": questions(
        source, count, 30 * DAY, DAY, {view: asked for view in views}, domains)}
    steps = [{"ingest": rows[:90]}, ask(30, "computed"), {"seal": vectors.iso(START + 12 * DAY)}, {"ingest": rows[90:170]},
             {"register": ["computed_later"]}, ask(60, "computed", "computed_later"),
             {"seal": vectors.iso(START + 20 * DAY)}, {"ingest": rows[170:]}, ask(60, "computed", "computed_later")]
    fields = {"who": "string", "happened": "timestamp", "known": "timestamp", "n": "int", "x": "double", "tag": "string"}
    stream = {"stream": "events", "fields": fields, "eventTime": "happened", "arrivalTime": "known", "keep": True}
    text = vectors.layout({"name": name, "about": about, "stream": stream,
                           "views": [view, {**view, "view": "computed_later"}], "steps": steps})
    (vectors.FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def main():
    write_computed("random_computed", "Random events, computed fields as key, inputs, filters and categories, features "
                   "computed from features, a view that comes later, two seals, all modes "
                   "(tools/conformance/generate.py, seed 20260203).", 20260203)
    write("random_days", "Random events in the order of their arrival, two seals, all modes "
          "(tools/conformance/generate.py, seed 20260201).", 20260201, ((1, 7, 30), "1d", "d"), DAY,
          [{"who": who} for who in ("ann", "bob", "cy", "", "dé")], "n >= 0 and tag != 'a0'", False)
    write("random_quarter_hours", "Random events in no order at all, keys of two parts, slices of 15 "
          "minutes, two seals, all modes (tools/conformance/generate.py, seed 20260202).", 20260202,
          ((15, 60, 450), "15m", "m"), 900_000,
          [{"org": org, "sample": sample} for org in ("a", "a|b", "") for sample in ("b|c", "c", "")],
          "not (x > 1.5) or tag is null", True)


if __name__ == "__main__":
    main()
