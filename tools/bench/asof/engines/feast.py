"""Feast: its point-in-time join, `get_historical_features`, on prefix sums.

Feast looks up the latest row before a time and sums nothing over windows. So it is given prefix sums, and
asked at the time of each request and again at the start of each of its windows. Its DuckDB store is used,
since the one on Dask takes twenty times as long and drops what it does not find. That store joins each
request with all earlier days of its account and takes the last one, which is what its time goes into. The
row's number comes with the spine, since the answers have no order.
"""
import warnings
from datetime import timedelta

import duckdb
import ibis
import numpy
import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64, Int64
from feast.value_type import ValueType

from features import DAY, windows_of


class Feast:
    def __init__(self, threads, scratch):
        warnings.simplefilter("ignore")
        self.scratch = scratch / "feast"
        self.scratch.mkdir()
        self.threads = threads
        ibis.set_backend(ibis.duckdb.connect(threads=threads, temp_directory=str(self.scratch)))

    def load(self, history):
        path = str(self.scratch / "prefix.parquet")
        connection = duckdb.connect(config={"threads": self.threads})
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (SELECT account, epoch_ms((day::BIGINT + 1) * {DAY})::TIMESTAMPTZ AS event_timestamp,
                             (sum(count) OVER upto)::BIGINT AS count, sum(sum) OVER upto AS sum
                      FROM read_parquet('{history}')
                      WINDOW upto AS (PARTITION BY account ORDER BY day ROWS UNBOUNDED PRECEDING))
                TO '{path}' (FORMAT parquet)""")
        connection.close()
        account = Entity(name="account", join_keys=["account"], value_type=ValueType.STRING)
        self.store = FeatureStore(config=RepoConfig(
            project="bench", registry=str(self.scratch / "registry.db"), provider="local",
            offline_store={"type": "duckdb"}, online_store=None, entity_key_serialization_version=3))
        self.store.apply([account, FeatureView(
            name="prefix", entities=[account], ttl=timedelta(0),
            schema=[Field(name="count", dtype=Int64), Field(name="sum", dtype=Float64)],
            source=FileSource(path=path, timestamp_field="event_timestamp"))])

    def take(self, spine):
        self.spine = pandas.DataFrame({
            "account": spine["account"].to_pandas(), "row": numpy.arange(len(spine)),
            "event_timestamp": pandas.to_datetime(spine["time"].to_numpy(), unit="ms", utc=True)})

    def join(self, features):
        upto = {days: self.upto(days) for days in [0, *windows_of(features)]}
        return pandas.DataFrame({
            feature.name: upto[0][feature.source] - upto[feature.days][feature.source] for feature in features})

    def upto(self, days):
        """The sums of all that happened until so many days before, in the order of the spine."""
        times = self.spine["event_timestamp"] - pandas.Timedelta(days=days)
        asked = self.spine.assign(event_timestamp=times)
        found = self.store.get_historical_features(asked, ["prefix:count", "prefix:sum"]).to_df()
        found = found.set_index("row")[["count", "sum"]].sort_index().fillna(0)
        return found.astype({"count": "int64"})

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]
