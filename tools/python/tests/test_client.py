"""A real server, asked through redis-py in both versions of the protocol and with both of its parsers."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import redis
from redis._parsers import _HiredisParser, _RESP2Parser, _RESP3Parser
from serving import Server
from world import DAY, FEATURES, START, STREAM, Chance, bits, table, view

import hindcast

PAIRS = {**view("by_pair", ("sender", "topic")), "slice": "1h"}
# Computed: sees the default in place of nulls, and reads a feature that is not in the vector.
SHARES: dict[str, Any] = {
    "set": "shares",
    "features": [
        {"feature": "by_sender.30d_MEAN", "default": -1.5},
        {"name": "SHARE", "derive": "by_pair.7d_N / by_sender.7d_N", "default": 0},
        {"name": "ODD", "derive": "SHARE > 0.5 or by_sender.30d_MEAN = -1.5"},
    ],
    "keys": {"by_pair": {"topic": "about"}},
}
RISK = {"set": "risk", "features": ["by_pair.7d_N", "by_sender.30d_LATEST", "by_sender.30d_MEAN", "by_pair.7d_SPAM"]}
PAIRS["features"] = {
    "{window}_N": {"count": True, "windows": ["7d"]},
    "{window}_SPAM": {"last": "spam", "windows": ["7d"]},
}

KINDS: list[tuple[int, Any]] = [(2, _RESP2Parser), (3, _RESP3Parser), (2, _HiredisParser), (3, _HiredisParser)]


def pool(port: int, protocol: int, parser: Any, **options: Any) -> redis.Redis:
    """redis-py with one of its parsers, whichever it would take by itself."""
    own = type("Connection", (redis.Connection,), {})
    made = own.__init__

    def begin(self: Any, **settings: Any) -> None:
        made(self, **settings)
        self.set_parser(parser)

    own.__init__ = begin  # type: ignore[misc]
    connections = redis.ConnectionPool(connection_class=own, port=port, protocol=protocol, **options)
    return redis.Redis(connection_pool=connections)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, hindcast.Store]]:
    """A server over random mails, and the same store as of then, open in this process."""
    folder = tmp_path_factory.mktemp("served")
    with hindcast.open(folder / "store", "create") as store:
        store.register(STREAM, view(), PAIRS, RISK, SHARES)
        store.ingest(table(Chance(5).mails(600)), "mails", source="mails")
        store.checkpoint(folder / "copy")
    with Server(folder / "store") as server, hindcast.open(folder / "copy") as copy:
        yield server, copy


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[1].__name__}{kind[0]}")
def client(request: pytest.FixtureRequest, served: tuple[Server, hindcast.Store]) -> Iterator[hindcast.Client]:
    protocol, parser = request.param
    with hindcast.Client(pool(served[0].port, protocol, parser, decode_responses=True)) as client:
        yield client


def same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return list(found) == list(wanted) and all(
        type(found[name]) is type(wanted[name]) and bits(found[name]) == bits(wanted[name]) for name in wanted
    )


MODES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"corrected": True}, {"mode": "corrected"}),
    ({"fresh": True}, {"mode": "fresh"}),
    ({"known": START + 20 * DAY}, {"known_at": START + 20 * DAY}),
]


def test_answers_are_those_of_the_store(client: hindcast.Client, served: tuple[Server, hindcast.Store]) -> None:
    chance, store = Chance(6), served[1]
    kinds = set()
    for _ in range(60):
        who = chance.choice(["ann", "bob", "", "a|b", "é", "日本", "nobody"])
        at: Any = chance.instant()
        if chance.random() < 0.5:
            at = datetime.fromtimestamp(at // 1000, timezone.utc)
        ours, theirs = chance.choice(MODES)
        names = chance.choice([None, chance.sample(list(FEATURES), 5)])
        found = client.get("by_sender", who, names, asof=at, **ours)
        assert same(found, store.get("by_sender", who, at=at, features=names, **theirs))
        kinds |= {type(value) for value in found.values()}
        pair = (who, chance.choice(["x", "y", "", "a\\b"]))
        rows = client.mget("by_pair", [pair, ("nobody", "|"), pair], asof=at, **ours)
        wanted = store.get("by_pair", pair, at=at, **theirs)
        assert same(rows[0], wanted) and same(rows[2], wanted) and rows[1]["7d_N"] == 0
        vector = client.vector("risk", sender=who, keys={"topic": pair[1]}, asof=at, **ours)
        parts = [member.split(".") for member in RISK["features"]]
        answers = {name: store.get(name, key, at=at, **theirs) for name, key in (("by_pair", pair), ("by_sender", who))}
        assert same(vector, {f"{name}.{feature}": answers[name][feature] for name, feature in parts})
        shares = client.vector("shares", sender=who, about=pair[1], asof=at, **ours)
        assert list(shares) == ["by_sender.30d_MEAN", "SHARE", "ODD"] and None not in (shares["SHARE"], shares["ODD"])
        assert same(shares, store.vector("shares", {"sender": who, "about": pair[1]}, at=at, **theirs))
        counts = answers["by_pair"]["7d_N"], answers["by_sender"]["7d_N"]
        assert shares["SHARE"] == (counts[0] / counts[1] if counts[1] else 0.0)
        feature = chance.choice(list(FEATURES))
        explained = client.explain("by_sender", who, feature, asof=at, **ours)
        told = store.explain("by_sender", who, feature, at=at, **theirs)
        assert explained == told and type(explained.value) is type(told.value)
    assert kinds == {int, float, str, bool, datetime, type(None)}


def test_answers_are_those_of_a_join(client: hindcast.Client, served: tuple[Server, hindcast.Store]) -> None:
    spine = Chance(7).spine(40).filter(pa.compute.field("who").is_valid())
    joined = served[1].join(spine, "by_sender", time="t", keys={"sender": "who"}).to_pylist()
    for row, asked in zip(joined, spine.to_pylist()):
        found = client.get("by_sender", asked["who"], asof=asked["t"])
        assert {name: bits(value) for name, value in found.items()} == {name: bits(row[name]) for name in FEATURES}


def test_what_is_registered_is_told(client: hindcast.Client, served: tuple[Server, hindcast.Store]) -> None:
    ours, theirs = client.views(), served[1].views()
    assert ours == theirs
    described = client.describe("mails")
    assert described["kind"] == "stream" and described["declaration"]["eventTime"] == "at"
    # The server has sealed the slices that are over.
    assert described["seal"] > datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert client.describe("risk")["declaration"]["features"] == RISK["features"]
    assert client.describe("by_sender")["sources"] == ["mails"]


def test_what_does_not_fit_is_told(client: hindcast.Client) -> None:
    for wrong, words in [
        (lambda: client.get("by_sendr", "ann"), "by_sender"),
        (lambda: client.get("by_sender", ("ann", "x")), "key sender"),
        (lambda: client.get("by_sender", None), "None"),
        (lambda: client.get("mails", "ann"), "is a stream"),
        (lambda: client.get("by_sender", "ann", ["30d_M"]), "30d_M"),
        (lambda: client.get("by_sender", "ann", asof=datetime.now(timezone.utc) + timedelta(days=1)), "clock"),
        (lambda: client.get("by_sender", "ann", corrected=True, fresh=True), "exclude"),
        (lambda: client.vector("risk", sender="ann"), "topic"),
        (lambda: client.vector("by_sender", sender="ann"), "no feature set"),
        (lambda: client.add("mails", {"sender": "ann", "sise": 1}), "size"),
        (lambda: client.register({"view": "v", "stream": "mails"}), "entity"),
    ]:
        with pytest.raises(hindcast.RequestError, match=words):
            wrong()
    with pytest.raises(TypeError):
        client.get("by_sender", "ann", "30d_N")
    assert client.mget("by_sender", []) == []


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "store") as server:
        yield server


@pytest.mark.parametrize("protocol", [2, 3])
def test_events_go_in_and_are_counted_once(fresh: Server, protocol: Any, tmp_path: Path) -> None:
    file = tmp_path / "view.json"
    file.write_text(json.dumps(view()))
    with hindcast.connect(port=fresh.port, protocol=protocol) as client:
        registered = client.register(STREAM, file)
        assert [(each.kind, each.outcome, each.lacks_history) for each in registered] == [
            ("stream", "registered", False),
            ("view", "registered", False),
        ]
        assert client.register(json.dumps(STREAM))[0].outcome == "unchanged"
        at = datetime(2026, 1, 3, 8, tzinfo=timezone.utc)
        mail = {"sender": "ann", "at": at, "seen": None, "size": 3, "score": 0.1, "topic": "7", "spam": True}
        assert client.last_id("mails", "c") is None
        assert client.add("mails", mail, id="1-0", producer="c") == "1-0"
        with pytest.raises(hindcast.RequestError, match="equal or smaller"):
            client.add("mails", mail, id="1-0", producer="c")
        ids = [f"{number}-0" for number in range(2, 2502)]
        assert client.add_many("mails", [mail] * 2500, ids, producer="c") == ids
        assert client.last_id("mails", "c") == "2501-0"
        bad = [mail, {**mail, "size": "large"}, mail]
        with pytest.raises(hindcast.RowError, match="'size'") as refused:
            client.add_many("mails", bad)
        assert refused.value.row == 1
        kept = client.add_many("mails", bad, rejects="collect")
        assert [isinstance(each, hindcast.RowError) for each in kept] == [False, True, False]
        assert client.last_id("mails") == kept[2]
        client.add("mails", {**mail, "at": "2026-01-03T08:00:00.5Z", "size": None, "topic": "2026-01-03"})
        found = client.get("by_sender", "ann", asof="2026-01-04", corrected=True)
        assert found["1d_N"] == 2506 and found["1d_SIZE"] == 3 * 2505 and found["1d_LAST"] == "2026-01-03"
        assert found["1d_LATEST"] == at + timedelta(milliseconds=500) and found["1d_FIRST"] is True


def test_what_came_in_is_in_the_store(tmp_path: Path) -> None:
    mails = Chance(8).mails(300)
    with Server(tmp_path / "store") as server, hindcast.connect(port=server.port) as client:
        client.register(STREAM, view())
        client.add_many("mails", mails)
        asked = [(who, START + day * DAY) for who in ("ann", "bob", "") for day in (5, 30, 59)]
        answers = [client.get("by_sender", who, asof=at, corrected=True) for who, at in asked]
    with hindcast.open(tmp_path / "store") as store:
        for (who, at), answer in zip(asked, answers):
            assert same(answer, store.get("by_sender", who, at=at, mode="corrected"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[1].__name__}{kind[0]}")
@pytest.mark.parametrize("transaction", [True, False])
def test_plain_redis_py_does(fresh: Server, kind: tuple[int, Any], transaction: bool) -> None:
    plain = pool(fresh.port, *kind)
    plain.execute_command("FS.REGISTER", json.dumps(STREAM), json.dumps(view()))
    now = int(time.time() * 1000)
    # The slice that is still running is in no answer.
    sender = {"sender": "ann", "at": now - DAY, "seen": now - DAY, "size": 5, "score": "0.5"}
    pipeline = plain.pipeline(transaction=transaction)
    for number in range(1, 101):
        pipeline.xadd("mails:c", sender, id=f"{number}-0")
    pipeline.hmget("by_sender:ann", ["7d_N", "7d_TOPICS"]).hgetall("by_sender:ann").hget("by_sender:ann", "7d_SIZE")
    answers = pipeline.execute()
    assert answers[:100] == [f"{number}-0".encode() for number in range(1, 101)]
    # Known since today only, so that as served it is not there yet.
    assert answers[100] == [b"0", None] and answers[102] == b"0"
    assert list(answers[101]) == [name.encode() for name in plain_names(plain)]
    assert plain.xlen("mails:c") == 100
    assert plain.xinfo_stream("mails:c")["last-generated-id"] == b"100-0"
    with pytest.raises(redis.ResponseError, match="equal or smaller"):
        plain.xadd("mails:c", sender, id="100-0")
    broken = plain.pipeline(transaction=transaction)
    broken.hget("by_sender:ann", "7d_N").execute_command("FS.GET", "nobody", "x").ping()
    first, second, third = broken.execute(raise_on_error=False)
    assert first == b"0" and isinstance(second, redis.ResponseError) and third is True
    # Our own client takes bytes as well.
    client = hindcast.Client(plain)
    assert client.get("by_sender", "ann", ["7d_N", "7d_SCORE"], fresh=True) == {"7d_N": 100, "7d_SCORE": 50.0}
    assert client.views()[0].name == "by_sender" and client.last_id("mails", "c") == "100-0"


def plain_names(plain: redis.Redis) -> list[str]:
    return list(hindcast.Client(plain).describe("by_sender")["features"])


def test_threads_share_a_client(served: tuple[Server, hindcast.Store]) -> None:
    with hindcast.connect(port=served[0].port) as client, ThreadPoolExecutor(8) as threads:
        wanted = served[1].get("by_sender", "ann", at=START + 30 * DAY)
        asked = [threads.submit(client.get, "by_sender", "ann", asof=START + 30 * DAY) for _ in range(200)]
        assert all(same(each.result(), wanted) for each in asked)


def test_a_server_that_comes_back_is_found(tmp_path: Path) -> None:
    with Server(tmp_path / "store") as server:
        client = hindcast.connect(port=server.port)
        client.register(STREAM, view())
        assert client.get("by_sender", "ann")["1d_N"] == 0
    with pytest.raises(redis.ConnectionError):
        client.get("by_sender", "ann")
    with Server(tmp_path / "store", port=server.port):
        assert client.get("by_sender", "ann")["1d_N"] == 0
    client.close()


def test_passwords_and_sockets(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("open sesame")
    path = tmp_path / "socket"
    with Server(tmp_path / "store", "--password-file", str(secret), "--unix-socket", str(path)) as server:
        with hindcast.connect(port=server.port, password="open sesame") as client:
            assert client.views() == []
        with hindcast.connect(unix_socket_path=str(path), password="open sesame", protocol=2) as client:
            assert client.views() == []
        for password in ("wrong", None):
            with hindcast.connect(port=server.port, password=password) as client:
                with pytest.raises((redis.AuthenticationError, hindcast.RequestError)):
                    client.views()


def test_without_redis_py_the_way_to_it_is_told() -> None:
    program = "import sys; sys.modules['redis'] = None; import hindcast; hindcast.connect()"
    ran = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False)
    assert "ImportError: hindcast.connect needs redis-py: pip install hindcast[client]" in ran.stderr


PAGE = Path(__file__).resolve().parents[3] / "docs/clients.md"


def test_no_event_overtakes_one_that_could_not_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    class Pipeline:
        """Its second event meets a full disk."""

        def execute_command(self, *words: str) -> None:
            sent.append(words[2])

        def execute(self, raise_on_error: bool) -> list[Any]:
            return [redis.ResponseError("MISCONF full") if id == "2-0" else id for id in sent[-1000:]]

    client = hindcast.connect()
    monkeypatch.setattr(client.redis, "pipeline", lambda transaction: Pipeline())
    events, ids = [{"size": 1}] * 3000, [f"{number}-0" for number in range(1, 3001)]
    added = client.add_many("mails", events, ids, rejects="collect")
    assert len(sent) == 1000 and len(added) == 3000 and added[0] == "1-0"
    assert isinstance(added[1], hindcast.RowError)
    assert all(isinstance(each, hindcast.RowError) and "MISCONF" in str(each) for each in added[1000:])
    with pytest.raises(hindcast.RowError):
        client.add_many("mails", events, ids)


def test_the_page_shows_what_happens(fresh: Server) -> None:
    """redis-cli and Python typed in, in their order; the port is the real one's."""
    text = PAGE.read_text(encoding="utf-8").replace("7379", str(fresh.port))
    typed = "".join(re.findall(r"```console\n(.*?```)", text, re.S))
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", typed, re.M)
    assert len(commands) > 5
    for command, shown in commands:
        assert command.startswith("redis-cli ")
        ran = subprocess.run(command, shell=True, text=True, capture_output=True, check=True)
        assert ran.stdout.rstrip("\n") == shown.rstrip("\n"), command
    session = "\n".join(body + "\n" for body in re.findall(r"```pycon\n(.*?)```", text, re.S))
    examples = doctest.DocTestParser().get_doctest(session, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    results = doctest.DocTestRunner().run(examples, out=told.append)
    assert results.attempted > 8 and results.failed == 0, "".join(told)
