// The rest of the algebra from first principles: all values are at hand, and are sorted, counted and compared.
import FeatureModel

extension NaiveAggregate {
  /// Nil: no opinion.
  var further: Value? {
    let k = parameters["k"].map { Int($0) }
    switch function {
    case "skew": return NaiveMoments(whole).skewness.map { .double($0) } ?? .null
    case "kurtosis": return NaiveMoments(whole).kurtosis.map { .double($0) } ?? .null
    case "sumOfSquares":
      let squares = whole.reduce(0) { $0 + $1 * $1 }
      if type == .double { return .double(Self.nearest(squares) / (scale * scale)) }
      return Int64(exactly: squares).map { .int($0) } ?? .null
    case "rms":
      if values.isEmpty { return .null }
      let mean = NaiveWhole.nearest(
        NaiveWhole(whole.reduce(0) { $0 + $1 * $1 }), NaiveWhole(Int128(values.count)))
      return .double((mean / (scale * scale)).squareRoot())
    case "range": return range
    case "nullCount": return .int(Int64(rows.count - values.count))
    case "nullRatio":
      return rows.isEmpty ? .null : .double(Double(rows.count - values.count) / Double(rows.count))
    case "countTrue": return .int(Int64(trues))
    case "trueRatio":
      return values.isEmpty ? .null : .double(Double(trues) / Double(values.count))
    case "firstTime": return values.map(\.time).min().map { Self.instant($0) } ?? .null
    case "lastTime": return values.map(\.time).max().map { Self.instant($0) } ?? .null
    case "sinceFirst": return values.map(\.time).min().map { .int(start - $0) } ?? .null
    case "sinceLast": return values.map(\.time).max().map { .int(start - $0) } ?? .null
    case "latest": return latest
    case "decayedCount":
      return .double(NaiveDecay.count(values.map(\.time), start, slice, parameters["halfLife"]!))
    case "firstK": return pairs(values.sorted(by: Self.isEarlier).prefix(k!))
    case "lastK": return pairs(values.sorted(by: Self.isEarlier).reversed().prefix(k!))
    case "smallestK": return list(ordered.prefix(k!))
    case "largestK": return list(ordered.reversed().prefix(k!))
    case "quantile": return quantile(parameters["permille"]!)
    case "median": return quantile(500)
    case "histogram": return histogram
    case "topK": return topK(k!)
    case "valueCounts": return valueCounts
    case "mode": return isKept ? counted.first?.value ?? .null : nil
    case "modeRatio":
      guard isKept else { return nil }
      let most = counted.map(\.count).max() ?? 0
      return values.isEmpty ? .null : .double(Double(most) / Double(values.count))
    case "entropy": return isKept ? entropy : nil
    case "distinctRatio":
      let count = counted.count
      if count > Int(parameters["exactUpTo"]!) { return nil }
      return values.isEmpty ? .null : .double(Double(count) / Double(values.count))
    default: fatalError("the oracle knows no \(function)")
    }
  }

  /// Of the rows of the last instant, the greatest value that one of them has.
  private var latest: Value {
    let last = times.max()
    return values.filter { $0.time == last }.max(by: Self.isEarlier)?.value ?? .null
  }

  private var ordered: [Value] { values.map(\.value).sorted { NaiveOrder.precedes($0, $1) } }

  private var trues: Int { values.count { $0.value == .bool(true) } }

  private static func instant(_ milliseconds: Int64) -> Value {
    .timestamp(Timestamp(milliseconds: milliseconds)!)
  }

  private var range: Value {
    switch (ordered.first, ordered.last) {
    case (.int(let low), .int(let high)):
      return Int64(exactly: Int128(high) - Int128(low)).map { .int($0) } ?? .null
    case (.timestamp(let low), .timestamp(let high)):
      return .int(high.milliseconds - low.milliseconds)
    case (.double(let low), .double(let high)):
      return (high - low).isFinite ? .double(high == low ? 0 : high - low) : .null
    default: return .null
    }
  }

  private func list(_ values: some Sequence<Value>) -> Value {
    let texts = values.map { NaiveText.json($0) }
    return texts.isEmpty ? .null : .string("[\(texts.joined(separator: ","))]")
  }

  private func pairs(_ moments: some Sequence<(value: Value, time: Int64)>) -> Value {
    let texts = moments.map { NaiveText.pair(Self.instant($0.time), $0.value) }
    return texts.isEmpty ? .null : .string("[\(texts.joined(separator: ","))]")
  }

  /// Whether all distinct values are kept; beyond that, which ones are depends on a hash.
  private var isKept: Bool { counted.count <= Int(parameters["keep"]!) }

  /// Distinct values and how often each occurs: the most frequent first, at a tie the least.
  var counted: [(value: Value, count: Int)] {
    var groups: [[UInt8]: (value: Value, count: Int)] = [:]
    for (value, _) in values {
      let one: Value = value == .double(0) ? .double(0) : value
      groups[NaiveOrder.identity(value), default: (one, 0)].count += 1
    }
    return groups.values.sorted {
      $0.count != $1.count ? $0.count > $1.count : NaiveOrder.precedes($0.value, $1.value)
    }
  }

  private func topK(_ k: Int) -> Value? {
    if !isKept { return nil }
    let texts = counted.prefix(k).map { NaiveText.pair($0.value, .int(Int64($0.count))) }
    return texts.isEmpty ? .null : .string("[\(texts.joined(separator: ","))]")
  }

  private var valueCounts: Value? {
    if !isKept { return nil }
    if values.isEmpty { return .null }
    let members = counted.map { (name: $0.value.description, count: $0.count) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      .map { "\(NaiveText.json(.string($0.name))):\($0.count)" }
    return .string("{\"counts\":{\(members.joined(separator: ","))},\"others\":0}")
  }
}

/// JSON, written anew.
enum NaiveText {
  static func json(_ value: Value) -> String {
    switch value {
    case .string(let text):
      let parts = text.unicodeScalars.map { scalar in
        let hexadecimal = String(scalar.value, radix: 16)
        return scalar == "\"" || scalar == "\\"
          ? "\\\(scalar)"
          : scalar.value < 0x20
            ? "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            : String(scalar)
      }
      return "\"" + parts.joined() + "\""
    case .timestamp: return "\"\(value)\""
    default: return value.description
    }
  }

  static func pair(_ one: Value, _ other: Value) -> String { "[\(json(one)),\(json(other))]" }
}
