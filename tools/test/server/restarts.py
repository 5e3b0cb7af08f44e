"""A producer that is killed and restarted, against a server that is killed and restarted: nothing is lost, and
nothing is counted twice.

    restarts.py FOLDER [KILLS] [SEED]      both are killed so many times (50), at random points
    restarts.py produce PORT NAME COUNT    the producer: asks where to go on, and sends the rest
"""

import os
import random
import subprocess
import sys
import time

import redis

from served import Server

SENDERS = 7
PRODUCERS = ["crawler", "mirror"]
BASE = 1_700_000_000_000


def event(name: str, number: int) -> dict[str, str | int]:
    """The event of a number: the same whenever it is made."""
    return {
        "sender": f"s{(number * 31 + len(name)) % SENDERS}",
        "at": BASE + number * 10,
        "size": number % 1000,
    }


def produce(port: int, name: str, count: int) -> None:
    key = f"mails:{name}"
    while True:
        try:
            client = redis.Redis(port=port, socket_timeout=10)
            last = client.xinfo_stream(key)["last-generated-id"]
            number = int(last.decode().split("-")[0])
            while number < count:
                pipeline = client.pipeline(transaction=number % 3 == 0)
                for one in range(number, min(number + 40, count)):
                    pipeline.xadd(key, event(name, one), id=f"{one + 1}-0")
                pipeline.execute()
                number = min(number + 40, count)
            return
        except (redis.ConnectionError, redis.TimeoutError, ConnectionError):
            time.sleep(0.01)
        except redis.ResponseError as error:
            # After an event that was not stored the server ends the connection; so do we, and ask again.
            if "MISCONF" not in str(error):
                raise
            time.sleep(0.01)


def expected(count: int) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for name in PRODUCERS:
        for number in range(count):
            one = event(name, number)
            events, size = found.get(str(one["sender"]), (0, 0))
            found[str(one["sender"])] = (events + 1, size + int(one["size"]))
    return found


def start(port: int, name: str, count: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "produce", str(port), name, str(count)]
    )


def run(folder: str, kills: int, seed: int) -> None:
    random.seed(seed)
    server = Server(folder, "--fsync", "always", "--log-level", "info")
    server.register()
    server.start()
    count = 1_000_000
    producers = {name: start(server.port, name, count) for name in PRODUCERS}
    killed = {"server": 0, "producer": 0}
    while min(killed.values()) < kills:
        time.sleep(random.uniform(0.0, 0.12))
        if random.random() < 0.5:
            server.kill()
            killed["server"] += 1
            server.start()
        else:
            name = random.choice(PRODUCERS)
            producers[name].kill()
            producers[name].wait()
            killed["producer"] += 1
            producers[name] = start(server.port, name, count)
            # Python takes a moment to start: at times it is left alone for long enough to send something.
            time.sleep(random.choice([0.0, 0.3]))
    check(server, producers, killed, seed)


def check(server: Server, producers: dict, killed: dict, seed: int) -> None:
    client = redis.Redis(port=server.port)
    sent = max(client.xlen(f"mails:{name}") for name in PRODUCERS)
    assert sent > 1000, f"seed {seed}: only {sent} events came through"
    for process in producers.values():
        process.kill()
        process.wait()
    # All that is left, up to a common end.
    end = sent + 500
    for name in PRODUCERS:
        assert start(server.port, name, end).wait() == 0, f"seed {seed}: the producer failed"
        assert client.xlen(f"mails:{name}") == end, f"seed {seed}: {client.xlen(f'mails:{name}')}"
    for sender, (events, size) in sorted(expected(end).items()):
        answer = client.execute_command(
            "FS.GET", "by_sender", sender, "ASOF", BASE + 29 * 86_400_000, "CORRECTED",
            "FEATURES", 2, "30d_N", "30d_SIZE")  # fmt: skip
        values = dict(zip(answer[::2], answer[1::2]))
        found = (int(values[b"30d_N"]), int(values[b"30d_SIZE"]))
        assert found == (events, size), f"seed {seed}: {sender} has {found}, not {(events, size)}"
    assert server.stop() == 0, "the server did not end well"
    print(f"{killed['server']} kills of the server, {killed['producer']} of producers, "
          f"{2 * end} events: none lost, none twice")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "produce":
        produce(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        arguments = sys.argv[2:]
        run(sys.argv[1], int(arguments[0]) if arguments else 50,
            int(arguments[1]) if len(arguments) > 1 else 1)  # fmt: skip
