// The leaves of a filter at work: whole columns of numbers in loops without branches, texts byte by
// byte where they lie.
import Glibc

enum FilterColumns {
  /// 1 for rows without a value, otherwise 2 or 0 as the word passes.
  @inline(__always)
  static func each(
    _ column: EventColumn, into out: UnsafeMutableBufferPointer<UInt8>,
    _ passes: (UInt64) -> Bool
  ) {
    column.words.withUnsafeBufferPointer { words in
      column.valid.withUnsafeBufferPointer { valid in
        precondition(
          words.count >= out.count && valid.count >= out.count, "columns of equal length")
        for row in out.indices {
          let known = valid[row]
          let passed: UInt8 = passes(words[row]) ? 1 : 0
          out[row] = (1 &- known) | ((passed & known) << 1)
        }
      }
    }
  }

  static func integers(
    _ column: EventColumn, _ low: Int64, _ span: UInt64, _ negated: Bool,
    into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    let base = UInt64(bitPattern: low)
    if negated {
      each(column, into: out) { $0 &- base > span }
    } else {
      each(column, into: out) { $0 &- base <= span }
    }
  }

  static func doubles(
    _ column: EventColumn, _ low: Double, _ high: Double, _ negated: Bool,
    into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    each(column, into: out) { word in
      let value = Double(bitPattern: word)
      return (low <= value && value <= high) != negated
    }
  }

  static func texts(
    _ column: EventColumn, _ test: FilterPlan.TextTest, into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    eachText(column, into: out) { passes($0, test) }
  }

  static func texts(
    _ column: EventColumn, in list: [[UInt8]], into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    eachText(column, into: out) { contains($0, in: list) }
  }

  static func integers(
    _ column: EventColumn, in list: [Int64], into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    each(column, into: out) { contains(Int64(bitPattern: $0), in: list) }
  }

  static func doubles(
    _ column: EventColumn, in list: [Double], into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    each(column, into: out) { contains(Double(bitPattern: $0), in: list) }
  }

  @inline(__always)
  static func passes(_ text: UnsafeRawBufferPointer, _ test: FilterPlan.TextTest) -> Bool {
    // Most texts of an equality differ in length already.
    if !test.below, !test.above, text.count != test.text.count { return false }
    let order = test.text.withUnsafeBytes { compare(text, $0) }
    return order < 0 ? test.below : order == 0 ? test.equal : test.above
  }

  /// Whether a sorted list holds the text.
  static func contains(_ text: UnsafeRawBufferPointer, in list: [[UInt8]]) -> Bool {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      let order = list[middle].withUnsafeBytes { compare(text, $0) }
      if order == 0 { return true }
      if order < 0 { high = middle } else { low = middle + 1 }
    }
    return false
  }

  /// Whether a sorted list holds the value.
  static func contains<Number: Comparable>(_ value: Number, in list: [Number]) -> Bool {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      if list[middle] == value { return true }
      if list[middle] < value { low = middle + 1 } else { high = middle }
    }
    return false
  }

  /// As `each`, for a column of texts.
  @inline(__always)
  private static func eachText(
    _ column: EventColumn, into out: UnsafeMutableBufferPointer<UInt8>,
    _ passes: (UnsafeRawBufferPointer) -> Bool
  ) {
    column.text.withUnsafeBytes { bytes in
      var start = 0
      column.words.withUnsafeBufferPointer { ends in
        column.valid.withUnsafeBufferPointer { valid in
          for row in out.indices {
            let end = Int(ends[row])
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            out[row] = valid[row] == 0 ? 1 : passes(text) ? 2 : 0
            start = end
          }
        }
      }
    }
  }

  /// Negative, zero or positive as the left bytes are below, equal to or above the right ones.
  @inline(__always)
  private static func compare(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
  ) -> Int {
    let common = min(left.count, right.count)
    let order = common == 0 ? 0 : memcmp(left.baseAddress!, right.baseAddress!, common)
    return order != 0 ? Int(order) : left.count - right.count
  }
}
