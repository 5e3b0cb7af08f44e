"""Reading and writing conformance vectors: what the reference and the judge share.

Only the file format is in here (times, declarations, layout on the page). What an answer must be is
nowhere in this file, so that the two programs that compute answers stay independent of each other.
"""
import json
import pathlib
import unicodedata

from syntax import fields_of, parse
from times import EARLIEST, LIMIT, iso, milliseconds

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "conformance"
ALL = 1 << 40  # slices: more than there are
UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
SHAPES = {"where", "windows", "by", "limit"}
PARAMETERS = {"exactUpTo", "precision", "k", "keep", "permille", "errorPermille", "maxBuckets", "from", "width",
              "buckets", "per", "halfLife"}
# What functions give; all others give what their field is.
KINDS = {
    "int": "count countTrue distinct nullCount sinceFirst sinceLast",
    "double": "mean variance stddev skew kurtosis quantile median rms entropy modeRatio distinctRatio nullRatio "
              "trueRatio decayedCount",
    "timestamp": "firstTime lastTime",
    "string": "firstK lastK smallestK largestK histogram topK valueCounts"}


def length(text):
    """Milliseconds of a length such as `15m` or `1d`."""
    return int(text[:-1]) * UNITS[text[-1]]


class Feature:
    """One named feature of a view: a function over a field (None: rows) and a window in slices, which are all
    slices for a lifetime; its own filter or None; and the field it is by or None, with the limit. A half-life
    is in slices, and these are `length` milliseconds long."""

    def __init__(self, function, field, slices, parameters, filter_text, by, limit, length):
        self.function, self.field = function, field
        self.slices, self.parameters = slices, parameters
        self.filter = filter_text
        self.by, self.limit = by, limit
        self.length = length

    def kind(self, fields):
        """The type of its values, for a stream with these fields."""
        if self.by is not None:
            return "string"
        named = [kind for kind, names in KINDS.items() if self.function in names.split()]
        own = fields.get(self.field)
        if self.function == "range":
            return "double" if own == "double" else "int"
        return named[0] if named else own


class DerivedFeature:
    """A feature that is computed from others of its view, which stand before it."""

    function, parameters, field, by = "derive", {}, None, None

    def __init__(self, text, kinds, features):
        self.tree = parse(text, kinds)
        self.needs = sorted(fields_of(self.tree))
        self.slices = max(features[name].slices for name in self.needs)


class View:
    def __init__(self, declaration, fields):
        self.name = declaration["view"]
        self.entity = declaration["entity"]
        self.length = length(declaration.get("slice", "1d"))
        self.filter = declaration.get("where")
        self.derived = declaration.get("derive", {})
        self.join = declaration.get("join")
        # With the joined and the derived ones behind the stream's own.
        self.fields = dict(fields) | (self.join["fields"] if self.join else {})
        for name, text in self.derived.items():
            self.fields[name] = parse(text, self.fields).kind
        self.features, self.kinds = {}, {}
        for template, body in declaration["features"].items():
            if "derive" not in body:
                self.add(template, body)
        for name, body in declaration["features"].items():
            if "derive" in body:
                self.features[name] = DerivedFeature(body["derive"], self.kinds, self.features)
                self.kinds[name] = self.features[name].tree.kind

    def add(self, template, body):
        (function, field), = [(key, value) for key, value in body.items()
                              if key not in SHAPES and key not in PARAMETERS]
        parameters = {key: body[key] for key in PARAMETERS if key in body}
        if "halfLife" in body:
            parameters["halfLife"] = length(body["halfLife"]) // self.length
        for window in body["windows"]:
            slices, rest = (ALL, 0) if window == "lifetime" else divmod(length(window), self.length)
            assert rest == 0 and slices >= 1, f"{window} is no number of slices"
            name = template.replace("{window}", window)
            self.features[name] = Feature(
                function, None if field is True else field, slices, parameters, body.get("where"),
                body.get("by"), body.get("limit", 100), self.length)
            self.kinds[name] = self.features[name].kind(self.fields)


class Vector:
    """One file: its declarations, and its steps as they stand in the JSON."""

    def __init__(self, path):
        self.path = path
        self.json = json.loads(path.read_text(encoding="utf-8"))
        stream = self.json["stream"]
        self.fields = stream["fields"]
        self.id = stream.get("id")
        # For how long the stream keeps its events; None: for ever, or not at all.
        self.keep = length(stream["keep"]) if isinstance(stream.get("keep"), str) else None
        # Another stream, whose events views join to those of the first.
        self.joined = self.json.get("joined")
        self.views = {view["view"]: View(view, self.fields) for view in self.json["views"]}
        self.sets = self.json.get("sets", [])
        self.steps = self.json["steps"]
        # Views that come later, by a step of their own, and are not there before it.
        self.later = {name for step in self.steps for name in step.get("register", [])}

    def value(self, field, json_value, kind=None):
        """A row's JSON value as its field's type: int, float, str, bool, or None; timestamps are int."""
        if json_value is None:
            return None
        kind = kind or self.fields[field]
        if kind == "timestamp":
            return milliseconds(json_value)
        if kind == "double":
            return float(json_value)
        expected = {"int": int, "string": str, "bool": bool}[kind]
        assert type(json_value) is expected, f"{field} is {json_value!r}, not {kind}"
        return json_value

    def row(self, json_row, stream=None):
        """A row of the stream, or of another one."""
        fields = stream["fields"] if stream else self.fields
        unknown = set(json_row) - set(fields)
        assert not unknown, f"no such field: {unknown}"
        return {field: self.value(field, json_row.get(field), kind) for field, kind in fields.items()}

    def key_text(self, field, value):
        """The text of one part of a key, as it stands in a request."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)


def raw(value, kind):
    """An answer as a value to compute with: times as epoch milliseconds."""
    return milliseconds(value) if kind == "timestamp" and value is not None else value


def shown(value, kind):
    """A computed value as an answer."""
    return iso(value) if kind == "timestamp" and value is not None else value


def category_map(values, limit, hash_of):
    """The JSON text of a map from categories to values: sorted, and of too many the first by hash."""
    if not values:
        return None
    kept = sorted(values, key=lambda text: hash_of(text.encode()))[:limit]
    text = json.dumps({key: values[key] for key in sorted(kept, key=str.encode)},
                      ensure_ascii=False, separators=(",", ":"))
    return text if len(values) <= limit else '{"sample":' + text + "}"


def paths(names):
    """The vector files of the given names, or all."""
    if names:
        return [pathlib.Path(name) for name in names]
    return sorted(FOLDER.glob("*.json"))


def visible(character):
    """The character, or its JSON escape where a reader could not see it or take it for another."""
    hidden = not character.isprintable() or unicodedata.combining(character)
    return json.dumps(character)[1:-1] if hidden else character


def layout(vector):
    """The file's text: one line per field, feature, event and question."""
    def line(value):
        return "".join(map(visible, json.dumps(value, ensure_ascii=False)))

    def block(items, indent, brackets):
        inner = ",\n".join(" " * (indent + 2) + item for item in items)
        return f"{brackets[0]}\n{inner}\n{' ' * indent}{brackets[1]}"

    def view(declaration):
        members = [f"{line(key)}: {line(value)}" for key, value in declaration.items()
                   if key != "features"]
        features = [f"{line(k)}: {line(v)}" for k, v in declaration["features"].items()]
        return block(members + [f'"features": {block(features, 6, "{}")}'], 4, "{}")

    def step(body):
        (name, value), = body.items()
        if name not in ("ingest", "ingest_joined", "ask", "ask_sets", "refuse"):
            return line(body)
        return '{ "' + name + '": ' + block([line(item) for item in value], 4, "[]") + " }"

    def stream(declaration):
        return block([f"{line(key)}: {line(value)}" for key, value in declaration.items()], 2, "{}")

    members = [
        f'"name": {line(vector["name"])}',
        f'"about": {line(vector["about"])}',
        f'"stream": {stream(vector["stream"])}',
        f'"views": {block([view(v) for v in vector["views"]], 2, "[]")}',
        f'"steps": {block([step(s) for s in vector["steps"]], 2, "[]")}',
    ]
    if "joined" in vector:
        members.insert(3, f'"joined": {stream(vector["joined"])}')
    if "sets" in vector:
        members.insert(-1, f'"sets": {block([line(s) for s in vector["sets"]], 2, "[]")}')
    return block(members, 0, "{}") + "\n"
