"""Reading and writing conformance vectors: what the reference and the judge share.

Only the file format is in here (times, declarations, layout on the page). What an answer must be is
nowhere in this file, so that the two programs that compute answers stay independent of each other.
"""
import datetime
import json
import pathlib
import re
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "conformance"
EPOCH = datetime.datetime(1970, 1, 1)
EARLIEST, LIMIT = -62_135_596_800_000, 253_402_300_800_000  # years 0001 to 9999
ALL = 1 << 40  # slices: more than there are
UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
SHAPES = {"where", "windows", "by", "limit"}
PARAMETERS = {"exactUpTo", "precision", "k", "keep", "permille", "errorPermille", "maxBuckets", "from", "width",
              "buckets", "per"}


def milliseconds(time):
    """Epoch milliseconds of a JSON time: a number of them, or ISO 8601 text in UTC."""
    if isinstance(time, int):
        return time
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?Z", time)
    if not match:
        raise ValueError(f"not a time: {time!r}")
    *parts, millis = match.groups()
    since = datetime.datetime(*map(int, parts)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + int(millis or 0)


def iso(millis):
    """The ISO 8601 text of epoch milliseconds, with milliseconds only where there are any."""
    time = EPOCH + datetime.timedelta(milliseconds=millis)
    text = f"{time.year:04}-{time.month:02}-{time.day:02}T{time:%H:%M:%S}"
    return text + (f".{millis % 1000:03}Z" if millis % 1000 else "Z")


def length(text):
    """Milliseconds of a length such as `15m` or `1d`."""
    return int(text[:-1]) * UNITS[text[-1]]


class Feature:
    """One named feature of a view: a function over a field (None: rows) and a window in slices, which are all
    slices for a lifetime; its own filter or None; and the field it is by or None, with the limit."""

    def __init__(self, function, field, slices, parameters, filter_text, by, limit):
        self.function, self.field = function, field
        self.slices, self.parameters = slices, parameters
        self.filter = filter_text
        self.by, self.limit = by, limit


class View:
    def __init__(self, declaration):
        self.name = declaration["view"]
        self.entity = declaration["entity"]
        self.length = length(declaration.get("slice", "1d"))
        self.filter = declaration.get("where")
        self.features = {}
        for template, body in declaration["features"].items():
            (function, field), = [(key, value) for key, value in body.items()
                                  if key not in SHAPES and key not in PARAMETERS]
            parameters = {key: body[key] for key in PARAMETERS if key in body}
            for window in body["windows"]:
                slices, rest = (ALL, 0) if window == "lifetime" else divmod(length(window), self.length)
                assert rest == 0 and slices >= 1, f"{window} is no number of slices"
                self.features[template.replace("{window}", window)] = Feature(
                    function, None if field is True else field, slices, parameters, body.get("where"),
                    body.get("by"), body.get("limit", 100))


class Vector:
    """One file: its declarations, and its steps as they stand in the JSON."""

    def __init__(self, path):
        self.path = path
        self.json = json.loads(path.read_text(encoding="utf-8"))
        stream = self.json["stream"]
        self.fields = stream["fields"]
        self.event_time = stream["eventTime"]
        self.arrival_time = stream.get("arrivalTime")
        self.views = {view["view"]: View(view) for view in self.json["views"]}
        self.steps = self.json["steps"]

    def value(self, field, json_value):
        """A row's JSON value as its field's type: int, float, str, bool, or None; timestamps are int."""
        if json_value is None:
            return None
        kind = self.fields[field]
        if kind == "timestamp":
            return milliseconds(json_value)
        if kind == "double":
            return float(json_value)
        expected = {"int": int, "string": str, "bool": bool}[kind]
        assert type(json_value) is expected, f"{field} is {json_value!r}, not {kind}"
        return json_value

    def row(self, json_row):
        unknown = set(json_row) - set(self.fields)
        assert not unknown, f"no such field: {unknown}"
        return {field: self.value(field, json_row.get(field)) for field in self.fields}

    def key_text(self, field, value):
        """The text of one part of a key, as it stands in a request."""
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)


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
        if name not in ("ingest", "ask", "refuse"):
            return line(body)
        return '{ "' + name + '": ' + block([line(item) for item in value], 4, "[]") + " }"

    stream = [f"{line(key)}: {line(value)}" for key, value in vector["stream"].items()]
    members = [
        f'"name": {line(vector["name"])}',
        f'"about": {line(vector["about"])}',
        f'"stream": {block(stream, 2, "{}")}',
        f'"views": {block([view(v) for v in vector["views"]], 2, "[]")}',
        f'"steps": {block([step(s) for s in vector["steps"]], 2, "[]")}',
    ]
    return block(members, 0, "{}") + "\n"
