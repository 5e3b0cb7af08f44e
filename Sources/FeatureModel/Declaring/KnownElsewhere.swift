// Functions that other systems have under other names, or that have no bound: whoever writes one of these is
// told what to write instead.

enum KnownElsewhere {
  /// What to say about a function's name from somewhere else; nil for a name from nowhere.
  static func advice(_ name: String) -> String? {
    let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
    if let instead = names[plain] {
      return "there is no function '\(name)'; here it is '\(instead)'"
    }
    guard unbounded.contains(plain) else { return nil }
    return "'\(name)' grows with the events without a bound, and no such function is offered; "
      + "'firstK', 'lastK', 'largestK', 'topK' and 'valueCounts' give lists of declared length"
  }

  private static let names = [
    "avg": "mean", "average": "mean", "std": "stddev", "stddevsamp": "stddev", "var": "variance",
    "varsamp": "variance", "minimum": "min", "maximum": "max", "countdistinct": "distinct",
    "distinctcount": "distinct", "uniquecount": "distinct", "approxuniquecount": "distinct",
    "approxdistinct": "distinct", "nunique": "distinct", "percentile": "quantile",
    "approxpercentile": "quantile", "approxquantile": "quantile", "p50": "median",
    "skewness": "skew", "kurt": "kurtosis", "frequencies": "valueCounts",
    "approxhistogramk": "topK", "approxfrequentk": "topK", "topn": "topK",
    "topnfrequency": "topK", "mostfrequent": "mode", "top1ratio": "modeRatio",
    "approxheavyhittersk": "topK", "bottomk": "smallestK",
    "minn": "smallestK", "maxn": "largestK", "firstvalue": "first", "lastvalue": "last",
    "firstn": "firstK", "lastn": "lastK", "firstseen": "firstTime", "lastseen": "lastTime",
    "timesincelast": "sinceLast", "timesincefirst": "sinceFirst", "spread": "range",
  ]

  private static let unbounded: Set<String> = [
    "collect", "collectlist", "collectset", "list", "arrayagg", "groupconcat", "set", "unique",
    "values", "concat",
  ]
}
