// Rows out, as CSV or JSON Lines: rows of their own, or rows of an input file unchanged with values
// appended, as a join writes them. A row is built in a buffer; only `endRow` touches the file.
import FeatureModel

/// Writes one file of rows. For each row: `beginRow`, one `append` per column, `endRow`; then `finish`.
/// Without `finish` there is no file.
public final class RowWriter {
  public let format: RowFormat
  public private(set) var rowCount = 0

  private let columns: [String]
  /// For JSON Lines, what stands before each value: `"name":`.
  private let labels: [[UInt8]]
  private var sink: ByteSink
  private var text = ValueText()
  private var column = 0
  /// No cell or member of the row is written yet, so that no comma is needed.
  private var isFirst = true
  /// Where the row starts in the buffer.
  private var rowStart = 0

  /// Rows that fit are handed to the file together.
  private static let bufferSize = 256 << 10

  /// Creates a file, or takes standard output for `-`; `.gz` at the end asks for gzip. Without a format
  /// the name decides. `columns` are those that are appended to each row; `spine` is the header of the
  /// CSV file whose raw rows stand before them.
  /// Throws `unknownFormat`, `cannotOpen`, or `duplicateColumn` where a CSV column would stand twice.
  public init(
    path: String, format explicit: RowFormat? = nil, columns: [String],
    after spine: CSVHeader? = nil
  ) throws(RowFileError) {
    let format = try RowFormat.of(path, explicit: explicit)
    if format == .csv { try Self.checkUnique((spine?.names ?? []) + columns, path) }
    self.format = format
    self.columns = columns
    labels = columns.map {
      var label: [UInt8] = []
      JSONWriter.append(string: $0, to: &label)
      return label + [UInt8(ascii: ":")]
    }
    sink = try ByteSink(path: path)
    text.bytes.reserveCapacity(Self.bufferSize + (64 << 10))
    if format == .csv { appendHeader(after: spine) }
  }

  /// A row of its own.
  public func beginRow() {
    column = 0
    rowStart = text.bytes.count
    isFirst = true
    if format == .jsonLines { text.append("{") }
  }

  /// A row that begins with an input row as it stands, without its line end: CSV cells, or one JSON
  /// object, which gets further members. The bytes must be a row that `RowParser` has accepted.
  public func beginRow(raw: UnsafeRawBufferPointer) {
    column = 0
    rowStart = text.bytes.count
    isFirst = false
    guard format == .jsonLines else {
      text.bytes.append(contentsOf: raw)
      return
    }
    var end = Self.trimmed(raw, to: raw.count)
    precondition(end > 0 && raw[end - 1] == UInt8(ascii: "}"), "the raw row is no JSON object")
    end = Self.trimmed(raw, to: end - 1)
    isFirst = raw[end - 1] == UInt8(ascii: "{")
    text.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: raw[..<end]))
  }

  public func appendNull() {
    startValue()
    if format == .jsonLines { text.append("null") }
  }

  public func append(_ value: Int64) {
    startValue()
    text.append(value)
  }

  /// The shortest text that reads back to the same bits. What is not finite is `inf`, `-inf` or `nan` in
  /// CSV and null in JSON, which has no such numbers.
  public func append(_ value: Double) {
    startValue()
    if format == .jsonLines && !value.isFinite { text.append("null") } else { text.append(value) }
  }

  public func append(_ value: Bool) {
    startValue()
    text.append(value ? "true" : "false")
  }

  public func append(_ value: Timestamp) {
    startValue()
    if format == .jsonLines { text.append("\"") }
    text.append(value)
    if format == .jsonLines { text.append("\"") }
  }

  /// A string; JSON needs valid UTF-8, CSV takes any bytes.
  public func append(utf8: UnsafeRawBufferPointer) {
    startValue()
    switch format {
    case .csv: text.append(cell: utf8)
    case .jsonLines: JSONWriter.append(utf8: utf8, to: &text.bytes)
    }
  }

  public func append(_ value: Value) {
    switch value {
    case .null: appendNull()
    case .int(let value): append(value)
    case .double(let value): append(value)
    case .bool(let value): append(value)
    case .timestamp(let value): append(value)
    case .string(var value): value.withUTF8 { append(utf8: UnsafeRawBufferPointer($0)) }
    }
  }

  /// Ends the row and hands full buffers to the file. Throws `cannotWrite`.
  public func endRow() throws(RowFileError) {
    precondition(column == columns.count, "a row has one value per column")
    // A lone null would be an empty line, which readers skip.
    if text.bytes.count == rowStart { text.append("\"\"") }
    if format == .jsonLines { text.append("}") }
    text.append("\n")
    rowCount += 1
    if text.bytes.count >= Self.bufferSize { try flush() }
  }

  /// Writes what is left and gives the file its name; the digest is of all uncompressed bytes. To be
  /// called once. Throws `cannotWrite` or `cannotRename`, and then there is no file.
  public func finish() throws(RowFileError) -> Digest {
    try flush()
    return try sink.finish()
  }

  private func flush() throws(RowFileError) {
    try text.bytes.withUnsafeBufferPointer { (bytes) throws(RowFileError) in
      try sink.write(UnsafeRawBufferPointer(bytes))
    }
    text.bytes.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  private func startValue() {
    precondition(column < columns.count, "a row has one value per column")
    if !isFirst { text.append(",") }
    if format == .jsonLines { text.bytes.append(contentsOf: labels[column]) }
    isFirst = false
    column += 1
  }

  private func appendHeader(after spine: CSVHeader?) {
    if let spine { text.bytes.append(contentsOf: spine.row) }
    for (index, name) in columns.enumerated() {
      if index > 0 || spine != nil { text.append(",") }
      var name = name
      name.withUTF8 { text.append(cell: UnsafeRawBufferPointer($0)) }
    }
    text.append("\n")
  }

  private static func checkUnique(_ names: [String], _ path: String) throws(RowFileError) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw RowFileError(path: path, problem: .duplicateColumn(name))
    }
  }

  /// The end of the bytes before `end` without JSON's white space.
  private static func trimmed(_ raw: UnsafeRawBufferPointer, to end: Int) -> Int {
    var end = end
    while end > 0, [0x20, 0x09, 0x0D, 0x0A].contains(raw[end - 1]) { end -= 1 }
    return end
  }
}
