"""DuckDB's side of the rest of the algebra: SQL for each function, and how near its own sketches must come.

Lists, counts and times must be equal. Where DuckDB computes in doubles what the contract rounds once
(moments, entropy) its value must be near; a quantile must lie within the declared error of the exact one.
Tallies beyond `keep` are left to the reference, because DuckDB has another hash. Of counts that decay, DuckDB
finds how many events there are of each age; the weights, whole numbers, are powers that are found by trying.
"""
import json
import math

import vectors
from algebra import DEFAULTS, listed, text

KEPT = "FILTER (WHERE {f} IS NOT NULL)"
SQL = {
    "nullCount": "count(_event) - count({f})",
    "nullRatio": "(count(_event) - count({f})) / nullif(count(_event), 0)",
    "countTrue": "count(*) FILTER (WHERE {f})",
    "trueRatio": "count(*) FILTER (WHERE {f}) / nullif(count({f}), 0)",
    "firstTime": "min(_event) " + KEPT,
    "lastTime": "max(_event) " + KEPT,
    "sinceFirst": "any_value(_start) - min(_event) " + KEPT,
    "sinceLast": "any_value(_start) - max(_event) " + KEPT,
    "latest": "list(struct_pack(v := {f}) ORDER BY _event DESC, {d}) FILTER (WHERE _event IS NOT NULL)",
    "firstK": "list(struct_pack(t := _event, v := {f}) ORDER BY _event, {o}) " + KEPT,
    "lastK": "list(struct_pack(t := _event, v := {f}) ORDER BY _event DESC, {d}) " + KEPT,
    "smallestK": "list({f} ORDER BY {o}) " + KEPT,
    "largestK": "list({f} ORDER BY {d}) " + KEPT,
    "skew": "list({f}) " + KEPT,
    "kurtosis": "list({f}) " + KEPT,
    "sumOfSquares": "coalesce(sum({f}::DOUBLE * {f}::DOUBLE), 0)",
    "rms": "sqrt(avg({f}::DOUBLE * {f}::DOUBLE))",
    "range": "max({f}::{w}) - min({f}::{w})",
    "quantile": "list({f} ORDER BY {f}) " + KEPT,
    "median": "list({f} ORDER BY {f}) " + KEPT,
    "histogram": "list({f}) " + KEPT,
    "topK": "histogram({f})",
    "valueCounts": "histogram({f})",
    "mode": "histogram({f})",
    "modeRatio": "histogram({f})",
    "entropy": "CASE WHEN count({f}) > 0 THEN entropy({f}) END",
    "decayedCount": "histogram((_start - slice(_event, {l}::BIGINT) * {l}) // {l}) " + KEPT,
    "distinctRatio": "count(DISTINCT {f}) / nullif(count({f}), 0)",
}
NEAR = {"skew", "kurtosis", "sumOfSquares", "rms", "entropy", "quantile", "median"}
LISTS = {"firstK", "lastK", "smallestK", "largestK"}
TALLIES = {"topK", "valueCounts", "mode", "modeRatio"}


class Unjudged:
    """What DuckDB has no opinion about."""


def given(feature, name):
    return feature.parameters.get(name, DEFAULTS[name])


def further_sql(feature, field, kind):
    rows = field is None
    field = "_event" if rows else field
    ascending = f"{field}, NOT signbit({field})" if kind == "double" else field
    descending = f"{field} DESC, signbit({field})" if kind == "double" else f"{field} DESC"
    counted = f"CASE WHEN {field} = 0 THEN 0.0 ELSE {field} END" if kind == "double" else field
    used = counted if feature.function in TALLIES | {"entropy", "distinctRatio"} else field
    return SQL[feature.function].format(
        f=used, o=ascending, d=descending, w="DOUBLE" if kind == "double" else "HUGEINT",
        l=feature.length)


def shaped(feature, kind, value):
    """DuckDB's value in the contract's form."""
    function = feature.function
    if function in ("firstTime", "lastTime"):
        return None if value is None else vectors.iso(value)
    if function == "latest":
        latest = value[0]["v"] if value else None
        return vectors.iso(latest) if kind == "timestamp" and latest is not None else latest
    if function in LISTS:
        parts = (value or [])[:given(feature, "k")]
        if function in ("firstK", "lastK"):
            return listed([f"[{text(p['t'], 'timestamp')},{text(p['v'], kind)}]" for p in parts])
        return listed([text(part, kind) for part in parts])
    if function == "range" and value is not None and kind == "int" and value >= 2**63:
        return None
    if function in ("quantile", "median"):
        permille = given(feature, "permille") if function == "quantile" else 500
        return value[(len(value) - 1) * permille // 1000] if value else None
    if function == "histogram":
        return steps(feature, value)
    if function in TALLIES:
        return tallied(feature, kind, value)
    if function == "decayedCount":
        half_life = feature.parameters["halfLife"]
        return sum(count * weight(age, half_life) for age, count in (value or {}).items()) / 2**63
    if function in ("skew", "kurtosis"):
        return moment(function, value or [])
    return value


def weight(age, half_life):
    """The greatest whole number whose power of `half_life` is at most 2**(63 * half_life - age)."""
    if age > 63 * half_life:
        return 0
    low, high = 1, 2**63 + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle**half_life <= 2**(63 * half_life - age):
            low = middle
        else:
            high = middle
    return low


def steps(feature, values):
    """Counts in steps; the bounds are compared in DuckDB's own doubles."""
    if not values:
        return None
    first, width, per = (given(feature, name) for name in ("from", "width", "per"))
    counts = [0] * (given(feature, "buckets") + 2)
    bounds = [(first + i * width) / per for i in range(given(feature, "buckets") + 1)]
    for value in values:
        counts[sum(value >= bound for bound in bounds)] += 1
    return listed([str(count) for count in counts])


def tallied(feature, kind, counts):
    if not counts:
        return None
    if len(counts) > given(feature, "keep"):
        return Unjudged()
    ranked = sorted(counts, key=lambda v: v.encode() if kind == "string" else v)
    ranked.sort(key=counts.get, reverse=True)
    if feature.function == "mode":
        return ranked[0]
    if feature.function == "modeRatio":
        return counts[ranked[0]] / sum(counts.values())
    if feature.function == "topK":
        return listed([f"[{text(v, kind)},{counts[v]}]" for v in ranked[:given(feature, "k")]])
    names = {v if kind == "string" else text(v, kind): counts[v] for v in counts}
    members = ",".join(f"{json.dumps(n, ensure_ascii=False)}:{names[n]}"
                       for n in sorted(names, key=str.encode))
    return '{"counts":{' + members + '},"others":0}'


def moment(function, values):
    """By the textbook's formula in doubles, from deviations."""
    n = len(values)
    if n < (3 if function == "skew" else 4):
        return None
    middle = sorted(values)[n // 2]
    distances = [value - middle for value in values]
    size = max(map(abs, distances)) or 1
    scaled = [distance / size for distance in distances]
    mean = math.fsum(scaled) / n
    second, third, fourth = (math.fsum((v - mean)**p for v in scaled) / n for p in (2, 3, 4))
    if second < 1e-30:
        return 0.0
    if function == "skew":
        return third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * fourth / second**2 - 3 * (n - 1))


def agrees(feature, expected, found):
    """Whether a value that need only be near is near enough; False leaves it to be equal."""
    if isinstance(found, Unjudged):
        return True
    if feature.function not in NEAR or expected is None:
        # Beyond the range of ints or doubles the contract says null, and DuckDB has infinities.
        return feature.function in NEAR and (found is None or abs(found) >= 2.0**62)
    if found is None:
        return False
    if feature.function in ("quantile", "median"):
        if "maxBuckets" in feature.parameters or found == 0:
            return True
        return abs(expected / found - 1) <= given(feature, "errorPermille") / 1000 + 1e-12
    return math.isinf(found) or math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-9)
