"""A view's filter, read and evaluated for the reference: SQL's three values, None for unknown."""
import operator
import re

TOKEN = re.compile(r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|'(?P<text>(?:[^']|'')*)'
    |(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|!=|=|<|>|\(|\)|,))""", re.X)
COMPARE = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
           ">": operator.gt, ">=": operator.ge}


def negate(value):
    return None if value is None else not value


def conjunction(values):
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def comparable(value):
    """Text is compared by its UTF-8 bytes."""
    return value.encode() if isinstance(value, str) else value


class Filter:
    """Parses `text` once; `accepts(row)` is true only where the whole is true."""

    def __init__(self, text):
        self.tokens, position, text = [], 0, text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match, f"filter: {text[position:]!r}"
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.evaluate = self.disjunction()
        assert not self.tokens, f"filter goes on: {self.tokens}"

    def accepts(self, row):
        return self.evaluate(row) is True

    def take(self, *wanted):
        """The next token, if it is one of these signs or words."""
        if self.tokens and self.tokens[0][0] in ("word", "sign") and self.tokens[0][1] in wanted:
            return self.tokens.pop(0)[1]
        return None

    def need(self, wanted):
        assert self.take(wanted), f"filter: {wanted} expected before {self.tokens}"

    def disjunction(self):
        terms = [self.term()]
        while self.take("or"):
            terms.append(self.term())
        return lambda row: negate(conjunction([negate(term(row)) for term in terms]))

    def term(self):
        factors = [self.factor()]
        while self.take("and"):
            factors.append(self.factor())
        return lambda row: conjunction([factor(row) for factor in factors])

    def factor(self):
        if self.take("not"):
            inner = self.factor()
            return lambda row: negate(inner(row))
        if self.take("("):
            inner = self.disjunction()
            self.need(")")
            return inner
        return self.test(self.tokens.pop(0)[1])

    def test(self, field):
        if self.take("is"):
            wanted = not self.take("not")
            self.need("null")
            return lambda row: (row[field] is None) == wanted
        if self.take("in"):
            self.need("(")
            choices = [self.literal()]
            while self.take(","):
                choices.append(self.literal())
            self.need(")")
            return lambda row: None if row[field] is None else row[field] in choices
        compare = COMPARE[self.take(*COMPARE)]
        literal = self.literal()
        return lambda row: (
            None if row[field] is None else compare(comparable(row[field]), comparable(literal)))

    def literal(self):
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return float(text) if re.search("[.eE]", text) else int(text)
        if kind == "text":
            return text.replace("''", "'")
        return {"true": True, "false": False}[text]
