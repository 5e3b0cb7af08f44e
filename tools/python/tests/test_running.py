"""Joins as they run: beside each other, without the GIL, ended by Ctrl-C or from elsewhere, watched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from world import Chance, World, rows_of

VIEW = {"views": "by_sender", "time": "t", "keys": {"sender": "who"}}


@pytest.fixture
def filled(world: World) -> World:
    world.take(Chance(1).mails(500))
    return world


def long_spine(seconds: float, world: World) -> pa.Table:
    """Rows that take about so long to join."""
    part = Chance(2).spine(1000)
    spine = pa.concat_tables([part] * 100).combine_chunks()
    started = time.monotonic()
    world.store.join(spine, **VIEW)
    times = seconds / (time.monotonic() - started)
    return pa.concat_tables([spine] * max(1, int(times))).combine_chunks()


def test_threads_may_join_look_up_and_load_at_the_same_time(filled: World) -> None:
    spine = Chance(3).spine(300)
    wanted = rows_of(filled.store.join(spine, **VIEW))

    def join(number: int) -> bool:
        rows = spine if number % 2 else spine.to_reader(max_chunksize=50)
        joined = filled.store.join(rows, **VIEW, threads=1 + number % 3)
        return rows_of(joined if number % 2 else joined.read_all()) == wanted

    def load(number: int) -> bool:
        events = pa.table({"sender": ["carol"], "at": [0], "seen": [0], "size": [1], "score": [1.0], "topic": ["x"],
                           "spam": [True]})
        return filled.store.ingest(events, "mails", source=f"c{number % 4}").rows in (0, 1)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(load if number % 5 == 0 else join, number) for number in range(60)]
        assert all(each.result() for each in done)
    assert filled.store.get("by_sender", "carol", at="1970-01-02")["1d_N"] == 4


def test_other_threads_run_while_a_join_does(filled: World) -> None:
    spine = long_spine(1.0, filled)
    ticks: list[float] = []
    is_over = threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.002)

    ticker = threading.Thread(target=tick)
    ticker.start()
    started = time.monotonic()
    # On a thread that is not the main one, where nothing but the call itself can give the GIL up.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(filled.store.join, spine, **VIEW, threads=1).result()
    ended = time.monotonic()
    is_over.set()
    ticker.join()
    # With the GIL held there would be none but at the very ends.
    assert len([tick for tick in ticks if started < tick < ended]) > 10


def test_progress_is_told_on_the_calling_thread_and_may_end_the_join(filled: World) -> None:
    spine = long_spine(1.0, filled)
    told: list[int] = []
    callers = set()

    def progress(rows: int) -> None:
        told.append(rows)
        callers.add(threading.current_thread())

    filled.store.join(spine, **VIEW, progress=progress)
    assert told == sorted(told) and told[-1] == spine.num_rows and len(told) > 1
    assert callers == {threading.current_thread()}
    told.clear()
    filled.store.join(spine.to_reader(max_chunksize=100_000), **VIEW, progress=progress).read_all()
    assert told == sorted(told) and told[-1] == spine.num_rows

    class Enough(Exception):
        pass

    def enough(rows: int) -> None:
        told.append(rows)
        raise Enough

    told.clear()
    long = pa.concat_tables([spine] * 10)
    with pytest.raises(Enough):
        filled.store.join(long, **VIEW, progress=enough)
    assert len(told) == 1 and told[0] < long.num_rows
    assert filled.store.join(spine.slice(0, 10), **VIEW).num_rows == 10


@pytest.mark.parametrize("kind", ["table", "reader", "events"])
def test_an_interrupt_ends_a_join_or_a_load_soon(filled: World, kind: str) -> None:
    """In a process of its own, which gets what Ctrl-C sends."""
    path = filled.store.path
    filled.store.close()
    program = textwrap.dedent("""
        import sys, time
        import pyarrow as pa
        import hindcast
        from world import Chance, table
        kind = sys.argv[2]
        store = hindcast.open(sys.argv[1], "write" if kind == "events" else "read")
        done = [0]
        try:
            print("begins", flush=True)
            if kind == "events":
                part = table(Chance(6).mails(1000)).combine_chunks().to_batches()[0]
                endless = pa.RecordBatchReader.from_batches(part.schema, (part for _ in range(10**9)))
                store.ingest(endless, "mails", source="endless")
            else:
                part = Chance(2).spine(1000)
                spine = pa.concat_tables([part] * 30_000)
                if kind == "table":
                    spine = spine.combine_chunks()
                rows = spine if kind == "table" else spine.to_reader()
                print("joins", flush=True)
                joined = store.join(rows, "by_sender:30d_N,7d_N", time="t", keys={"sender": "who"},
                                    progress=done.append)
                joined if kind == "table" else joined.read_all()
        except KeyboardInterrupt:
            print(done[-1], flush=True)
            store.close()
            sys.exit(7)
    """)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", program, path, kind], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    while process.stdout.readline().strip() != (b"begins" if kind == "events" else b"joins"):
        pass
    time.sleep(0.7)
    assert process.poll() is None, "it ended before it could be interrupted"
    process.send_signal(signal.SIGINT)
    rows = int(process.stdout.readline())
    assert process.wait(timeout=60) == 7
    # The events have no end; the spine has, and it was not come to.
    assert rows < 30_000_000
