"""The stores of the benchmark: declarations, events and how they are made."""
import json
import shutil

from measure import run

STREAM = {
    "stream": "payments",
    "fields": {"account": "string", "at": "timestamp", "amount": "double", "shop": "string",
               "card": "string", "note": "string"},
    "eventTime": "at",
}
FEATURES = ["1d_COUNT", "7d_COUNT", "30d_COUNT", "90d_COUNT", "365d_COUNT", "7d_SUM", "30d_SUM", "365d_SUM",
            "365d_LAST", "30d_SHOPS"]
SPANS = [1, 7, 30, 90, 365]
MANY = [f"{days}d_COUNT" for days in range(7, 357, 7)][:50]
KEYS = ["account", "shop", "card"]
PART = ["7d_COUNT", "30d_COUNT", "365d_COUNT", "30d_SUM"]


def view(name, entity, features):
    return {"view": name, "stream": "payments", "entity": [entity], "slice": "1d", "features": features}


def ten_features(name):
    return view(name, "account", {
        "{window}_COUNT": {"count": True, "windows": ["1d", "7d", "30d", "90d", "365d"]},
        "{window}_SUM": {"sum": "amount", "windows": ["7d", "30d", "365d"]},
        "{window}_LAST": {"last": "amount", "windows": ["365d"]},
        "{window}_SHOPS": {"distinct": "shop", "windows": ["30d"]}})


def counts_and_sums(name, entity):
    return view(name, entity, {
        "{window}_COUNT": {"count": True, "windows": ["7d", "30d", "365d"]},
        "{window}_SUM": {"sum": "amount", "windows": ["30d"]}})


STANDARD = [STREAM, ten_features("by_account")]
# A view whose slices end while one waits; as many slices in a window as days in a month or a year.
MINUTE_FEATURES = ["30m_COUNT", "1h_COUNT", "6h_COUNT", "6h_SUM", "30m_SHOPS"]
MINUTES = [STREAM, view("by_minute", "account", {
    "{window}_COUNT": {"count": True, "windows": ["30m", "1h", "6h"]},
    "{window}_SUM": {"sum": "amount", "windows": ["6h"]},
    "{window}_SHOPS": {"distinct": "shop", "windows": ["30m"]}}) | {"slice": "1m"}]
VECTOR = [STREAM, *(counts_and_sums(f"by_{key}", key) for key in KEYS),
          {"set": "model", "features": [f"by_{key}.{name}" for key in KEYS for name in PART]}]
WINDOWS = [STREAM, view("spans", "account", {
    "{window}_COUNT": {"count": True, "windows": sorted({f"{days}d" for days in SPANS} | {
        name.removesuffix("_COUNT") for name in MANY}, key=lambda text: int(text[:-1]))}})]
NOTES = [STREAM, view("notes", "account", {
    "365d_NOTE": {"last": "note", "windows": ["365d"]},
    "{window}_COUNT": {"count": True, "windows": ["7d", "30d", "365d"]}})]


def make_store(programs, bench, path, declarations, **options):
    """A compacted store with the events that the options of `ServeBench csv` tell of."""
    shutil.rmtree(path, ignore_errors=True)
    declared, csv = path.with_suffix(".json"), path.with_suffix(".csv")
    declared.write_text(json.dumps(declarations))
    bench.csv(csv, **options)
    run([programs / "hindcast", "register", path, declared])
    run([programs / "hindcast", "ingest", path, "payments", csv])
    run([programs / "hindcast", "compact", path])
    csv.unlink()
    return path
