"""The rest of the algebra, executed: moments, times, lists, tallies and sketches, as `docs/contract.md` and
the pages under `docs/reference/aggregations` say. Needs nothing but Python.
"""
import json
import math
import struct
import sys
from decimal import ROUND_FLOOR, Decimal, getcontext
from fractions import Fraction

import vectors
from xxhash64 import xxh64

getcontext().prec = 80
DEFAULTS = {"k": 10, "keep": 256, "permille": 500, "errorPermille": 10, "maxBuckets": 2048, "from": 0,
            "width": 1, "buckets": 10, "per": 1, "exactUpTo": 256}


def nearest(exact):
    """The double nearest to a fraction, or None beyond the finite doubles; zero has no sign."""
    try:
        return float(Fraction(exact)) + 0.0
    except OverflowError:
        return None


def nearest_root(exact):
    """The double nearest to the root of a fraction."""
    scale = 2**(2 * max(0, 200 + exact.denominator.bit_length() - exact.numerator.bit_length()))
    whole, rest = divmod(exact.numerator * scale, exact.denominator)
    root = math.isqrt(whole)
    exact_root = rest == 0 and root * root == whole
    return nearest(Fraction(2 * root + (0 if exact_root else 1), 2 * math.isqrt(scale)))


def central(values, power):
    mean = sum(map(Fraction, values), Fraction(0)) / len(values)
    return sum((Fraction(v) - mean)**power for v in values) / len(values)


def skew(values):
    n = len(values)
    if n < 3:
        return None
    second, third = central(values, 2), central(values, 3)
    if second == 0 or third == 0:
        return 0.0
    root = nearest_root(Fraction(n * (n - 1), (n - 2)**2) * third**2 / second**3)
    return -root if third < 0 else root


def kurtosis(values):
    n = len(values)
    if n < 4:
        return None
    second = central(values, 2)
    if second == 0:
        return 0.0
    ratio = (n + 1) * central(values, 4) / second**2 - 3 * (n - 1)
    return nearest(Fraction(n - 1, (n - 2) * (n - 3)) * ratio)


def shortest(value):
    """A double as Hindcast writes it: digits as Python's `repr`, with an exponent above 2**53."""
    digits = repr(value)
    if "e" in digits or abs(value) <= 2.0**53:
        return digits
    sign, whole = ("-", digits[1:-2]) if value < 0 else ("", digits[:-2])
    digits = whole.rstrip("0")
    return sign + digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e+{len(whole) - 1}"


def text(value, kind):
    """A value as a part of a JSON answer."""
    if kind == "timestamp":
        return json.dumps(vectors.iso(value))
    if kind == "double":
        return shortest(value)
    return json.dumps(value, ensure_ascii=False)


def listed(parts):
    return "[" + ",".join(parts) + "]" if parts else None


def bucket(value, parts):
    """The number of a value's bucket among powers of two in equal parts."""
    if value == 0:
        return 0
    size, power = Fraction(abs(value)), 0
    while size >= Fraction(2)**(power + 1):
        power += 1
    while size < Fraction(2)**power:
        power -= 1
    number = power * parts + int((size / Fraction(2)**power - 1) * parts) + 2**31
    return -number if value < 0 else number


def middle(number, level, parts):
    if number == 0:
        return 0.0
    first = (abs(number) << level) - 2**31
    (low, low_part), (high, high_part) = divmod(first, parts), divmod(first + (1 << level), parts)
    ratio = math.ldexp((low_part + parts) / (high_part + parts), low - high)
    factor = 2 / (1 + ratio)
    try:
        found = min(math.ldexp((low_part + parts) / parts, low) * factor, sys.float_info.max)
    except OverflowError:
        found = sys.float_info.max
    return -found if number < 0 else found


def quantile(values, permille, error, limit):
    parts = -(-(1000 - error) // (2 * error))
    numbers, level = [bucket(v, parts) for v in values], 0
    while len(set(numbers)) > limit:
        numbers = [n >> 1 if n >= 0 else -(-n >> 1) for n in numbers]
        level += 1
    return middle(sorted(numbers)[(len(numbers) - 1) * permille // 1000], level, parts)


def histogram(values, start, width, steps, per):
    counts = [0] * (steps + 2)
    for value in values:
        place = math.floor((Fraction(value) * per - start) / width) + 1
        counts[min(max(place, 0), steps + 1)] += 1
    return listed([str(count) for count in counts])


def hashed(value, kind):
    if kind == "string":
        return xxh64(value.encode(), 42)
    if kind == "double":
        return xxh64(struct.pack("<d", value), 42)
    return xxh64((int(value) % 2**64).to_bytes(8, "little"), 42)


def tally(values, kind, keep):
    """Kept values with their counts, and the number of those that are not kept."""
    counts = {}
    for value in values:
        value = value + 0.0 if kind == "double" else value
        counts[value] = counts.get(value, 0) + 1
    kept = sorted(counts, key=lambda value: hashed(value, kind))[:keep]
    return {v: counts[v] for v in kept}, len(values) - sum(counts[v] for v in kept)


def entropy(values, kind, keep):
    kept, others = tally(values, kind, keep)
    assert not others, "an estimate; Hindcast's own tests look at it"
    n = Decimal(len(values))
    total = n * n.ln() - sum(Decimal(c) * Decimal(c).ln() for c in kept.values())
    return max(0.0, float(total / (n * Decimal(2).ln()))) + 0.0


def weight(age, half_life):
    """What an event counts at an age, both in slices: 2**(-age / half_life), cut to 63 binary places."""
    halves, rest = divmod(age, half_life)
    whole = Decimal(2)**(63 - Decimal(rest) / half_life) if rest else Decimal(2**63)
    return Fraction(int(whole.to_integral_value(ROUND_FLOOR)) >> halves, 2**63)


def decayed(feature, times, start):
    ages = [(start // feature.length) - time // feature.length for time in times]
    return nearest(sum((weight(age, feature.parameters["halfLife"]) for age in ages), Fraction(0)))


def number_of(function, values, events, rows, start):
    """Functions that give a number, or a time."""
    times = [time for time, _ in events]
    if function == "nullCount":
        return rows - len(values)
    if function == "nullRatio":
        return (rows - len(values)) / rows if rows else None
    if function == "countTrue":
        return values.count(True)
    if not values:
        return None
    if function == "trueRatio":
        return values.count(True) / len(values)
    if function == "firstTime":
        return vectors.iso(min(times))
    if function == "lastTime":
        return vectors.iso(max(times))
    return start - (min(times) if function == "sinceFirst" else max(times))


def further(feature, kind, events, rows, start, order):
    """The value of a feature over (event time, field value) pairs, for `latest` with
    nulls; `rows` counts events with and without a
    value, `start` is where the request's slice begins."""
    values = [value for _, value in events]
    function = feature.function
    if function == "latest":
        last = max((time for time, _ in events), default=None)
        here = [value for time, value in events if time == last and value is not None]
        return max(here, key=order) if here else None
    if function == "decayedCount":
        return decayed(feature, [time for time, _ in events], start)
    given = {**DEFAULTS, **feature.parameters}
    if function in ("nullCount", "nullRatio", "countTrue", "trueRatio", "firstTime", "lastTime",
                    "sinceFirst", "sinceLast"):
        return number_of(function, values, events, rows, start)
    if function == "sumOfSquares":
        exact = sum((Fraction(v)**2 for v in values), Fraction(0))
        return nearest(exact) if kind == "double" else int(exact) if exact < 2**63 else None
    if function == "skew":
        return skew(values)
    if function == "kurtosis":
        return kurtosis(values)
    if not values:
        return None
    if function == "rms":
        mean = nearest(sum(Fraction(v)**2 for v in values) / len(values))
        return None if mean is None else math.sqrt(mean)
    if function == "range":
        width = max(values) - min(values)
        if kind == "double":
            return width + 0.0 if math.isfinite(width) else None
        return width if width < 2**63 else None
    if function in ("firstK", "lastK"):
        found = sorted(events, key=lambda e: (e[0], order(e[1])), reverse=function == "lastK")
        return listed([f"[{text(time, 'timestamp')},{text(value, kind)}]"
                       for time, value in found[:given["k"]]])
    if function in ("smallestK", "largestK"):
        found = sorted(values, key=order, reverse=function == "largestK")
        return listed([text(value, kind) for value in found[:given["k"]]])
    if function in ("quantile", "median"):
        permille = given["permille"] if function == "quantile" else 500
        return quantile(values, permille, given["errorPermille"], given["maxBuckets"])
    if function == "histogram":
        return histogram(values, given["from"], given["width"], given["buckets"], given["per"])
    if function == "distinctRatio":
        assert len(set(values)) <= given["exactUpTo"], "beyond exact counting"
        return len(set(values)) / len(values)
    if function == "entropy":
        return entropy(values, kind, given["keep"])
    return tallied(function, values, kind, given, order)


def tallied(function, values, kind, given, order):
    kept, others = tally(values, kind, given["keep"])
    ranked = sorted(kept, key=order)
    ranked.sort(key=kept.get, reverse=True)
    if function == "mode":
        if kept[ranked[0]] <= others:
            return None
        return vectors.iso(ranked[0]) if kind == "timestamp" else ranked[0]
    if function == "modeRatio":
        return kept[ranked[0]] / (sum(kept.values()) + others) if kept[ranked[0]] >= others else None
    if function == "topK":
        parts = [f"[{text(value, kind)},{kept[value]}]" for value in ranked[:given["k"]]]
        return listed(parts + ([f"[null,{others}]"] if others else []))
    assert function == "valueCounts", f"unknown function {function}"
    names = {}
    for value, count in kept.items():
        name = value if kind == "string" else text(value, kind).strip('"')
        names[name] = count
    members = [f"{json.dumps(name, ensure_ascii=False)}:{names[name]}"
               for name in sorted(names, key=lambda name: name.encode())]
    return '{"counts":{' + ",".join(members) + '},"others":' + str(others) + "}"
