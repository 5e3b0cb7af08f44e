#!/usr/bin/env python3
"""Makes the demo's data from the full commit event tables.

    tools/demo/make_sample.py FOLDER [--share 0.25] [--out tools/demo/data]

FOLDER holds `commits.csv.gz` and `commit_labels.csv.gz`. The sample keeps whole authors, never part of
one: an author is in if a hash of its token falls below the share, so every window over an author is as
complete as in the full tables. The same input and share give the same bytes again.
"""
import argparse
import csv
import gzip
import hashlib
import io
import pathlib
import sys
import zlib

COMMIT_COLUMNS = [
    "arrival_time_ms", "event_time_ms", "repo", "event_id", "author", "author_domain", "parents",
    "component", "files", "lines_added", "lines_deleted", "is_revert",
]
LABEL_COLUMNS = ["label_time_ms", "repo", "event_id", "author", "label", "event_time_ms"]
LIMIT = 3 * 1024 * 1024


def chosen(author, share):
    """True for the same authors in every run: the first 32 bits of a hash against the share."""
    digest = hashlib.sha256(b"hindcast demo 2|" + author.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def write(path, columns, table):
    """CSV with `\n` line ends, gzip'd without a time stamp or a name, so that equal rows are equal bytes."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(table)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(text.getvalue().encode()) + packer.flush()
    path.write_bytes(data)
    return len(data)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--share", type=float, default=0.25, help="share of the authors to keep")
    arguments.add_argument("--out", type=pathlib.Path,
                           default=pathlib.Path(__file__).resolve().parent / "data")
    options = arguments.parse_args()

    commits = [row for row in rows(options.folder / "commits.csv.gz")
               if chosen(row["author"], options.share)]
    authors = {(row["repo"], row["event_id"]): row["author"] for row in commits}
    labels = []
    for row in rows(options.folder / "commit_labels.csv.gz"):
        author = authors.get((row["repo"], row["event_id"]))
        if author is not None:
            labels.append({**row, "author": author})
    commits.sort(key=lambda row: int(row["arrival_time_ms"]))  # stable: ties stay as they were
    labels.sort(key=lambda row: int(row["label_time_ms"]))

    options.out.mkdir(parents=True, exist_ok=True)
    size = write(options.out / "commits.csv.gz", COMMIT_COLUMNS, commits)
    size += write(options.out / "commit_labels.csv.gz", LABEL_COLUMNS, labels)
    late = sum(int(r["arrival_time_ms"]) // 86_400_000 > int(r["event_time_ms"]) // 86_400_000
               for r in commits)
    negative = sum(int(r["arrival_time_ms"]) < int(r["event_time_ms"]) for r in commits)
    print(f"{len(commits)} commits of {len(set(authors.values()))} authors, {len(labels)} labels, "
          f"{size} bytes; {late} arrive on a later day than they happened, "
          f"{negative} arrive before they happened")
    if size > LIMIT:
        sys.exit(f"the sample has {size} bytes, more than {LIMIT}: lower --share")


if __name__ == "__main__":
    main()
