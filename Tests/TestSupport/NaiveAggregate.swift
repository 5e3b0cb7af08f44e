// Each aggregate from first principles, on plain rows: doubles by Shewchuk's exact partials (what
// Python's `math.fsum` does), variances of doubles by whole numbers, because the generator keeps those
// doubles to multiples of 1/1024.
import FeatureModel

/// One aggregation over some rows.
struct NaiveAggregate {
  let function: String
  let type: FieldType?
  let parameters: [String: Int64]
  let rows: [[Value]]
  /// The non-null values with their event times; of rows, each row with its own.
  let values: [(value: Value, time: Int64)]
  /// The event times of all rows.
  let times: [Int64]
  /// Where the request's slice begins, in milliseconds.
  let start: Int64
  /// How long slices are, in milliseconds.
  let slice: Int64
  private let bound: Int64?

  init(
    of rows: [[Value]], _ stream: StreamDeclaration, _ aggregation: Aggregation, start: Int64,
    slice: Int64
  ) {
    function = aggregation.function
    parameters = aggregation.parameters
    bound = aggregation.parameters["exactUpTo"]
    self.rows = rows
    self.start = start
    self.slice = slice
    let field = aggregation.field.map { stream.index(of: $0)! }
    type = field.map { stream.fields[$0].type }
    times = rows.compactMap { row in
      if case .timestamp(let time) = row[stream.eventTime] { time.milliseconds } else { nil }
    }
    values = rows.compactMap { row in
      guard case .timestamp(let time) = row[stream.eventTime] else { return nil }
      guard let field else { return (.bool(true), time.milliseconds) }
      return row[field] == .null ? nil : (row[field], time.milliseconds)
    }
  }

  /// Nil: no opinion.
  var value: Value? {
    switch function {
    case "count": return .int(Int64(values.count))
    case "sum":
      if type == .double { return .double(doubleSum) }
      return Int64(exactly: wholeSum).map { .int($0) } ?? .null
    case "mean":
      if values.isEmpty { return .null }
      let sum = type == .double ? doubleSum : Self.nearest(wholeSum)
      return .double(sum / Double(values.count))
    case "min": return values.map(\.value).min { NaiveOrder.precedes($0, $1) } ?? .null
    case "max": return values.map(\.value).max { NaiveOrder.precedes($0, $1) } ?? .null
    case "first": return values.min(by: Self.isEarlier)?.value ?? .null
    case "last": return values.max(by: Self.isEarlier)?.value ?? .null
    case "variance": return variance.map { .double($0) } ?? .null
    case "stddev": return variance.map { .double($0.squareRoot()) } ?? .null
    case "distinct":
      let count = Int64(Set(values.map { NaiveOrder.identity($0.value) }).count)
      return count > bound! ? nil : count == 0 ? .null : .int(count)
    default: return further
    }
  }

  static func isEarlier(_ left: (Value, Int64), _ right: (Value, Int64)) -> Bool {
    left.1 != right.1 ? left.1 < right.1 : NaiveOrder.precedes(left.0, right.0)
  }

  var wholeSum: Int128 {
    values.reduce(0) { if case .int(let value) = $1.value { $0 + Int128(value) } else { $0 } }
  }

  var doubleSum: Double {
    var partials: [Double] = []
    for (value, _) in values {
      guard case .double(var x) = value else { continue }
      var kept: [Double] = []
      for var y in partials {
        if abs(x) < abs(y) { swap(&x, &y) }
        let high = x + y
        let low = y - (high - x)
        if low != 0 { kept.append(low) }
        x = high
      }
      partials = kept + (x == 0 ? [] : [x])
    }
    // From the greatest down to the first rounding; a tie there is settled by the next one.
    guard var high = partials.popLast() else { return 0 }
    while let next = partials.popLast() {
      let x = high
      high = x + next
      let low = next - (high - x)
      if low == 0 { continue }
      if let rest = partials.last, (low < 0) == (rest < 0) {
        let doubled = low * 2
        let moved = high + doubled
        if doubled == moved - high { high = moved }
      }
      break
    }
    return high
  }

  /// Doubles come as multiples of 1/1024; `whole` counts these.
  var scale: Double { type == .double ? 1024 : 1 }
  var whole: [Int128] {
    values.map {
      switch $0.value {
      case .int(let value): Int128(value)
      case .double(let value): Int128(exactly: value * scale)!
      default: fatalError("no number")
      }
    }
  }

  /// (n·Σx² − (Σx)²) / (n·(n−1)), rounded once.
  private var variance: Double? {
    let n = UInt128(values.count)
    guard n >= 2 else { return nil }
    let sum = whole.reduce(0, +)
    let scatter = UInt128(Int128(n) * whole.reduce(0) { $0 + $1 * $1 } - sum * sum)
    if scatter == 0 { return 0 }
    let shift = UInt128(scatter.leadingZeroBitCount)
    let (quotient, rest) = (scatter << shift).quotientAndRemainder(dividingBy: n * (n - 1))
    let nearest = Self.nearest(quotient | (rest == 0 ? 0 : 1))
    return nearest / Double(sign: .plus, exponent: Int(shift), significand: scale * scale)
  }

  static func nearest(_ value: Int128) -> Double {
    value < 0 ? -nearest(value.magnitude) : nearest(value.magnitude)
  }

  /// The nearest double: 62 bits and one that says whether more were set.
  static func nearest(_ value: UInt128) -> Double {
    let excess = max(0, 66 - value.leadingZeroBitCount)
    let lost = value & (1 << UInt128(excess) - 1)
    let kept = UInt64(value >> UInt128(excess)) | (lost == 0 ? 0 : 1)
    return Double(sign: .plus, exponent: excess, significand: Double(kept))
  }
}

/// The order of values of one type.
enum NaiveOrder {
  /// As filters compare: numbers by value, texts by the bytes of their UTF-8.
  static func compare(_ left: Value, _ right: Value) -> Int {
    switch (left, right) {
    case (.int(let a), .int(let b)): a < b ? -1 : a == b ? 0 : 1
    case (.double(let a), .double(let b)): a < b ? -1 : a == b ? 0 : 1
    case (.int(let a), .double(let b)): compare(.double(Double(a)), .double(b))
    case (.double(let a), .int(let b)): compare(.double(a), .double(Double(b)))
    case (.bool(let a), .bool(let b)): a == b ? 0 : a ? 1 : -1
    case (.timestamp(let a), .timestamp(let b)): a < b ? -1 : a == b ? 0 : 1
    case (.string(let a), .string(let b)):
      a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    default: fatalError("\(left) and \(right) do not compare")
    }
  }

  /// As aggregates order: minus zero comes before zero.
  static func precedes(_ left: Value, _ right: Value) -> Bool {
    if case .double(let a) = left, case .double(let b) = right, a == 0, b == 0 {
      return a.sign == .minus && b.sign == .plus
    }
    return compare(left, right) < 0
  }

  /// Equal for values that are one and the same to a distinct count.
  static func identity(_ value: Value) -> [UInt8] {
    switch value {
    case .string(let text): Array(text.utf8)
    case .double(let number): Array((number == 0 ? 0 : number).description.utf8)
    default: Array(value.description.utf8)
    }
  }
}
