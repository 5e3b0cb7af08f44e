"""Some of our answers as files for tools/bench/agreement.py, which holds them against the raw events.

Nothing here computes an answer: values are read from the file of answers where their rows lie in the spine.
"""
import csv
import random
import struct


def write_sample(spine, answers, features, questions, asked, joined):
    """`questions` rows of the spine, and the same rows with their answers."""
    with open(spine, newline="") as file:
        rows = sum(1 for _ in file) - 1
    picked = sorted(random.Random(20_260_103).sample(range(rows), min(questions, rows)))
    with open(asked, "w", newline="") as plain, open(joined, "w", newline="") as full:
        plain, full = (csv.writer(file, lineterminator="\n") for file in (plain, full))
        plain.writerow(["account", "time"])
        full.writerow(["account", "time", *(feature.name for feature in features)])
        with open(answers, "rb") as file:
            for row, cells in rows_at(spine, picked):
                plain.writerow(cells)
                full.writerow([*cells, *values_at(file, row, rows, features)])


def rows_at(spine, picked):
    wanted = set(picked)
    with open(spine, newline="") as file:
        for row, cells in enumerate(csv.reader(file), start=-1):
            if row in wanted:
                yield row, cells


def values_at(file, row, rows, features):
    for place, feature in enumerate(features):
        file.seek(8 * (place * rows + row))
        # The shortest text of a double stands for no other.
        yield repr(struct.unpack("<q" if feature.is_count else "<d", file.read(8))[0])
