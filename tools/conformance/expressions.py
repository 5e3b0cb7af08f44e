"""Expressions, evaluated for the reference: one row at a time, null is None, as `docs/reference/expressions.md`
says. Whole numbers are Python's, of any size, until a result must fit 64 bits.
"""
import math
import operator
import re
from fractions import Fraction

from syntax import parse
from times import EARLIEST, LIMIT

DAY, HOUR = 86_400_000, 3_600_000
COMPARE = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
           ">=": operator.ge}
BLANKS = " \t\n\v\f\r"


def comparable(value):
    """Text is compared by its UTF-8 bytes."""
    return value.encode() if isinstance(value, str) else value


def fitted(value, kind):
    """A result, or None where its type has no such value."""
    if value is None:
        return None
    if kind == "int":
        return value if -2**63 <= value < 2**63 else None
    if kind == "timestamp":
        return value if EARLIEST <= value < LIMIT else None
    if kind == "double":
        return value if math.isfinite(value) else None
    return value


def truncated(a, b):
    """The quotient of whole numbers, rounded towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def divided(a, b):
    return None if b == 0 else a / b


def rest(a, b):
    if b == 0:
        return None
    return math.fmod(a, b) if isinstance(a, float) else a - b * truncated(a, b)


def rounded(value):
    """The nearest whole number; halves away from zero."""
    exact = Fraction(value)
    return math.floor(exact + Fraction(1, 2)) if exact >= 0 else math.ceil(exact - Fraction(1, 2))


def read_int(value):
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d+", value, re.A) else None
    return math.trunc(value)


def read_double(value):
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value, re.A):
        return None
    return float(value)


def ascii_case(text, first, last):
    return "".join(chr(ord(c) ^ 32) if first <= c <= last else c for c in text)


def substring(text, start, count=None):
    if start < 1 or (count is not None and count < 0):
        return None
    return text[start - 1:] if count is None else text[start - 1:start - 1 + count]


def part(place, text, wanted, is_before):
    """What stands before or after a place, or None without one."""
    return None if place < 0 else text[:place] if is_before else text[place + len(wanted):]


def arithmetic(operation):
    def apply(a, b):
        try:
            return operation(a, b)
        except OverflowError:
            return None
    return apply


FUNCTIONS = {
    "+": arithmetic(operator.add), "-": arithmetic(operator.sub), "*": arithmetic(operator.mul),
    "/": divided, "%": rest, "div": lambda a, b: None if b == 0 else truncated(a, b),
    "negate": operator.neg, "abs": abs, "floor": math.floor, "ceil": math.ceil, "round": rounded,
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else None,
    "min": lambda *values: min(values), "max": lambda *values: max(values),
    "int": read_int, "double": read_double,
    "string": lambda value: {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value),
    "lower": lambda text: ascii_case(text, "A", "Z"), "upper": lambda text: ascii_case(text, "a", "z"),
    "trim": lambda text: text.strip(BLANKS), "length": len, "substring": substring,
    "concat": lambda *texts: "".join(texts),
    "replace": lambda text, old, new: text.replace(old, new) if old else text,
    "before": lambda text, w: part(text.find(w), text, w, True),
    "after": lambda text, w: part(text.find(w), text, w, False),
    "beforelast": lambda text, w: part(text.rfind(w), text, w, True),
    "afterlast": lambda text, w: part(text.rfind(w), text, w, False),
    "contains": lambda text, w: w in text, "startswith": str.startswith, "endswith": str.endswith,
    "hourofday": lambda time: time % DAY // HOUR, "dayofweek": lambda time: (time // DAY + 3) % 7 + 1,
    "millis": lambda time: time,
}
FUNCTIONS |= {sign: lambda a, b, compare=compare: compare(comparable(a), comparable(b))
              for sign, compare in COMPARE.items()}


def conjunction(truths):
    if any(truth is False for truth in truths):
        return False
    return None if any(truth is None for truth in truths) else True


def negated(truth):
    return None if truth is None else not truth


def evaluate(node, row):
    """The value of a tree for one row of values by name."""
    if node.operation == "literal":
        return node.value
    if node.operation == "field":
        return row[node.value]
    if node.operation == "if":
        condition, first, second = node.operands
        return evaluate(first if evaluate(condition, row) is True else second, row)
    values = [evaluate(operand, row) for operand in node.operands]
    if node.operation == "and":
        return conjunction(values)
    if node.operation == "or":
        return negated(conjunction([negated(value) for value in values]))
    if node.operation == "not":
        return negated(values[0])
    if node.operation == "is null":
        return values[0] is None
    if node.operation == "coalesce":
        return next((value for value in values if value is not None), None)
    if None in values:
        return None
    if node.operation == "in":
        return values[0] in values[1:]
    return fitted(FUNCTIONS[node.operation](*values), node.kind)


class Expression:
    """Parses `text` once over fields with their types."""

    def __init__(self, text, fields):
        self.tree = parse(text, fields)
        self.kind = self.tree.kind

    def value(self, row):
        return evaluate(self.tree, row)

    def accepts(self, row):
        """Whether a condition is true; unknown is not."""
        return self.value(row) is True
