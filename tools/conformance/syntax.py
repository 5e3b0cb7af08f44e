"""Expressions as trees with types: how `docs/reference/expressions.md` says that they are written.

What they mean is not in here: the reference evaluates the trees (expressions.py), the judge makes SQL of them
(duckdb_expressions.py), and neither looks at the other.
"""
import re
from dataclasses import dataclass

from times import milliseconds

TOKEN = re.compile(r"""\s*(?:(?P<odd>\d+\w*[A-Za-z_][\w.]*)|(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)
    |'(?P<text>(?:[^']|'')*)'|`(?P<tick>(?:[^`]|``)*)`|"(?P<quote>(?:[^"]|"")*)"
    |(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|==|[-=<>(),+*/%]))""", re.X)
NUMBER = re.compile(r"\d+[eE]\d+")  # a number with an exponent looks like a name that begins with a digit
COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
WORDS = {"and", "or", "not", "in", "is", "null", "true", "false"}
INTS = {"div", "floor", "ceil", "round", "int", "length", "hourofday", "dayofweek", "millis"}
TEXTS = {"string", "lower", "upper", "trim", "substring", "concat", "replace", "before", "after", "beforelast",
         "afterlast"}
BOOLS = {"contains", "startswith", "endswith"}


@dataclass
class Node:
    """An operation with its operands: `field` and `literal` have a name or a value instead. The type is one of
    the fields' types, or None for null."""

    operation: str
    kind: str | None
    operands: list
    value: object = None


def common(kinds):
    """One type, or double for whole numbers beside doubles."""
    known = {kind for kind in kinds if kind is not None}
    if known == {"int", "double"}:
        return "double"
    assert len(known) == 1, f"no common type: {kinds}"
    return known.pop()


def widened(node, kind):
    """Whole numbers as doubles, where doubles are wanted."""
    return Node("double", "double", [node]) if kind == "double" and node.kind == "int" else node


def instant(text):
    return milliseconds(text if "T" in text else text + "T00:00:00Z")


class Parser:
    def __init__(self, text, fields):
        self.fields, self.tokens, position, text = fields, [], 0, text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match, f"expression: {text[position:]!r}"
            kind, value = match.lastgroup, match.group(match.lastgroup)
            if kind == "odd":
                kind = "number" if NUMBER.fullmatch(value) else "name"
            elif kind in ("tick", "quote"):
                mark = {"tick": "`", "quote": '"'}[kind]
                kind, value = "name", value.replace(mark * 2, mark)
            elif kind == "text":
                value = value.replace("''", "'")
            elif kind == "word" and value.lower() in WORDS:
                kind, value = "keyword", value.lower()
            self.tokens.append((kind, value))
            position = match.end()

    def whole(self):
        node = self.disjunction()
        assert not self.tokens, f"expression goes on: {self.tokens}"
        return node

    def take(self, *wanted):
        if self.tokens and self.tokens[0][0] in ("keyword", "sign") and self.tokens[0][1] in wanted:
            return self.tokens.pop(0)[1]
        return None

    def need(self, wanted):
        assert self.take(wanted), f"expression: {wanted} expected before {self.tokens}"

    def many(self, word, operand):
        nodes = [operand()]
        while self.take(word):
            nodes.append(operand())
        return nodes[0] if len(nodes) == 1 else Node(word, "bool", nodes)

    def disjunction(self):
        return self.many("or", lambda: self.many("and", self.negation))

    def negation(self):
        return Node("not", "bool", [self.negation()]) if self.take("not") else self.test()

    def test(self):
        left = self.sum()
        if self.take("is"):
            isnt = self.take("not")
            self.need("null")
            found = Node("is null", "bool", [left])
            return Node("not", "bool", [found]) if isnt else found
        isnt = self.take("not")
        if self.take("in"):
            self.need("(")
            choices = [self.signed()]
            while self.take(","):
                choices.append(self.signed())
            self.need(")")
            found = Node("in", "bool", [left, *(self.fitted(choice, left) for choice in choices)])
            return Node("not", "bool", [found]) if isnt else found
        sign = self.take(*COMPARISONS)
        if sign is None:
            return left
        right = self.sum()
        return Node(COMPARISONS[sign], "bool", [self.fitted(left, right), self.fitted(right, left)])

    def fitted(self, node, other):
        """A literal beside a time is a time."""
        if other.kind == "timestamp" and node.operation == "literal":
            value = instant(node.value) if node.kind == "string" else node.value
            return Node("literal", "timestamp", [], value)
        return node

    def sum(self):
        left = self.product()
        while sign := self.take("+", "-"):
            right = self.product()
            if "timestamp" in (left.kind, right.kind):
                kind = "int" if left.kind == right.kind else "timestamp"
            else:
                kind = common([left.kind, right.kind])
            left = Node(sign, kind, [widened(left, kind), widened(right, kind)])
        return left

    def product(self):
        left = self.signed()
        while sign := self.take("*", "/", "%"):
            right = self.signed()
            kind = "double" if sign == "/" else common([left.kind, right.kind])
            left = Node(sign, kind, [widened(left, kind), widened(right, kind)])
        return left

    def signed(self):
        if not self.take("-"):
            return self.primary()
        inner = self.signed()
        if inner.operation == "literal":
            return Node("literal", inner.kind, [], -inner.value)
        return Node("negate", inner.kind, [inner])

    def primary(self):
        if self.take("("):
            inner = self.disjunction()
            self.need(")")
            return inner
        kind, text = self.tokens.pop(0)
        if kind == "number":
            is_whole = re.fullmatch(r"\d+", text) is not None
            return Node("literal", "int" if is_whole else "double", [], int(text) if is_whole else float(text))
        if kind == "text":
            return Node("literal", "string", [], text)
        if kind == "keyword":
            kinds = {"true": ("bool", True), "false": ("bool", False), "null": (None, None)}
            return Node("literal", kinds[text][0], [], kinds[text][1])
        if kind == "word" and self.tokens and self.tokens[0] == ("sign", "("):
            return self.call(text.lower())
        assert text in self.fields, f"no field {text}"
        return Node("field", self.fields[text], [], text)

    def call(self, name):
        self.need("(")
        operands = [self.disjunction()]
        while self.take(","):
            operands.append(self.disjunction())
        self.need(")")
        kinds = [operand.kind for operand in operands]
        if name == "if":
            kind = common(kinds[1:])
            return Node(name, kind, [operands[0], *(widened(o, kind) for o in operands[1:])])
        if name in ("coalesce", "min", "max", "abs"):
            kind = common(kinds)
            return Node(name, kind, [widened(operand, kind) for operand in operands])
        if name == "sqrt":
            return Node(name, "double", [widened(operands[0], "double")])
        kind = ("int" if name in INTS else "string" if name in TEXTS else "bool" if name in BOOLS
                else {"double": "double"}[name])
        return Node(name, kind, operands)


def parse(text, fields):
    """The tree of an expression over fields, whose types are given by name."""
    return Parser(text, fields).whole()


def fields_of(node):
    """The names that a tree stands on."""
    own = {node.value} if node.operation == "field" else set()
    return own.union(*map(fields_of, node.operands))
