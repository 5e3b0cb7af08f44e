"""Polars: prefix sums, sorted once by one integer of account and day, and a `join_asof` for each border.

The joins then run through two sorted columns. Much slower are `join_asof(by="account")` over text (25
times) and the range join (6 times); `search_sorted` (5 times) and an Enum of the accounts are slower too.
"""
import os

from features import DAY, windows_of


class Polars:
    def __init__(self, threads, scratch):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.polars = polars

    def load(self, history):
        pl = self.polars
        daily = pl.read_parquet(history)
        self.ids = daily.select("account").unique(maintain_order=True).with_row_index("id").lazy()
        sums = daily.lazy().select(
            "account", pl.col("day") + 1, pl.col("count").cum_sum().over("account"),
            pl.col("sum").cum_sum().over("account"))
        self.prefix = (
            sums.join(self.ids, on="account", how="left", maintain_order="left")
            .select((pl.col("id").cast(pl.Int64) * 65536 + pl.col("day")).alias("key"), "count", "sum")
            .sort("key").with_columns(found=pl.col("key")).collect().lazy())

    def take(self, spine):
        self.spine = self.polars.from_arrow(spine)

    def join(self, features):
        pl = self.polars
        asked = (
            self.spine.lazy().with_row_index("row")
            .join(self.ids, on="account", how="left", maintain_order="left")
            .with_columns(first=pl.col("id").cast(pl.Int64) * 65536)
            .select("row", "first", last=pl.col("first") + pl.col("time") // DAY).sort("last"))
        for days in [0, *windows_of(features)]:
            asked = self.upto(asked, days)
        return asked.sort("row").select(
            **{feature.name: pl.col(f"{feature.source}_0") - pl.col(f"{feature.source}_{feature.days}")
               for feature in features}).collect()

    def upto(self, asked, days):
        """The sums of all that happened until so many days before."""
        pl = self.polars
        is_found = pl.col("found") >= pl.col("first")
        return (
            asked.with_columns(key=pl.col("last") - days).set_sorted("key")
            .join_asof(self.prefix, on="key")
            .with_columns(
                pl.when(is_found).then("count").otherwise(0).alias(f"count_{days}"),
                pl.when(is_found).then("sum").otherwise(0.0).alias(f"sum_{days}"))
            .drop("key", "found", "count", "sum"))

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]
