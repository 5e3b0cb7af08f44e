// The leaves of a filter at work: whole columns of numbers in loops without branches, texts byte by byte
// where they lie.
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

  static func test(_ column: EventColumn, _ row: Int, _ test: FilterPlan.TextTest) -> Bool {
    let range = column.textRange(row)
    // Most texts of an equality differ in length already.
    if !test.below, !test.above { if range.count != test.text.count { return false } }
    let order = compare(column, range, test.text)
    return order < 0 ? test.below : order == 0 ? test.equal : test.above
  }

  static func contains(_ column: EventColumn, _ row: Int, _ list: [[UInt8]]) -> Bool {
    let range = column.textRange(row)
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      let order = compare(column, range, list[middle])
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

  /// Negative, zero or positive as the column's bytes are below, equal to or above the text.
  private static func compare(_ column: EventColumn, _ range: Range<Int>, _ text: [UInt8]) -> Int {
    let common = min(range.count, text.count)
    let order = column.text.withUnsafeBufferPointer { bytes in
      text.withUnsafeBufferPointer { other in
        common == 0 ? 0 : memcmp(bytes.baseAddress! + range.lowerBound, other.baseAddress!, common)
      }
    }
    return order != 0 ? Int(order) : range.count - text.count
  }
}
