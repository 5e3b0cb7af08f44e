"""Feature sets that compute: looked up, and joined, with the same values; told with their key fields and types."""

from __future__ import annotations

import pytest
from world import DAY, START, Chance, World, bits, naive, view

import hindcast

SHARES = {
    "set": "shares",
    "features": [
        {"feature": "by_sender.30d_LAST", "default": "none"},
        {"name": "SHARE", "derive": "by_sender.1d_N / by_sender.30d_N"},
        {"name": "MORE", "derive": "coalesce(SHARE, 0.25) * 2"},
    ],
    "keys": {"by_sender": {"sender": "who"}},
}


@pytest.fixture
def filled(world: World) -> World:
    world.take(Chance(7).mails(300))
    world.store.register(SHARES)
    return world


def test_a_look_up_and_a_join_are_what_the_definition_says(filled: World) -> None:
    spine = Chance(3).spine(60)
    joined = filled.store.join(spine, sets=["shares"], time="t")
    assert joined.column_names[4:] == ["30d_LAST", "SHARE", "MORE"]
    assert [str(kind) for kind in joined.schema.types[4:]] == ["large_string", "double", "double"]
    reader = filled.store.join(spine.to_reader(max_chunksize=7), sets=["shares"], time="t").read_all()
    assert reader.equals(joined)
    for row, asked in zip(joined.to_pylist(), spine.to_pylist()):
        found = filled.store.vector("shares", {"who": asked["who"]}, at=asked["t"])
        t = int(asked["t"].timestamp() * 1000)
        features = naive(filled.mails, asked["who"], t, t)
        share = features["1d_N"] / features["30d_N"] if features["30d_N"] else None
        wanted = ["none" if features["30d_LAST"] is None else features["30d_LAST"], share]
        wanted.append((0.25 if share is None else share) * 2)
        assert [bits(value) for value in found.values()] == [bits(value) for value in wanted]
        assert [bits(row[name]) for name in ("30d_LAST", "SHARE", "MORE")] == [bits(value) for value in wanted]


def test_sets_are_told_and_what_does_not_fit_is_refused(filled: World) -> None:
    told = filled.store.sets()["shares"]
    assert told["key"] == ["who"] and told["declaration"]["features"][1] == {
        "name": "SHARE",
        "derive": "`by_sender.1d_N` / `by_sender.30d_N`",
    }
    assert told["features"] == {"by_sender.30d_LAST": "string", "SHARE": "double", "MORE": "double"}
    plain = hindcast.FeatureSet("list", [("by_sender", "7d_N")])
    spine = Chance(4).spine(5)
    both = filled.store.join(spine, sets=["shares", plain], time="t", keys={"sender": "who"})
    assert both.column_names[4:] == ["7d_N", "30d_LAST", "SHARE", "MORE"]
    bad = {**SHARES, "set": "s", "features": [{"name": "A", "derive": "by_sendr.1d_N"}]}
    for wrong, words in [
        (lambda: filled.store.vector("share", {"who": "ann"}), "did you mean 'shares'"),
        (lambda: filled.store.vector("shares", {"sender": "ann"}, at=START + DAY), "'sender'"),
        (lambda: filled.store.join(spine, sets=["shares"], time="t", keys={"sender": "who"}), "'sender'"),
        (lambda: filled.store.register(view(), bad), "did you mean 'by_sender'"),
    ]:
        with pytest.raises(hindcast.HindcastError, match=words):
            wrong()
