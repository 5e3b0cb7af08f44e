"""Expressions as DuckDB's SQL. Whole numbers are computed in 128 bits, and what does not fit 64 becomes null;
DuckDB's own functions do the rest, behind guards where it would see an error or has another opinion of nulls.
"""

UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
RANGES = {"int": (-2**63, 2**63 - 1), "timestamp": (-62_135_596_800_000, 253_402_300_799_999)}
COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}
# By name of the function: SQL over the operands {0}, {1}, ...
PLAIN = {
    "negate": "-{0}", "abs": "abs({0})", "floor": "floor({0})", "ceil": "ceil({0})", "round": "round({0})",
    "sqrt": "CASE WHEN {0} >= 0 THEN sqrt({0}) END",
    "lower": f"translate({{0}}, '{UPPER}', '{LOWER}')", "upper": f"translate({{0}}, '{LOWER}', '{UPPER}')",
    "trim": f"trim({{0}}, {BLANKS})", "length": "length({0})",
    "replace": "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END",
    "before": "CASE WHEN contains({0}, {1}) THEN substring({0}, 1, instr({0}, {1}) - 1) END",
    "after": "CASE WHEN contains({0}, {1}) THEN substring({0}, instr({0}, {1}) + length({1})) END",
    "beforelast": "CASE WHEN contains({0}, {1}) THEN array_to_string(string_split({0}, {1})[:-2], {1}) END",
    "afterlast": "CASE WHEN contains({0}, {1}) THEN string_split({0}, {1})[-1] END",
    "contains": "contains({0}, {1})", "startswith": "starts_with({0}, {1})", "endswith": "suffix({0}, {1})",
    "hourofday": "hour(epoch_ms({0}))", "dayofweek": "isodow(epoch_ms({0}))", "millis": "{0}",
}


def literal(node):
    value = node.value
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value!r}::{'DOUBLE' if isinstance(value, float) else 'BIGINT'}"


def ranged(text, kind):
    """A whole number of any size, or null where the type has none such."""
    low, high = RANGES[kind]
    return f"CASE WHEN ({text}) BETWEEN {low} AND {high} THEN ({text})::BIGINT END"


def finite(text):
    return f"CASE WHEN isfinite({text}) THEN {text} END"


def arithmetic(sign, kind, left, right):
    if kind == "double":
        if sign in "/%":
            return f"CASE WHEN {right} <> 0 THEN {finite(f'({left} {sign} {right})')} END"
        return finite(f"({left} {sign} {right})")
    whole = f"({left}::HUGEINT {'//' if sign == 'div' else sign} {right}::HUGEINT)"
    if sign in ("%", "div"):
        return f"CASE WHEN {right} <> 0 THEN {ranged(whole, kind)} END"
    return ranged(whole, kind)


def number(node, value):
    """`int` and `double` of a number or a text."""
    source = node.operands[0].kind
    if source == "string" and node.operation == "int":
        return f"CASE WHEN regexp_full_match({value}, '-?[0-9]+') THEN TRY_CAST({value} AS BIGINT) END"
    if source == "string":
        pattern = r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"
        return (f"CASE WHEN regexp_full_match({value}, '{pattern}') "
                f"THEN {finite(f'TRY_CAST({value} AS DOUBLE)')} END")
    if node.operation == "double":
        return f"{value}::DOUBLE"
    return ranged(f"TRY_CAST(trunc({value}) AS HUGEINT)", "int")


def sql(node, column):
    """The SQL of a tree; `column` writes the name of a field."""
    if node.operation == "literal":
        return literal(node)
    if node.operation == "field":
        return column(node.value)
    values = [sql(operand, column) for operand in node.operands]
    name, first = node.operation, values[0]
    if name in ("and", "or"):
        return "(" + f" {name} ".join(values) + ")"
    if name in COMPARISONS:
        return f"({first} {name} {values[1]})"
    if name in ("not", "is null"):
        return f"(NOT {first})" if name == "not" else f"({first} IS NULL)"
    if name == "in":
        return f"({first} IN ({', '.join(values[1:])}))"
    if name == "if":
        return f"CASE WHEN {first} THEN {values[1]} ELSE {values[2]} END"
    if name == "coalesce":
        return f"coalesce({', '.join(values)})"
    if name in ("+", "-", "*", "/", "%", "div"):
        return arithmetic(name, node.kind, *values)
    if name in ("min", "max"):
        known = " AND ".join(f"{value} IS NOT NULL" for value in values)
        return f"CASE WHEN {known} THEN {'least' if name == 'min' else 'greatest'}({', '.join(values)}) END"
    if name == "concat":
        return "(" + " || ".join(values) + ")"
    if name == "substring":
        guard = f"{values[1]} >= 1" + (f" AND {values[2]} >= 0" if len(values) > 2 else "")
        return f"CASE WHEN {guard} THEN substring({', '.join(values)}) END"
    if name == "string":
        return f"{first}::VARCHAR"
    if name in ("int", "double"):
        return number(node, first)
    if node.kind == "int" and name in ("negate", "abs"):
        return ranged(PLAIN[name].format(f"{first}::HUGEINT"), "int")
    if node.kind == "int" and node.operands[0].kind == "double":
        return ranged(f"TRY_CAST({PLAIN[name].format(first)} AS HUGEINT)", "int")
    return PLAIN[name].format(*values)
