// The rows that a join is asked about: one time per row, and for each view the entity that the row means.
// Keys lie end to end in one buffer with their hashes beside them, so that grouping never touches a row.
import FeatureModel

/// The keys of all rows of a spine for one view. Rows with a null in their key have none.
public struct SpineKeys: Sendable {
  /// The end of each row's key in `bytes`; its start is the row before's end.
  public private(set) var ends: [Int] = []
  public private(set) var hashes: [UInt64] = []
  /// False where a part of the key is null: such a row is answered like an unknown entity.
  public private(set) var present: [Bool] = []
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// The keys of a batch's rows.
  /// - Parameter fields: the batch's columns that make up the entity, in the view's order.
  public init(_ batch: EventBatch, fields: [Int]) {
    var key: [UInt8] = []
    batch.withColumns { columns in
      for row in 0..<columns.count {
        let isPresent = EntityKeyBuilder.build(columns, fields, row, into: &key)
        append(isPresent ? key : nil)
      }
    }
  }

  public mutating func append(_ key: [UInt8]?) {
    bytes += key ?? []
    ends.append(bytes.count)
    present.append(key != nil)
    hashes.append((key ?? []).withUnsafeBytes { EntityHash.of($0) })
  }

  public var count: Int { ends.count }

  func range(_ row: Int) -> Range<Int> { (row == 0 ? 0 : ends[row - 1])..<ends[row] }
}

/// What is known to each row.
public enum SpineKnowledge: Sendable {
  /// One mode for all rows.
  case all(ReadMode)
  /// Each row knows what was known at its own instant.
  case perRow([Timestamp])

  func mode(_ row: Int) -> ReadMode {
    switch self {
    case .all(let mode): mode
    case .perRow(let times): .knownAt(times[row])
    }
  }
}
