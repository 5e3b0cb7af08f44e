// The two text formats of rows, and how a file name tells them apart. Compression is no part of the
// format: it is seen in a file's first bytes when reading, and in the name's end when writing.

/// How rows are written as text.
public enum RowFormat: String, Hashable, Sendable, CaseIterable {
  /// RFC 4180 with a header row.
  case csv
  /// One JSON object per line.
  case jsonLines = "jsonl"

  /// The format that a file's name says, `.gz` taken off first; nil for an unknown ending.
  public init?(fileName: String) {
    var name = fileName.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    if name.hasSuffix(".csv") {
      self = .csv
    } else if [".jsonl", ".ndjson", ".json"].contains(where: name.hasSuffix) {
      self = .jsonLines
    } else {
      return nil
    }
  }

  /// The explicit format where there is one, else the one that the name says.
  /// Throws `unknownFormat` where neither helps, as for standard input.
  public static func of(_ path: String, explicit: RowFormat? = nil) throws(RowFileError)
    -> RowFormat
  {
    if let format = explicit ?? RowFormat(fileName: path) { return format }
    throw RowFileError(path: path, problem: .unknownFormat)
  }
}
