"""PySpark: a range join over the daily table, as a merge join of both sides in the order of the account.

The history is kept in memory, divided and sorted by account, so that a join moves and sorts the spine alone.
Broadcasting the spine, a hash join (both 1.3 times), and windows over the union of both tables (3 times) are
slower. The row's number comes with the spine, since Spark's tables have no order.
"""
import os

from features import DAY, windows_of

MEMORY = "12g"


class PySpark:
    def __init__(self, threads, scratch):
        from pyspark.sql import SparkSession

        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        self.parts = 2 * threads
        settings = {
            "spark.driver.memory": MEMORY, "spark.driver.maxResultSize": "0", "spark.driver.host": "127.0.0.1",
            "spark.driver.extraJavaOptions": "-XX:+UseParallelGC", "spark.local.dir": str(scratch / "spark"),
            "spark.sql.warehouse.dir": str(scratch / "warehouse"), "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false", "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": self.parts, "spark.default.parallelism": self.parts,
            "spark.sql.execution.arrow.pyspark.enabled": "true"}
        builder = SparkSession.builder.master(f"local[{threads}]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def load(self, history):
        self.keep("daily", self.spark.read.parquet(history).repartition(self.parts, "account")
                  .sortWithinPartitions("account", "day"))

    def take(self, spine):
        self.spark.catalog.dropTempView("spine")
        self.keep("spine", self.spark.createDataFrame(spine.append_column("row", [range(len(spine))])))

    def keep(self, name, table):
        table.createOrReplaceTempView(name)
        self.spark.catalog.cacheTable(name)
        table.count()

    def join(self, features):
        longest = windows_of(features)[-1]
        sums = ", ".join(f"sum(CASE WHEN day >= today - {feature.days} THEN {feature.source} END)"
                         f" AS `{feature.name}`" for feature in features)
        values = ", ".join(f"coalesce(`{feature.name}`, 0) AS `{feature.name}`" for feature in features)
        return self.spark.sql(f"""
            SELECT {values} FROM spine LEFT JOIN (
              SELECT /*+ MERGE(asked) */ row, {sums}
              FROM (SELECT row, account, CAST(time DIV {DAY} AS INT) AS today FROM spine) AS asked
              JOIN daily ON asked.account = daily.account AND day < today AND day >= today - {longest}
              GROUP BY row) USING (row)
            ORDER BY row""").toArrow()

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]
