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
  /// No rows at all empty the table; else they are refused.
  public var mayBeEmpty = false
  /// Ends the reading of rows in memory; the table is as it was then.
  public var cancellation: JoinCancellation?
  /// Called with the number of rows in memory that were read so far.
  public var progress: (@Sendable (_ rows: Int) -> Void)?
  /// The present instant; nil: the machine's clock says.
  package var now: Timestamp?

  public init() {}

  fileprivate func known() throws(HindcastError) -> RowsKnown {
    let now = now ?? .now
    if isKnownFromValid { return .fromValid(until: time ?? now) }
    guard let time else { return .from(now) }
    guard time <= now else {
      throw .refused(
        "\(time) lies ahead of the clock (\(now)), and what is known then is not known yet: name an "
          + "instant that has passed, or none")
    }
    return .at(time)
  }
}

/// What a load did.
public struct LoadReport: Sendable {
  public let table: String
  /// Rows that were given, all of which the table has now.
  public let rows: Int
  public let change: TableReplacement
}

extension FeatureStore {
  /// Makes the rows of a file all that a table has: for whoever may know it, in one step. Earlier answers stay.
  /// - Parameter path: a CSV or JSON Lines file, gzip'd or not; `-` is standard input.
  /// - Throws: `HindcastError.row` for the first bad row; the table is as it was then.
  /// - Complexity: O(rows that the table has and ever had).
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

  /// The same of rows in columns that come in parts, with the columns `TableDeclaration.fileFields`.
  /// - Parameter next: the next part; nil at the end.
  /// - Throws: `HindcastError.rows` with the rows at fault; the table is as it was then. What `next` throws.
  public func load(
    into table: String, _ options: LoadOptions = LoadOptions(), next: () throws -> EventPart?
  ) throws -> LoadReport {
    let table = try HindcastError.store { () throws(StoreError) in
      try store.table(table).declaration
    }
    // Before anything is read, which may take long; the instant itself comes when all is there.
    _ = try options.known()
    let empty = EventBatch(columns: table.fileFields.map { EventColumn(type: $0.type) })
    let whole = try WholeTable(empty, options.cancellation, options.progress, next)
    let refused = whole.refused.isEmpty ? Self.keyless(whole.rows, table) : whole.refused
    if !refused.isEmpty { throw RowPlaces.memory.bad(refused) }
    return try replace(table, by: whole.rows, .memory, options)
  }

  private func load(
    _ chunker: RowChunker, into name: String, _ options: LoadOptions
  ) throws(HindcastError) -> LoadReport {
    let table = try HindcastError.store { () throws(StoreError) in
      try store.table(name).declaration
    }
    _ = try options.known()
    let (rows, lines) = try read(chunker, table)
    return try replace(table, by: rows, .file(chunker.path, lines: lines), options)
  }

  /// - Parameter given: with the columns `fileFields`; no key has a null.
  private func replace(
    _ table: TableDeclaration, by given: EventBatch, _ places: RowPlaces, _ options: LoadOptions
  ) throws(HindcastError) -> LoadReport {
    guard given.count > 0 || options.mayBeEmpty else {
      throw .refused(
        "\(places.name) no rows, and table '\(table.name)' would have none from then on. If that is meant, "
          + "say so: --empty, or in a program the option of that name")
    }
    let rows = table.events(of: given)
    if let (row, first) = Self.duplicate(rows, table) {
      let reason =
        "\(places.place(of: first)) has this key "
        + (table.validFrom == nil ? "already" : "and this valid-from time already")
      let field = table.validFrom ?? table.key[0].name
      throw places.bad([RefusedEvent(row: row, field: field, reason: reason)])
    }
    let known = try options.known()
    let change = try HindcastError.store { () throws(StoreError) in
      try store.replaceRows(of: table.name, by: rows, known: known)
    }
    if !change.refused.isEmpty { throw places.bad(change.refused.sorted { $0.row < $1.row }) }
    return LoadReport(table: table.name, rows: rows.count, change: change)
  }

  /// Rows with a null in their key.
  private static func keyless(_ rows: EventBatch, _ table: TableDeclaration) -> [RefusedEvent] {
    (0..<rows.count).compactMap { row in
      let field = table.key.indices.first { rows.columns[$0].valid[row] == 0 }
      return field.map {
        RefusedEvent(row: row, field: table.key[$0].name, reason: "\(RowProblem.missing)")
      }
    }
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
    if let rejected { throw .row(path: chunker.path, rejected, remedy: RowPlaces.remedy) }
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
