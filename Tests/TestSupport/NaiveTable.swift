// A table from first principles: every load whole, and for each answer the last one that is known, in which the
// newest row that is valid is looked for. It knows of no events, partials or corrections.
import FeatureModel

/// The loads of one table.
public struct NaiveTable {
  public struct Row {
    public let key: [String]
    public let valid: Timestamp
    public let values: [Value]

    public init(key: [String], valid: Timestamp, values: [Value]) {
      self.key = key
      self.valid = valid
      self.values = values
    }
  }

  /// In their order; without a time each row became known when it became valid.
  public var loads: [(time: Timestamp?, rows: [Row])] = []
  private let slice: Int64
  private let attributes: Int

  public init(_ table: TableDeclaration) {
    slice = table.slice.milliseconds
    attributes = table.attributes.count
  }

  /// From when on the row is valid that answers, and its attributes; nulls where there is none.
  public func answer(_ key: [String], at time: Timestamp, _ mode: ReadMode) -> [Value] {
    let end = number(time) + (mode == .fresh ? 1 : 0)
    let rows = known(number(time), mode).filter { $0.key == key && number($0.valid) < end }
    guard let row = rows.max(by: { $0.valid < $1.valid }) else {
      return Array(repeating: .null, count: 1 + attributes)
    }
    return [.timestamp(row.valid)] + row.values
  }

  private func known(_ request: Int64, _ mode: ReadMode) -> [Row] {
    let limit =
      switch mode {
      case .asServed: request
      case .knownAt(let time): number(time)
      case .corrected, .fresh: Int64.max
      }
    let load = loads.last { $0.time == nil || number($0.time!) < limit }
    guard let load, load.time == nil else { return load?.rows ?? [] }
    return load.rows.filter { number($0.valid) < limit }
  }

  private func number(_ time: Timestamp) -> Int64 {
    var number = time.milliseconds / slice
    while number * slice > time.milliseconds { number -= 1 }
    return number
  }
}
