"""`python -m hindcast` on Parquet files, as people call it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from world import Chance, World, rows_of, table


def run(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "hindcast", *map(str, words)]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


def test_files_are_taken_in_once_and_joined_by_batches(tmp_path: Path, world: World) -> None:
    chance = Chance(1)
    pq.write_table(table(chance.mails(500)), tmp_path / "mails.parquet")
    spine = chance.spine(150_000)
    pq.write_table(spine, tmp_path / "spine.parquet", row_group_size=10_000)
    store = world.store.path
    world.store.close()
    first = run("ingest", store, "mails", tmp_path / "mails.parquet")
    assert first.returncode == 0 and "mails.parquet: 500 rows" in first.stdout, first.stderr
    again = run("ingest", store, "mails", tmp_path / "mails.parquet")
    assert "nothing new; 500 rows were taken in before" in again.stdout
    words = ["join", tmp_path / "spine.parquet", tmp_path / "out.parquet", "--store", store, "--view",
             "by_sender:30d_N,30d_LAST", "--time", "t", "--key", "sender=who"]
    for more, mode in [([], {}), (["--corrected"], {"mode": "corrected"}), (["--known-column", "k"], {"known_column": "k"})]:
        done = run(*words, *more)
        assert done.returncode == 0 and "joined 150,000 rows" in done.stderr, done.stderr
        joined = pq.read_table(tmp_path / "out.parquet")
        assert joined.select(spine.column_names).equals(spine)
        import hindcast

        with hindcast.open(store) as reader:
            wanted = reader.join(spine, "by_sender:30d_N,30d_LAST", time="t", keys={"sender": "who"}, **mode)
        assert joined.column("30d_N").equals(wanted.column("30d_N"))
        assert joined.column("30d_LAST").to_pylist() == wanted.column("30d_LAST").to_pylist()


def test_mistakes_are_one_line_and_leave_no_output(tmp_path: Path, world: World) -> None:
    chance = Chance(2)
    bad = chance.mails(20)
    bad[7]["at"] = None
    pq.write_table(table(bad), tmp_path / "bad.parquet")
    pq.write_table(chance.spine(5), tmp_path / "spine.parquet")
    store = world.store.path
    world.store.close()
    refused = run("ingest", store, "mails", tmp_path / "bad.parquet")
    assert refused.returncode == 1
    assert "bad.parquet: row 7: field 'at': the event time is null. Mend it" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    taken = run("ingest", store, "mails", tmp_path / "bad.parquet", "--rejects", tmp_path / "rejects.csv")
    assert "20 rows" in taken.stdout and "1 rejected" in taken.stdout
    assert (tmp_path / "rejects.csv").read_text().splitlines()[1].endswith("bad.parquet,7,at,the event time is null")
    for words, text in [
        (["--view", "nope"], "no view 'nope'"),
        (["--view", "by_sender", "--time", "nope"], "no column 'nope'"),
        (["--view", "by_sender", "--time", "t", "--key", "sender"], "write FIELD=COLUMN"),
    ]:
        done = run("join", tmp_path / "spine.parquet", tmp_path / "out.parquet", "--store", store, *words)
        assert done.returncode == 1 and text in done.stderr and len(done.stderr.splitlines()) == 1
    missing = run("join", tmp_path / "none.parquet", tmp_path / "out.parquet", "--store", store, "--view", "by_sender")
    assert missing.returncode == 1 and "none.parquet" in missing.stderr
    assert not list(tmp_path.glob("out.parquet*"))


def test_help_shows_an_example() -> None:
    for words in ([], ["join"], ["ingest"]):
        shown = run(*words, "--help")
        assert shown.returncode == 0 and "python -m hindcast" in shown.stdout
    assert "example:" in run("join", "--help").stdout
    assert run("--version").stdout.startswith("hindcast 0.")


def test_a_table_is_a_table(tmp_path: Path, world: World) -> None:
    """An output is a plain Parquet file that pandas reads too."""
    world.take(Chance(3).mails(100))
    spine = Chance(4).spine(30)
    pq.write_table(world.store.join(spine, "by_sender", time="t", keys={"sender": "who"}), tmp_path / "o.parquet")
    back = pq.read_table(tmp_path / "o.parquet")
    assert rows_of(back) == rows_of(pa.table(world.store.join(spine.to_reader(), "by_sender", time="t",
                                                              keys={"sender": "who"})))
