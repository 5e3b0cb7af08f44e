#!/usr/bin/env python3
"""Makes the playbook's data from the full e-mail table.

    tools/demo/make_emails.py FILE [--share 0.6] [--out tools/demo/data]

FILE is `emails.csv.gz`. The sample keeps whole senders, never part of one: a sender is in if a hash of its token falls
below the share. The token and the domain of an address stand in one column, as an address does. The same input and
share give the same bytes again.
"""
import argparse
import csv
import gzip
import hashlib
import io
import pathlib
import sys
import zlib

COLUMNS = [
    "arrival_time_ms", "event_time_ms", "event_id", "label", "sender", "return_path_domain", "mailer", "hops", "n_to",
    "is_list", "size_bytes", "subject_len", "subject_upper_ratio", "body_words", "html_only", "n_links", "kw_free",
]
LIMIT = 300 * 1000


def chosen(sender, share):
    """True for the same senders in every run: the first 32 bits of a hash against the share."""
    digest = hashlib.sha256(b"hindcast playbook|" + sender.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def address(row):
    """`token@domain`; the token alone where the address has no readable domain."""
    domain = row["sender_domain"]
    return row["sender"] if domain in ("", "invalid") else f"{row['sender']}@{domain}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("file", type=pathlib.Path)
    arguments.add_argument("--share", type=float, default=0.6, help="share of the senders to keep")
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "data")
    options = arguments.parse_args()

    with gzip.open(options.file, "rt", encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if chosen(row["sender"], options.share)]
    for row in rows:
        row["sender"] = address(row)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    # Without a time stamp or a name, so that equal rows are equal bytes.
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(table.getvalue().encode()) + packer.flush()
    (options.out / "emails.csv.gz").write_bytes(data)
    print(f"{len(rows)} e-mails of {len({row['sender'] for row in rows})} senders, "
          f"{sum(row['label'] == '1' for row in rows)} of them spam, {len(data)} bytes")
    if len(data) > LIMIT:
        sys.exit(f"the sample has {len(data)} bytes, more than {LIMIT}: lower --share")


if __name__ == "__main__":
    main()
