// Rows into a table: all that it has from then on, out of one file, or nothing where one row is bad.
import FeatureModel
import RowFiles
import SliceStore

/// How rows are loaded into a table.
public struct LoadOptions: Sendable {
  /// Nil: the file's name says.
  public var format: RowFormat?
  /// When the rows become known; nil: now.
  public var time: Timestamp?
  /// Each row becomes known when it becomes valid, none later than `time`. For the history of a table that
  /// has no rows yet.
  public var isKnownFromValid = false
  /// A file without rows empties the table; else it is refused.
  public var mayBeEmpty = false
  /// The present instant; nil: the machine's clock says.
  package var now: Timestamp?

  public init() {}

  fileprivate var known: RowsKnown {
    let now = now ?? .now
    if isKnownFromValid { return .fromValid(until: time ?? now) }
    return time.map { .at($0) } ?? .from(now)
  }
}

/// What a load did.
public struct LoadReport: Sendable {
  public let table: String
  /// Rows of the file, all of which the table has now.
  public let rows: Int
  public let change: TableReplacement
}

extension FeatureStore {
  /// Makes the rows of a file all that a table has: for whoever may know it, in one step. Earlier answers stay.
  /// - Parameter path: a CSV or JSON Lines file, gzip'd or not; `-` is standard input.
  /// - Throws: `HindcastError.row` for the first bad row; the table is as it was then.
  public func load(
    _ path: String, into table: String, _ options: LoadOptions = LoadOptions()
  ) throws(HindcastError) -> LoadReport {
    let chunker = try HindcastError.file { () throws(RowFileError) in
      try RowChunker(path: path, format: options.format)
    }
    return try load(chunker, into: table, options)
  }

  /// The same of JSON objects, a row each, that somebody hands over.
  /// - Parameter name: what to call them in messages.
  package func load(
    rows: [[UInt8]], called name: String, into table: String, _ options: LoadOptions
  ) throws(HindcastError) -> LoadReport {
    for (index, row) in rows.enumerated() where row.contains(UInt8(ascii: "\n")) {
      throw .refused("\(name): row \(index + 1) has a line end in it; write each row on one line")
    }
    let chunker = try HindcastError.file { () throws(RowFileError) in
      try RowChunker(
        ByteSource(bytes: Array(rows.joined(separator: [UInt8(ascii: "\n")])), path: name),
        format: .jsonLines)
    }
    return try load(chunker, into: table, options)
  }

  private func load(
    _ chunker: RowChunker, into name: String, _ options: LoadOptions
  ) throws(HindcastError) -> LoadReport {
    let table = try HindcastError.store { () throws(StoreError) in
      try store.table(name).declaration
    }
    let (file, lines) = try read(chunker, table)
    guard file.count > 0 || options.mayBeEmpty else {
      throw .refused(
        "\(chunker.path) has no rows, and table '\(name)' would have none from then on. If that is meant, "
          + "say so: --empty")
    }
    let rows = table.events(of: file)
    if let (row, first) = Self.duplicate(rows, table) {
      throw Self.bad(
        chunker.path, lines[row], table.validFrom ?? table.key[0].name,
        "line \(lines[first]) has this key "
          + (table.validFrom == nil ? "already" : "and this valid-from time already"))
    }
    let change = try HindcastError.store { () throws(StoreError) in
      try store.replaceRows(of: name, by: rows, known: options.known)
    }
    if let refused = change.refused.first {
      throw Self.bad(chunker.path, lines[refused.row], refused.field, refused.reason)
    }
    return LoadReport(table: name, rows: rows.count, change: change)
  }

  /// All rows, and the line of each.
  private func read(
    _ chunker: RowChunker, _ table: TableDeclaration
  ) throws(HindcastError) -> (rows: EventBatch, lines: [Int]) {
    let schema = RowSchema(table.fileFields, required: Set(table.key.indices))
    var rejected: RowRejection?
    var rows = schema.makeBatch()
    var lines: [Int] = []
    try HindcastError.file { () throws(RowFileError) in
      let parser = try RowParser(for: chunker, schema: schema)
      while rejected == nil, let chunk = try chunker.next() {
        var spans: [RowSpan] = []
        parser.parse(chunk, into: &rows, rows: &spans) { rejected = rejected ?? $0 }
        lines += spans.map(\.line)
      }
    }
    if let rejected { throw .row(path: chunker.path, rejected, remedy: Self.remedy) }
    return (rows, lines)
  }

  /// A row whose id another one has already, and that one.
  private static func duplicate(
    _ rows: EventBatch, _ table: TableDeclaration
  ) -> (row: Int, first: Int)? {
    let ids = rows.columns[table.key.count + 1]
    var seen: [ArraySlice<UInt8>: Int] = [:]
    for row in 0..<rows.count {
      if let first = seen.updateValue(row, forKey: ids.text[ids.textRange(row)]) {
        return (row, first)
      }
    }
    return nil
  }

  private static let remedy = "Nothing was changed: mend it, and load all rows again"

  private static func bad(
    _ path: String, _ line: Int, _ field: String, _ reason: String
  ) -> HindcastError {
    .row(
      path: path, RowRejection(line: line, field: field, problem: .refused(reason), range: 0..<0),
      remedy: remedy)
  }
}

extension FeatureStore {
  /// Tries a table over the rows of a file; changes nothing.
  public static func check(
    _ table: TableDeclaration, sample: String, format: RowFormat? = nil, entities: Int = 3
  ) throws(HindcastError) -> CheckedView {
    let schema = RowSchema(table.fileFields, required: Set(table.key.indices))
    var rows = schema.makeBatch()
    var rejected: [RowRejection] = []
    try HindcastError.file { () throws(RowFileError) in
      let chunker = try RowChunker(path: sample, format: format)
      let parser = try RowParser(for: chunker, schema: schema)
      while let chunk = try chunker.next() {
        var spans: [RowSpan] = []
        parser.parse(chunk, into: &rows, rows: &spans) { rejected.append($0) }
      }
    }
    let events = table.events(of: rows)
    var checked = try check([table.view], of: table.stream, on: events, entities: entities)[0]
    checked.rows += rejected.count
    checked.rejected = Array(rejected.prefix(10))
    checked.rejectedCount = rejected.count
    if let (row, first) = duplicate(events, table) {
      checked.warnings.append(
        "rows \(first + 1) and \(row + 1) have one key"
          + (table.validFrom == nil ? "" : " and one valid-from time")
          + "; a file with such rows is not loaded")
    }
    return checked
  }
}

extension LoadReport {
  /// What the command line prints under `--json`.
  package var json: JSONValue {
    .object([
      ("table", .string(table)), ("rows", .int(Int64(rows))),
      ("added", .int(Int64(change.added))), ("changed", .int(Int64(change.changed))),
      ("removed", .int(Int64(change.removed))), ("unchanged", .int(Int64(change.unchanged))),
      ("knownFrom", change.time.map { .string($0.description) } ?? .null),
    ])
  }
}
