"""Instants of vectors: epoch milliseconds, and their text in ISO 8601."""
import datetime
import re

EPOCH = datetime.datetime(1970, 1, 1)
EARLIEST, LIMIT = -62_135_596_800_000, 253_402_300_800_000  # years 0001 to 9999


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
