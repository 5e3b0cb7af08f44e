// The first row of a CSV file: the columns' names.
import FeatureModel

/// The names of a CSV file's columns, and the row they were read from.
public struct CSVHeader: Hashable, Sendable {
  /// In file order; may hold the same name twice.
  public let names: [String]
  /// The header row as it stands in the file, without its line end.
  public let row: [UInt8]

  public init(names: [String], row: [UInt8]) {
    self.names = names
    self.row = row
  }

  /// The index of a column. Throws `missingColumn` with the nearest name there is, or
  /// `duplicateColumn`; `path` is for the error.
  public func index(of column: String, path: String) throws(RowFileError) -> Int {
    guard let index = names.firstIndex(of: column) else {
      let nearest = Suggestion.nearest(to: column, among: names)
      throw RowFileError(path: path, problem: .missingColumn(column, nearest: nearest))
    }
    if names[(index + 1)...].contains(column) {
      throw RowFileError(path: path, problem: .duplicateColumn(column))
    }
    return index
  }

  /// Reads the first row; nil where it is an empty line, which is no header. `next` is where the row
  /// behind it starts. The bytes must be followed by a newline and padding.
  static func read(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(RowFileError) -> (header: CSVHeader?, next: Int) {
    var cells = [CSVCell](
      repeating: CSVCell(start: 0, end: 0, quoting: .none), count: columnLimit)
    let row = cells.withUnsafeMutableBufferPointer { CSVScanner.row(bytes, at: 0, into: $0) }
    if row.end == 0 { return (nil, row.next) }
    if let problem = RowProblem(row.fault) {
      throw RowFileError(path: path, problem: .badHeader(problem.description))
    }
    guard row.cellCount <= columnLimit else {
      throw RowFileError(path: path, problem: .badHeader("more than \(columnLimit) columns"))
    }
    guard let base = bytes.baseAddress else { return (nil, 0) }
    var names: [String] = []
    for cell in cells.prefix(row.cellCount) {
      var name: [UInt8] = []
      if cell.quoting == .escaped {
        cell.unescape(in: base, into: &name)
      } else {
        name.append(contentsOf: cell.bytes(in: base))
      }
      guard let text = String(validating: name, as: UTF8.self) else {
        throw RowFileError(
          path: path, problem: .badHeader("column \(names.count + 1) is not UTF-8"))
      }
      names.append(text)
    }
    return (CSVHeader(names: names, row: Array(bytes[..<row.end])), row.next)
  }

  private static let columnLimit = 16_384
}
