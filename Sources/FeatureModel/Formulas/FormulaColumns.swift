// The functions of formulas over numbers and times, a column at a time. A result that has no value (an
// overflow, a division by zero, what is not finite or out of range) is null, and so is everything that is
// made from a null.

enum FormulaColumns {
  @inline(__always)
  static func map(
    _ column: EventColumn, _ rows: Int, _ out: inout EventColumn, _ body: (UInt64) -> UInt64?
  ) {
    for row in 0..<rows {
      if column.valid[row] != 0, let word = body(column.words[row]) {
        out.append(word: word)
      } else {
        out.appendNull()
      }
    }
  }

  @inline(__always)
  static func zip(
    _ left: EventColumn, _ right: EventColumn, _ rows: Int, _ out: inout EventColumn,
    _ body: (UInt64, UInt64) -> UInt64?
  ) {
    for row in 0..<rows {
      if left.valid[row] & right.valid[row] != 0,
        let word = body(left.words[row], right.words[row])
      {
        out.append(word: word)
      } else {
        out.appendNull()
      }
    }
  }

  /// Appends one row of a column of the same type.
  static func copy(_ column: EventColumn, _ row: Int, _ out: inout EventColumn) {
    if column.valid[row] == 0 {
      out.appendNull()
    } else if column.type == .string {
      column.text.withUnsafeBytes {
        out.append(utf8: UnsafeRawBufferPointer(rebasing: $0[column.textRange(row)]))
      }
    } else {
      out.append(word: column.words[row])
    }
  }

  static func compare(
    _ comparison: Filter.Comparison, _ left: EventColumn, _ right: EventColumn, _ rows: Int,
    _ out: inout EventColumn
  ) {
    for row in 0..<rows {
      guard left.valid[row] & right.valid[row] != 0 else {
        out.appendNull()
        continue
      }
      let order = order(left, right, row)
      let holds =
        switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
      out.append(word: holds ? 1 : 0)
    }
  }

  private static func order(_ left: EventColumn, _ right: EventColumn, _ row: Int) -> Int {
    let one = left.words[row]
    let other = right.words[row]
    switch (left.type, right.type) {
    case (.string, _):
      return FormulaTexts.with(left, row) { text in
        FormulaTexts.with(right, row) { FormulaTexts.order(text, $0) }
      }
    case (.double, .double): return order(Double(bitPattern: one), Double(bitPattern: other))
    case (.int, .double):
      return NumberOrder.compare(Int64(bitPattern: one), Double(bitPattern: other))
    case (.double, .int):
      return -NumberOrder.compare(Int64(bitPattern: other), Double(bitPattern: one))
    default: return order(Int64(bitPattern: one), Int64(bitPattern: other))
    }
  }

  private static func order<Element: Comparable>(_ left: Element, _ right: Element) -> Int {
    left < right ? -1 : left == right ? 0 : 1
  }

  /// - Parameter sources: the texts among the inputs that the arguments are made of.
  static func call(
    _ function: FormulaFunction, _ places: [Int], _ sources: [Int], _ columns: [EventColumn],
    _ rows: Int, _ out: inout EventColumn
  ) {
    let first = columns[places[0]]
    switch function {
    case .coalesce:
      for row in 0..<rows {
        let place = places.first { columns[$0].valid[row] != 0 } ?? places[0]
        copy(columns[place], row, &out)
      }
    case .add, .subtract, .multiply, .divide, .remainder, .div:
      let second = columns[places[1]]
      if out.type == .double {
        zip(first, second, rows, &out) {
          finite(double(function, Double(bitPattern: $0), Double(bitPattern: $1)))
        }
      } else if out.type == .timestamp {
        zip(first, second, rows, &out) { instant(whole(function, $0, $1)) }
      } else {
        zip(first, second, rows, &out) { whole(function, $0, $1) }
      }
    case .min, .max:
      // One after the other: each step reads what the one before has left.
      for row in 0..<rows { extremum(function == .min, places, columns, row, &out) }
    case .negate, .abs, .floor, .ceil, .round, .sqrt:
      if first.type == .double {
        map(first, rows, &out) { double(function, Double(bitPattern: $0)) }
      } else {
        map(first, rows, &out) { whole(function, Int64(bitPattern: $0)) }
      }
    case .hourOfDay, .dayOfWeek, .millis:
      map(first, rows, &out) { UInt64(bitPattern: time(function, Int64(bitPattern: $0))) }
    default: FormulaTexts.call(function, places, sources, columns, rows, &out)
    }
  }

  private static func extremum(
    _ least: Bool, _ places: [Int], _ columns: [EventColumn], _ row: Int,
    _ out: inout EventColumn
  ) {
    guard places.allSatisfy({ columns[$0].valid[row] != 0 }) else { return out.appendNull() }
    var best = columns[places[0]].words[row]
    for place in places.dropFirst() {
      let word = columns[place].words[row]
      // Of equals the first stays, which tells for the two zeros.
      let (one, other) = least ? (word, best) : (best, word)
      let isBetter =
        out.type == .double
        ? Double(bitPattern: one) < Double(bitPattern: other)
        : Int64(bitPattern: one) < Int64(bitPattern: other)
      if isBetter { best = word }
    }
    out.append(word: best)
  }

  private static func finite(_ value: Double) -> UInt64? {
    value.isFinite ? value.bitPattern : nil
  }

  /// An instant that the store can hold.
  private static func instant(_ word: UInt64?) -> UInt64? {
    guard let word, Timestamp(milliseconds: Int64(bitPattern: word)) != nil else { return nil }
    return word
  }

  @inline(__always)
  private static func double(_ function: FormulaFunction, _ left: Double, _ right: Double) -> Double
  {
    switch function {
    case .add: left + right
    case .subtract: left - right
    case .multiply: left * right
    case .divide: left / right
    default: left.truncatingRemainder(dividingBy: right)
    }
  }

  @inline(__always)
  private static func whole(_ function: FormulaFunction, _ left: UInt64, _ right: UInt64) -> UInt64?
  {
    let one = Int64(bitPattern: left)
    let other = Int64(bitPattern: right)
    let (value, overflow) =
      switch function {
      case .add: one.addingReportingOverflow(other)
      case .subtract: one.subtractingReportingOverflow(other)
      case .multiply: one.multipliedReportingOverflow(by: other)
      case .div: one.dividedReportingOverflow(by: other)
      // The least number has no remainder of minus one for the processor, and 0 for arithmetic.
      default:
        other == -1 ? (Int64(0), false) : one.remainderReportingOverflow(dividingBy: other)
      }
    return overflow ? nil : UInt64(bitPattern: value)
  }

  private static func double(_ function: FormulaFunction, _ value: Double) -> UInt64? {
    switch function {
    case .negate: (-value).bitPattern
    case .abs: value.magnitude.bitPattern
    case .sqrt: finite(value.squareRoot())
    case .floor: whole(value.rounded(.down))
    case .ceil: whole(value.rounded(.up))
    default: whole(value.rounded(.toNearestOrAwayFromZero))
    }
  }

  private static func whole(_ value: Double) -> UInt64? {
    Int64(exactly: value).map { UInt64(bitPattern: $0) }
  }

  private static func whole(_ function: FormulaFunction, _ value: Int64) -> UInt64? {
    switch function {
    case .negate: value == .min ? nil : UInt64(bitPattern: -value)
    case .abs: value == .min ? nil : value.magnitude
    default: UInt64(bitPattern: value)
    }
  }

  private static func time(_ function: FormulaFunction, _ time: Int64) -> Int64 {
    let day: Int64 = 86_400_000
    let rest = ((time % day) + day) % day
    switch function {
    case .hourOfDay: return rest / 3_600_000
    // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
    case .dayOfWeek: return (((time - rest) / day % 7) + 10) % 7 + 1
    default: return time
    }
  }
}
