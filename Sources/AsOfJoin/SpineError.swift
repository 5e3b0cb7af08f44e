// A row of a spine that a join cannot answer, and what to say about it.

/// A row that cannot be answered.
public struct SpineError: Error, Hashable, Sendable {
  /// From 0, through all batches of the call.
  public let row: Int
  public let column: String
  public let reason: Reason

  public enum Reason: Hashable, Sendable {
    case null
    /// Milliseconds since the epoch.
    case outOfRange(Int64)
  }

  init(row: Int, column: String, _ reason: Reason) {
    self.row = row
    self.column = column
    self.reason = reason
  }

  /// What to say of the row, and what to do about it.
  public var explanation: String {
    switch reason {
    case .null: "is null: every row needs a time; fill it in or leave the row out"
    case .outOfRange(let milliseconds):
      "is \(milliseconds) ms since 1970, outside of the years 0001 to 9999: are these milliseconds?"
    }
  }
}
