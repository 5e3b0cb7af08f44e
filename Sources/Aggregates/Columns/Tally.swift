// Counts of events in sketches: whole numbers from 0 that stop at the greatest Int64 instead of running over,
// so that damaged bytes cannot crash what adds them up. Such additions are still associative.

extension Int64 {
  /// The sum of two numbers that are not negative, at most `max`.
  @inline(__always)
  func addingSaturated(to other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension ColumnReader {
  /// A varint that counts events.
  @inline(__always)
  mutating func tally() throws(CodecError) -> Int64 {
    guard let count = Int64(exactly: try varint128()) else {
      throw .malformed("a count of events is out of range")
    }
    return count
  }
}
