// The as-of join: rows in, features out in the same order. Rows are visited in the store's own order (hash,
// then key, then time), so that neighbouring rows meet the same blocks while these are at hand; every
// answer comes from the one function that also answers look-ups.
import FeatureModel

/// Answers for one entity at one time; a view's features in a fixed order.
public protocol PointInTimeReader {
  associatedtype Failure: Error

  /// Replaces `values` by the features' values.
  func answer(
    hash: UInt64, entity: UnsafeRawBufferPointer, at time: Timestamp, _ mode: ReadMode,
    into values: inout [Value]
  ) throws(Failure)

  /// What an entity without events has.
  func answerEmpty(at time: Timestamp, into values: inout [Value]) throws(Failure)
}

public enum AsOfJoin {
  /// Joins one view's features to the rows of a spine.
  /// - Parameters:
  ///   - keys: as many rows as `times`.
  ///   - columns: one per feature; each gets one value per row, in the rows' order.
  /// - Complexity: O(n log n) in the rows, and one window read for each.
  public static func join<Reader: PointInTimeReader>(
    _ keys: SpineKeys, at times: [Timestamp], _ knowledge: SpineKnowledge, with reader: Reader,
    into columns: inout [[Value]]
  ) throws(Reader.Failure) {
    precondition(keys.count == times.count, "a spine has one key and one time per row")
    for column in columns.indices {
      columns[column] = Array(repeating: .null, count: times.count)
    }
    var values: [Value] = []
    for row in readingOrder(keys, times) {
      if keys.present[row] {
        try keys.bytes.withUnsafeBufferPointer { bytes throws(Reader.Failure) in
          let entity = UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(bytes)[keys.range(row)])
          try reader.answer(
            hash: keys.hashes[row], entity: entity, at: times[row], knowledge.mode(row),
            into: &values)
        }
      } else {
        try reader.answerEmpty(at: times[row], into: &values)
      }
      for column in columns.indices { columns[column][row] = values[column] }
    }
  }

  /// Row numbers by (hash, time). Equal hashes of different keys may alternate; that costs time only.
  private static func readingOrder(_ keys: SpineKeys, _ times: [Timestamp]) -> [Int] {
    (0..<times.count).sorted {
      keys.hashes[$0] != keys.hashes[$1]
        ? keys.hashes[$0] < keys.hashes[$1] : times[$0] < times[$1]
    }
  }
}
